import type { RecordedEvent } from './event.js'
import type { Position } from './position.js'
import { later } from './time-order.js'

/** Effective time of each event of a record: the later of its `occurredAt` and the latest before it. ISO 8601, never falling. */
export function effectiveTimes(events: readonly RecordedEvent[]): string[] {
  let latest = ''
  return events.map(({ metadata: { occurredAt } }) => {
    latest = later(latest, occurredAt)
    return latest
  })
}

/** A point on both time axes; absent: now, the end of the log. */
export interface HistoryPoint {
  /** Valid time, ISO 8601 in canonical form: what had happened by then ... */
  validAt?: string
  /** ... as far as it was recorded up to this position, which counts. */
  asOf?: Position
}

/** The events of a record that count at a point of time: a lifecycle is never folded out of log order. */
export function eventsAt<Event extends RecordedEvent>(
  events: readonly Event[],
  { validAt, asOf }: HistoryPoint,
): readonly Event[] {
  const times = effectiveTimes(events)
  const end = events.findIndex(
    ({ position }, index) =>
      (asOf !== undefined && position > asOf) ||
      (validAt !== undefined && (times[index] as string) > validAt),
  )
  return end === -1 ? events : events.slice(0, end)
}

/** Before and after of a field in one event; null: not set. */
export interface FieldChange {
  field: string
  from: unknown
  to: unknown
}

/** Which values differ, with before and after. */
export function fieldChanges(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): FieldChange[] {
  if (before === after) return []
  const changes: FieldChange[] = []
  for (const field in { ...before, ...after }) {
    const from = before[field] ?? null
    const to = after[field] ?? null
    if (from === to) continue
    if (typeof from === 'object' && JSON.stringify(from) === JSON.stringify(to)) continue
    changes.push({ field, from, to })
  }
  return changes
}
