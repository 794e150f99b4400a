import type { Installation } from './running-server.js'

/** What figures read of one incident; `GET /incident-facts` has more. */
export interface Facts {
  number: string
  state: string
  priority?: number
  priorityOverridden: boolean
  madeSla?: boolean
  contactType?: string
  impact?: number
  service?: string
  primaryCi?: string
  category?: string
  resolutionCode?: string
  customFields?: Record<string, unknown>
  openedAt: string
  firstRowAt: string
  effectiveAt: string
  resolvedAt?: string
  resolveSeconds?: number
  resolveSecondsSource?: number
  reopens?: number
  reopensFromClosed?: number
  reopensSource?: number
  reassignmentsSource?: number
  sourceState?: string
  rowsBySourceState?: Record<string, number>
  updates?: number
}

export async function factsOf(installation: Installation, token: string): Promise<Facts[]> {
  const response = await installation.get('/incident-facts', token, 'application/x-ndjson')
  return linesOf<Facts>(await response.text())
}

/** An event as `GET /events` serves it. */
export interface ServedEvent {
  subject: string
  /** Of its command: events of one imported row have one. */
  commandid?: string
  type: string
  time: string
  data: { source?: { fields: Record<string, string | null> } } & Record<string, unknown>
}

/** All events of incidents, in the order of the log. */
export async function incidentEvents(installation: Installation, token: string): Promise<ServedEvent[]> {
  const events: ServedEvent[] = []
  let after = ''
  while (true) {
    const path = `/events?streams=incident-&limit=1000${after}`
    const response = await installation.get(path, token, 'application/x-ndjson')
    const page = linesOf<ServedEvent>(await response.text())
    if (page.length === 0) return events
    events.push(...page)
    after = `&after=${response.headers.get('itsm-position')}`
  }
}

export function linesOf<Row>(text: string): Row[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Row)
}

export function tally<Row>(rows: Iterable<Row>, key: (row: Row) => unknown): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of rows) counts[String(key(row))] = (counts[String(key(row))] ?? 0) + 1
  return counts
}

export function sum<Row>(rows: readonly Row[], value: (row: Row) => number | undefined): number {
  return rows.reduce((total, row) => total + (value(row) ?? 0), 0)
}

/** The value below which a share of all lies, between the two nearest ones in proportion: NumPy's usual one. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = Math.floor(place)
  return sorted[below]! + (place - below) * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!)
}

export function mean(values: readonly number[]): number {
  return sum(values, (value) => value) / values.length
}
