import type { Verdict } from '#projections/modification-verdicts'

/** What is known of something that was changed before an incident. */
export interface Circumstances {
  /** Steps from the incident's items; 0: one of them. */
  distance: number
  /** In words: which item, and by which way. */
  where: string
  /** Between what was done last and the incident. */
  minutesBefore: number
  /** Of a change: how it ended, as known then; `in progress`: it had not; undefined: no change is named. */
  outcome?: string
  /** Undefined: it needed none. */
  verdict?: Verdict
}

/** A reason, and how many points of the score it gives. */
export interface Reason {
  signal: 'distance' | 'time' | 'outcome' | 'authorisation'
  points: number
  text: string
}

export interface Suspicion {
  /** 0 to 100: the sum of the reasons' points. It orders, and is no probability. */
  score: number
  reasons: readonly Reason[]
}

/** Most points of each signal: where and when say more than how it went. */
const MOST_POINTS = { distance: 40, time: 30, outcome: 15, authorisation: 15 } as const
/** Points for time halve with so many hours between. */
const HALF_LIFE_HOURS = 12

const OUTCOME_POINTS: Readonly<Record<string, number>> = {
  failed: 15,
  'backed out': 15,
  'with issues': 10,
  'in progress': 8,
  'no evidence in source': 5,
  successful: 0,
}

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  authorised: 'Authorised',
  'not-assessable': 'Its source tells nothing of approval',
  'no-change': 'Controlled attributes were modified without a change',
  'not-approved': 'Nobody had approved the change',
  'ci-not-in-scope': 'A modified item was not in the scope of the change',
  'value-differs': 'A value differs from the plan of the change',
  'outside-window': 'Modified outside the time in which the change was implemented',
}

/** How much something that was changed is to be suspected, and why. */
export function suspicionOf(circumstances: Circumstances): Suspicion {
  const reasons = [ofDistance, ofTime, ofOutcome, ofAuthorisation].map((reason) => reason(circumstances))
  return { score: rounded(reasons.reduce((sum, { points }) => sum + points, 0)), reasons }
}

function ofDistance({ distance, where }: Circumstances): Reason {
  return { signal: 'distance', points: rounded(MOST_POINTS.distance / (1 + distance)), text: where }
}

function ofTime({ minutesBefore }: Circumstances): Reason {
  const points = MOST_POINTS.time * 2 ** (-minutesBefore / 60 / HALF_LIFE_HOURS)
  const text = minutesBefore === 0 ? 'At the time of the incident' : `${duration(minutesBefore)} before it`
  return { signal: 'time', points: rounded(points), text }
}

function ofOutcome({ outcome }: Circumstances): Reason {
  if (outcome === undefined) return { signal: 'outcome', points: 0, text: 'No change tells how it went' }
  const text = outcome === 'in progress' ? 'Not ended by then' : `Outcome: ${outcome}`
  return { signal: 'outcome', points: OUTCOME_POINTS[outcome] ?? 0, text }
}

function ofAuthorisation({ verdict }: Circumstances): Reason {
  if (verdict === undefined)
    return { signal: 'authorisation', points: 0, text: 'Nothing that needs an approved change' }
  const points = verdict === 'authorised' ? 0 : verdict === 'not-assessable' ? 5 : MOST_POINTS.authorisation
  return { signal: 'authorisation', points, text: VERDICT_WORDS[verdict] }
}

function duration(minutes: number): string {
  if (minutes < 60) return `${Math.round(minutes)} min`
  if (minutes < 2 * 24 * 60) return `${rounded(minutes / 60)} h`
  return `${rounded(minutes / 60 / 24)} days`
}

/** To a tenth. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
