import type { ViewTransaction } from '#libs/projections-runtime'
import { begun, joined, merged, type Newcomer, relinked, without } from './candidate-growth.js'
import {
  CANDIDATES,
  type Candidate,
  candidateId,
  candidateNumber,
  isUndecided,
  type Link,
  type Member,
  standing,
} from './candidates.js'
import { type CorrelatedIncident, INCIDENTS, isAbsent } from './linking.js'

/** Which candidate incidents belong to, as their links say. */

/** Gives an incident these links to earlier ones (the closest first), and it and others the candidate that follows from them. */
export function link(view: ViewTransaction, number: string, links: readonly Link[]): void {
  const before = incidentOf(view, number)
  const old = before.links ?? []
  if (old.length === links.length && old.every(({ to, bits }, i) => isLink(links[i] as Link, to, bits)))
    return
  const gone = old.filter(({ to }) => !links.some((one) => one.to === to))
  if (gone.length > 0) {
    const candidate = candidateOf(view, before)
    // What people have decided on is not taken apart
    if (candidate !== undefined && !isUndecided(candidate)) return
    part(view, number, gone)
  }
  for (const one of links) join(view, number, one)
}

function isLink(link: Link, to: string, bits: number): boolean {
  return link.to === to && link.bits === bits
}

/** Takes an incident out of what people see, and all that rests on it. */
export function takeOut(view: ViewTransaction, number: string): void {
  const candidate = candidateOf(view, incidentOf(view, number))
  if (candidate === undefined) return
  const others = candidate.members.flatMap((member) => (member.number === number ? [] : [member.number]))
  view.want(INCIDENTS, others)
  let next = withLinks(view, candidate, number, [])
  for (const other of others) {
    const { links = [] } = incidentOf(view, other)
    const kept = links.filter(({ to }) => to !== number)
    if (kept.length < links.length) next = withLinks(view, next, other, kept)
  }
  leave(view, next, number)
}

/** @param candidate that has no links of it any more */
function leave(view: ViewTransaction, candidate: Candidate, number: string): Candidate | undefined {
  const { candidate: _, ...alone } = incidentOf(view, number)
  const next = without(candidate, { number, time: alone.traits.time }, (other) =>
    titleOf(incidentOf(view, other)),
  )
  if (next === undefined) view.delete(CANDIDATES, candidate.id)
  else view.put(CANDIDATES, next.id, next)
  view.put(INCIDENTS, number, alone satisfies CorrelatedIncident)
  return next
}

/** The candidate, and the incident, with these links of it. */
function withLinks(
  view: ViewTransaction,
  candidate: Candidate,
  number: string,
  links: readonly Link[],
): Candidate {
  const { links: before = [], ...incident } = incidentOf(view, number)
  view.put(INCIDENTS, number, {
    ...incident,
    ...(links.length > 0 && { links }),
  } satisfies CorrelatedIncident)
  return relinked(candidate, number, before, links)
}

/**
 * Takes links off. Whoever hung on them alone is of no candidate with those at their other end any more: the side of the incident that
 * the candidate is named after stays. One that has more members than it lists is not taken apart.
 */
function part(view: ViewTransaction, number: string, gone: readonly Link[]): void {
  const incident = incidentOf(view, number)
  const candidate = candidateOf(view, incident)
  if (candidate === undefined) return
  const kept = (incident.links ?? []).filter((one) => !gone.includes(one))
  const next = withLinks(view, candidate, number, kept)
  const side = connectedTo(next.members, number)
  const isWhole = gone.every(({ to }) => side.has(to)) || next.memberCount > next.members.length
  view.put(CANDIDATES, candidate.id, next)
  if (isWhole) return
  const isStaying = side.has(candidateNumber(candidate.id))
  const numbers = next.members.map((member) => member.number)
  for (const one of numbers) if (side.has(one) === isStaying) stay(view, one, candidate.id)
  goOnApart(
    view,
    next,
    numbers.filter((one) => side.has(one) !== isStaying),
  )
}

/** Who came with another candidate names this one from now on: that other one may begin anew. */
function stay(view: ViewTransaction, number: string, id: string): void {
  const incident = incidentOf(view, number)
  if (incident.candidate !== id)
    view.put(INCIDENTS, number, { ...incident, candidate: id } satisfies CorrelatedIncident)
}

