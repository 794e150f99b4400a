import type { ViewTransaction } from '#libs/projections-runtime'
import type { Grounds } from './grounds.js'

/** Incidents that seem to have one cause, which nobody has named yet. Times are ISO 8601 UTC. */
export interface Candidate {
  /** Also its stream, named after the incident that it began with: stays whatever becomes of it. */
  id: string
  /**
   * `merged`: goes on in another one; `dismissed`, and `accepted` when its problem is over: until something new happens; `dissolved`:
   * fewer than two incidents are left, until another one joins.
   */
  status: 'open' | 'accepted' | 'dismissed' | 'merged' | 'dissolved'
  /** Of the first of its incidents. */
  title: string
  /** The number of that one. */
  titledBy: string
  /** Bits of evidence beyond chance, the mean over its links: at 10, one in a thousand of such links is chance. */
  score: number
  /** All of them; `members` lists the newest. */
  memberCount: number
  members: readonly Member[]
  /** Members that are not listed any more, by the hour (since 1970) in which they were opened: those of the last weeks. */
  unlisted?: Readonly<Record<string, number>>
  /** How many of `members` are linked to no problem. */
  notLinked: number
  firstSeenAt: string
  lastSeenAt: string
  grounds: Grounds
  /** How many links there are, and the sum of their bits. */
  links: number
  evidence: number
  mergedInto?: string
  /** What was decided last, by whom, when, and how many members it had then. */
  decided?: { by: string; at: string; reason?: string; memberCount: number }
  /** Number of the problem that it became, the last one; of a duplicate, that of the survivor. */
  problem?: string
  /** When that problem was closed, which is for good. */
  problemEndedAt?: string
}

/** A member, and the earlier ones that it is linked to. */
export interface Member {
  number: string
  openedAt: string
  /** The one that it is closest to, and how close. Absent: it is linked to none, but others are to it. */
  linkedTo?: string
  bits?: number
  /** Others that it is so close to that their candidates are one by it. */
  alsoLinkedTo?: readonly string[]
  /** Numbers of the problems that it is linked to; absent: none. */
  problems?: readonly string[]
}

/** What makes an incident belong with an earlier one, as kept with the later one. */
export interface Link {
  to: string
  /** Beyond chance. */
  bits: number
  grounds: readonly string[]
}

export const CANDIDATES = 'problem_candidates'

/** A candidate names this many members, the newest. */
export const MOST_MEMBERS = 200

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

/** Nobody has decided anything of it, and it is no problem: what links say may still change what it is. */
export function isUndecided({ status, problem }: Candidate): boolean {
  return (status === 'open' || status === 'dissolved') && problem === undefined
}

export function iso(time: number): string {
  return new Date(time).toISOString()
}

/** To a hundredth of a bit. */
export function rounded(bits: number): number {
  return Math.round(bits * 100) / 100
}
