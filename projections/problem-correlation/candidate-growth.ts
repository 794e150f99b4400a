import { earlier, later } from '#libs/event-sourcing'
import {
  type Candidate,
  candidateId,
  iso,
  type Link,
  type Member,
  MOST_MEMBERS,
  rounded,
} from './candidates.js'
import { counted, together } from './grounds.js'

/** How candidates become other ones. */

/** An incident, as a candidate tells of it. */
export interface Newcomer {
  number: string
  /** Milliseconds since 1970. */
  time: number
  title: string
  problems?: readonly string[]
}

/** A candidate of one, which is none before another one joins. */
export function begun(first: Newcomer): Candidate {
  const member = memberOf(first)
  return withMembers({
    id: candidateId(first.number),
    status: 'dissolved',
    title: first.title,
    titledBy: first.number,
    score: 0,
    memberCount: 1,
    members: [member],
    notLinked: 0,
    firstSeenAt: member.openedAt,
    lastSeenAt: member.openedAt,
    grounds: {},
    links: 0,
    evidence: 0,
  })
}

/** With one more member; back when that was opened after it was dismissed, or after its problem was closed. */
export function joined(candidate: Candidate, newcomer: Newcomer): Candidate {
  const member = memberOf(newcomer)
  const { openedAt } = member
  const over = candidate.status === 'dismissed' ? candidate.decided?.at : candidate.problemEndedAt
  const memberCount = candidate.memberCount + 1
  const isWhole = candidate.status === 'dissolved' && memberCount > 1
  const isBack = isWhole || (over !== undefined && openedAt > over)
  const isFirst = candidate.memberCount === 0 || openedAt < candidate.firstSeenAt
  return withMembers({
    ...candidate,
    status: isBack ? 'open' : candidate.status,
    ...(isFirst && { title: newcomer.title, titledBy: newcomer.number }),
    memberCount,
    members: withMember(candidate.members, member),
    firstSeenAt: isFirst ? openedAt : earlier(openedAt, candidate.firstSeenAt),
    lastSeenAt: candidate.memberCount === 0 ? openedAt : later(openedAt, candidate.lastSeenAt),
  })
}

/** With other links of a member to earlier ones. Both lists: the closest first. */
export function relinked(
  candidate: Candidate,
  number: string,
  before: readonly Link[],
  after: readonly Link[],
): Candidate {
  let { grounds, evidence } = candidate
  for (const link of before) {
    grounds = counted(grounds, link.grounds, -1)
    evidence -= link.bits
  }
  for (const link of after) {
    grounds = counted(grounds, link.grounds, 1)
    evidence += link.bits
  }
  const links = candidate.links - before.length + after.length
  const place = candidate.members.findLastIndex((member) => member.number === number)
  const member = candidate.members[place]
  return {
    ...candidate,
    grounds,
    links,
    evidence: links === 0 ? 0 : evidence,
    score: links === 0 ? 0 : rounded(evidence / links),
    members: member === undefined ? candidate.members : candidate.members.with(place, told(member, after)),
  }
}

function told(member: Member, [closest, ...others]: readonly Link[]): Member {
  const { linkedTo: _linkedTo, bits: _bits, alsoLinkedTo: _also, ...rest } = member
  return {
    ...rest,
    ...(closest !== undefined && { linkedTo: closest.to, bits: rounded(closest.bits) }),
    ...(others.length > 0 && { alsoLinkedTo: others.map(({ to }) => to) }),
  }
}

/** Two that turn out to be one: the one that was seen first goes on, under its id. @returns it, and the other one as it ends */
export function merged(one: Candidate, other: Candidate): readonly [Candidate, Candidate] {
  const [older, younger] = isOlder(one, other) ? [one, other] : [other, one]
  const evidence = older.evidence + younger.evidence
  const links = older.links + younger.links
  const next = withMembers({
    ...older,
    status: 'open',
    memberCount: older.memberCount + younger.memberCount,
    evidence,
    links,
    score: links === 0 ? 0 : rounded(evidence / links),
    members: inOrder([...older.members, ...younger.members]),
    unlisted: summed(older.unlisted, younger.unlisted),
    lastSeenAt: later(older.lastSeenAt, younger.lastSeenAt),
    grounds: together(older.grounds, younger.grounds),
  })
  // All else is told by the one that goes on, which also forgets it when it is to be forgotten
  const { unlisted: _, ...rest } = younger
  const ended = { title: '', titledBy: '', score: 0, memberCount: 0, members: [], notLinked: 0 }
  const nothing = { grounds: {}, links: 0, evidence: 0 }
  return [next, { ...rest, ...ended, ...nothing, status: 'merged', mergedInto: older.id }]
}

