import type { ApprovalRule } from './defaults.js'

/** How far a round has come. */
export interface Tally {
  readonly seats: number
  readonly granted: number
  readonly rejected: number
}

/** How many of so many have to grant. */
export function grantsNeeded(rule: ApprovalRule, seats: number): number {
  switch (rule.kind) {
    case 'any':
      return 1
    case 'all':
      return Math.max(seats, 1)
    case 'n-of-m':
      return rule.n
  }
}

/** What is decided, whatever those say who have not answered yet; undefined: nothing is. */
export function decidedBy(
  rule: ApprovalRule,
  { seats, granted, rejected }: Tally,
): 'approved' | 'rejected' | undefined {
  const needed = grantsNeeded(rule, seats)
  if (granted >= needed) return 'approved'
  return seats - rejected < needed ? 'rejected' : undefined
}
