import { earlier, later } from '#libs/event-sourcing'
import type { ViewTransaction } from '#libs/projections-runtime'
import type { Agreement, Signal } from './similarity.js'
import type { Traits } from './traits.js'

/** Incidents that seem to have one cause, which nobody has named yet. Times are ISO 8601 UTC. */
export interface Candidate {
  /** Also its stream, named after the incident that it began with: stays whatever becomes of it. */
  id: string
  /** `merged`: goes on in another one; `dismissed`, and `accepted` when its problem is over: until something new happens. */
  status: 'open' | 'accepted' | 'dismissed' | 'merged'
  /** Of its first incident. */
  title: string
  /** Bits of evidence beyond chance, the mean over its links: at 10, one in a thousand of such links is chance. */
  score: number
  /** All of them; `members` lists the newest. */
  memberCount: number
  members: readonly Member[]
  /** How many of `members` are linked to no problem. */
  notLinked: number
  firstSeenAt: string
  lastSeenAt: string
  /** How many links rest on what: by signal and value. */
  grounds: Readonly<Record<string, number>>
  /** Sum of bits of all links. */
  evidence: number
  mergedInto?: string
  /** What was decided last, by whom, when, and how many members it had then. */
  decided?: { by: string; at: string; reason?: string; memberCount: number }
  /** Number of the problem that it became, the last one; of a duplicate, that of the survivor. */
  problem?: string
  /** When that problem was closed, which is for good. */
  problemEndedAt?: string
}

/** A member, and the earlier one that it is linked by. */
export interface Member {
  number: string
  openedAt: string
  /** Absent: the candidate began with it. */
  linkedTo?: string
  bits?: number
  /** Numbers of the problems that it is linked to; absent: none. */
  problems?: readonly string[]
}

export const CANDIDATES = 'problem_candidates'

/** A candidate names this many members, the newest. */
export const MOST_MEMBERS = 200
/** Grounds that are kept, the most frequent. */
const MOST_GROUNDS = 40

/** What links an incident with an earlier one. */
export interface CandidateLink {
  incident: Traits
  to: Traits
  toTitle: string
  /** Beyond chance: {@link surprise}. */
  bits: number
  agreements: readonly Agreement[]
}

const PREFIX = 'candidate-'

/** Of the candidate that began with an incident. */
export function candidateId(number: string): string {
  return PREFIX + number
}

/** What people call it by: the number of that incident. */
export function candidateNumber(id: string): string {
  return id.slice(PREFIX.length)
}

/** The candidate as it goes on: the one that it was merged into, if it was. Says so at once where that went on in others. */
export function standing(view: ViewTransaction, id: string): Candidate | undefined {
  const named = view.get<Candidate>(CANDIDATES, id)
  let candidate = named
  while (candidate?.mergedInto !== undefined)
    candidate = view.get<Candidate>(CANDIDATES, candidate.mergedInto)
  if (named?.mergedInto !== undefined && candidate !== undefined && named.mergedInto !== candidate.id)
    view.put(CANDIDATES, id, { ...named, mergedInto: candidate.id } satisfies Candidate)
  return candidate
}

/** A candidate of two. */
export function beginning({ incident, to, toTitle, bits, agreements }: CandidateLink): Candidate {
  const [first, last] = [to, incident].map(({ time }) => iso(time)) as [string, string]
  const [firstSeenAt, lastSeenAt] = first < last ? [first, last] : [last, first]
  const link = { number: incident.number, openedAt: last, linkedTo: to.number, bits: rounded(bits) }
  return {
    id: candidateId(to.number),
    status: 'open',
    title: toTitle,
    score: rounded(bits),
    memberCount: 2,
    members: inOrder([{ number: to.number, openedAt: first }, link]),
    notLinked: 2,
    firstSeenAt,
    lastSeenAt,
    grounds: withGrounds({}, agreements),
    evidence: bits,
  }
}

/** The candidate with one more member; back when the member was opened after it was dismissed, or after its problem was closed. */
export function grown(candidate: Candidate, { incident, to, bits, agreements }: CandidateLink): Candidate {
  const openedAt = iso(incident.time)
  const evidence = candidate.evidence + bits
  const memberCount = candidate.memberCount + 1
  const over = candidate.status === 'dismissed' ? candidate.decided?.at : candidate.problemEndedAt
  const isBack = over !== undefined && openedAt > over
  const member = { number: incident.number, openedAt, linkedTo: to.number, bits: rounded(bits) }
  return withMembers({
    ...candidate,
    status: isBack ? 'open' : candidate.status,
    score: rounded(evidence / (memberCount - 1)),
    memberCount,
    members: withMember(candidate.members, member).slice(-MOST_MEMBERS),
    firstSeenAt: earlier(openedAt, candidate.firstSeenAt),
    lastSeenAt: later(openedAt, candidate.lastSeenAt),
    grounds: withGrounds(candidate.grounds, agreements),
    evidence,
  })
}

/** Two that turn out to be one: the one that was seen first goes on, under its id. @returns it, and the other one as it ends */
export function merged(one: Candidate, other: Candidate): readonly [Candidate, Candidate] {
  const [older, younger] = isOlder(one, other) ? [one, other] : [other, one]
  const memberCount = older.memberCount + younger.memberCount
  const evidence = older.evidence + younger.evidence
  const grounds: Record<string, number> = { ...older.grounds }
  for (const [ground, count] of Object.entries(younger.grounds))
    grounds[ground] = (grounds[ground] ?? 0) + count
  const next = withMembers({
    ...older,
    memberCount,
    evidence,
    score: rounded(evidence / (memberCount - 2)),
    members: inOrder([...older.members, ...younger.members]).slice(-MOST_MEMBERS),
    lastSeenAt: later(older.lastSeenAt, younger.lastSeenAt),
    grounds: mostFrequent(grounds),
  })
  return [next, { ...younger, status: 'merged', mergedInto: older.id }]
}

/** The candidate without a member that is no longer everybody's to see. */
export function without(candidate: Candidate, number: string): Candidate {
  return withMembers({
    ...candidate,
    members: candidate.members.filter((member) => member.number !== number),
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

function withMembers(candidate: Candidate): Candidate {
  return {
    ...candidate,
    notLinked: candidate.members.filter(({ problems }) => problems === undefined).length,
  }
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

const SEPARATOR = ':'

function withGrounds(
  grounds: Candidate['grounds'],
  agreements: readonly Agreement[],
): Readonly<Record<string, number>> {
  const next: Record<string, number> = { ...grounds }
  for (const { signal, value } of agreements) {
    if (signal === 'time') continue
    const values = signal === 'words' ? value.split(' ') : [value]
    for (const one of values) {
      const ground = signal + SEPARATOR + one
      next[ground] = (next[ground] ?? 0) + 1
    }
  }
  return mostFrequent(next)
}

function mostFrequent(grounds: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const entries = Object.entries(grounds)
  if (entries.length <= MOST_GROUNDS) return grounds
  return Object.fromEntries(
    entries.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, MOST_GROUNDS),
  )
}

/** What links rest on, the most frequent first. */
export function groundsOf({
  grounds,
}: Pick<Candidate, 'grounds'>): readonly { signal: Signal; value: string; count: number }[] {
  return Object.entries(grounds)
    .map(([ground, count]) => {
      const at = ground.indexOf(SEPARATOR)
      return { signal: ground.slice(0, at) as Signal, value: ground.slice(at + 1), count }
    })
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
}

export function iso(time: number): string {
  return new Date(time).toISOString()
}

/** To a hundredth of a bit. */
export function rounded(bits: number): number {
  return Math.round(bits * 100) / 100
}