/** These leave a candidate, and stay together as far as they are linked. */
function goOnApart(view: ViewTransaction, candidate: Candidate, numbers: readonly string[]): void {
  const linked = numbers.map((number) => [number, incidentOf(view, number).links ?? []] as const)
  let rest: Candidate | undefined = candidate
  for (const [number] of linked) {
    if (rest !== undefined) rest = leave(view, withLinks(view, rest, number, []), number)
  }
  for (const [number, links] of linked) for (const one of links) join(view, number, one)
}

/** Numbers of listed members that hang together with one. */
function connectedTo(members: readonly Member[], number: string): ReadonlySet<string> {
  const neighbours = new Map<string, string[]>()
  const add = (one: string, other: string) => {
    const known = neighbours.get(one)
    if (known) known.push(other)
    else neighbours.set(one, [other])
  }
  for (const { number: own, linkedTo, alsoLinkedTo = [] } of members)
    for (const to of linkedTo === undefined ? alsoLinkedTo : [linkedTo, ...alsoLinkedTo]) {
      add(own, to)
      add(to, own)
    }
  const found = new Set([number])
  for (const one of found) for (const other of neighbours.get(one) ?? []) found.add(other)
  return found
}

/** One link more, or the same with other bits. */
function join(view: ViewTransaction, number: string, one: Link): void {
  const incident = incidentOf(view, number)
  const other = view.get<CorrelatedIncident>(INCIDENTS, one.to)
  if (other === undefined || isAbsent(other)) return
  const [own, theirs] = [candidateOf(view, incident), candidateOf(view, other)]
  const candidate = together(view, { incident, own }, { incident: other, own: theirs })
  if (candidate === undefined) return
  belong(view, number, candidate.id)
  belong(view, one.to, candidate.id)
  const others = (incident.links ?? []).filter(({ to }) => to !== one.to)
  const links = [...others, one].sort((a, b) => b.bits - a.bits || (a.to < b.to ? -1 : 1))
  view.put(CANDIDATES, candidate.id, withLinks(view, candidate, number, links))
}

interface Belonging {
  incident: CorrelatedIncident
  own: Candidate | undefined
}

/** The candidate that both belong to from now on; undefined: each stays where it is. */
function together(view: ViewTransaction, later: Belonging, earlier: Belonging): Candidate | undefined {
  const [one, other] = [later.own, earlier.own]
  if (one !== undefined && other !== undefined) return one.id === other.id ? one : madeOne(view, one, other)
  if (other !== undefined) return joined(other, newcomer(later.incident))
  if (one !== undefined) return joined(one, newcomer(earlier.incident))
  return joined(beginning(view, earlier.incident), newcomer(later.incident))
}

/** One that was made one with another, or lost whom people may see, may have the name already: then it goes on. */
function beginning(view: ViewTransaction, first: CorrelatedIncident): Candidate {
  const before = view.get<Candidate>(CANDIDATES, candidateId(first.traits.number))
  if (before === undefined || before.status === 'merged') return begun(newcomer(first))
  return joined(before, newcomer(first))
}

function madeOne(view: ViewTransaction, one: Candidate, other: Candidate): Candidate | undefined {
  // What was decided of one was not decided of the other, and a problem is that of one
  if (!isUndecided(one) || !isUndecided(other)) return undefined
  const [next, ended] = merged(one, other)
  view.put(CANDIDATES, ended.id, ended)
  return next
}

function belong(view: ViewTransaction, number: string, candidate: string): void {
  const incident = incidentOf(view, number)
  if (incident.candidate === undefined)
    view.put(INCIDENTS, number, { ...incident, candidate } satisfies CorrelatedIncident)
}

function newcomer({ traits: { number, time }, problems, ...incident }: CorrelatedIncident): Newcomer {
  return { number, time, title: titleOf(incident), ...(problems && { problems }) }
}

const titleOf = ({ title = '' }: Pick<CorrelatedIncident, 'title'>): string => title

function incidentOf(view: ViewTransaction, number: string): CorrelatedIncident {
  return view.get<CorrelatedIncident>(INCIDENTS, number) as CorrelatedIncident
}

function candidateOf(view: ViewTransaction, { candidate }: CorrelatedIncident): Candidate | undefined {
  return candidate === undefined ? undefined : standing(view, candidate)
}