/**
 * Without a member, whose links were taken off before ({@link relinked}).
 * @param titleOf of another member, by its number
 * @returns undefined: nobody is left, and nobody has decided anything of it
 */
export function without(
  candidate: Candidate,
  { number, time }: Pick<Newcomer, 'number' | 'time'>,
  titleOf: (number: string) => string,
): Candidate | undefined {
  const isListed = candidate.members.some((member) => member.number === number)
  const members = candidate.members.filter((member) => member.number !== number)
  const memberCount = candidate.memberCount - 1
  const first = members[0]
  if (first === undefined && candidate.decided === undefined) return undefined
  // Of nobody there is nothing left to tell, least of all when it happened
  const seenAt = candidate.decided?.at ?? candidate.firstSeenAt
  const isFirst = candidate.titledBy === number
  return withMembers({
    ...candidate,
    status: candidate.status === 'open' && memberCount < 2 ? 'dissolved' : candidate.status,
    ...(isFirst && { title: first ? titleOf(first.number) : '', titledBy: first?.number ?? '' }),
    memberCount,
    members,
    ...(!isListed && { unlisted: summed(candidate.unlisted, { [hourOf(time)]: -1 }) }),
    firstSeenAt: isFirst ? (first?.openedAt ?? seenAt) : candidate.firstSeenAt,
    lastSeenAt: members.at(-1)?.openedAt ?? seenAt,
  })
}

/** The candidate with the problems that one of its incidents is linked to. */
export function linkedTo(candidate: Candidate, number: string, problems: readonly string[]): Candidate {
  const members = candidate.members.map(({ problems: before, ...member }) => {
    const told = member.number === number ? problems : (before ?? [])
    return { ...member, ...(told.length > 0 && { problems: told }) }
  })
  return withMembers({ ...candidate, members })
}

/** Trends are told of the last two weeks. */
const UNLISTED_FOR = 15 * 86_400_000

/** Only the newest are listed; of those that are not, it is told when they came, while that may still matter. */
function withMembers(candidate: Candidate): Candidate {
  const { unlisted: before, ...rest } = candidate
  const tooMany = candidate.members.slice(0, -MOST_MEMBERS)
  const members = tooMany.length === 0 ? candidate.members : candidate.members.slice(-MOST_MEMBERS)
  const next = {
    ...rest,
    members,
    notLinked: members.filter(({ problems }) => problems === undefined).length,
  }
  if (tooMany.length === 0 && before === undefined) return next
  let unlisted: Hours = before ?? {}
  for (const { openedAt } of tooMany) unlisted = summed(unlisted, { [hourOf(Date.parse(openedAt))]: 1 })
  const since = Date.parse(candidate.lastSeenAt) - UNLISTED_FOR
  const recent = Object.entries(unlisted).filter(([hour, count]) => count > 0 && beginningOf(hour) >= since)
  return recent.length === 0 ? next : { ...next, unlisted: Object.fromEntries(recent) }
}

type Hours = Readonly<Record<string, number>>

function summed(one: Hours = {}, other: Hours = {}): Hours {
  const sum: Record<string, number> = { ...one }
  for (const [hour, count] of Object.entries(other)) sum[hour] = (sum[hour] ?? 0) + count
  return sum
}

const HOUR = 3_600_000
const hourOf = (time: number) => String(Math.floor(time / HOUR))
/** When an hour of `unlisted` began, in milliseconds since 1970. */
export const beginningOf = (hour: string) => Number(hour) * HOUR

function memberOf({ number, time, problems }: Newcomer): Member {
  return { number, openedAt: iso(time), ...(problems && { problems }) }
}

function isOlder(one: Candidate, other: Candidate): boolean {
  if (one.firstSeenAt !== other.firstSeenAt) return one.firstSeenAt < other.firstSeenAt
  return one.id < other.id
}

/** By when they were opened, and number. */
function inOrder(members: readonly Member[]): readonly Member[] {
  return [...members].sort((a, b) => (isBefore(a, b) ? -1 : 1))
}

/** Members that are in order, with one more: mostly the last. */
function withMember(members: readonly Member[], member: Member): readonly Member[] {
  let place = members.length
  while (place > 0 && isBefore(member, members[place - 1] as Member)) place--
  return members.toSpliced(place, 0, member)
}

function isBefore(one: Member, other: Member): boolean {
  return one.openedAt === other.openedAt ? one.number < other.number : one.openedAt < other.openedAt
}
