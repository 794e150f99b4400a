import type { Channel, RecordedEvent } from './event.js'
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

/** One event of a record as people read it. People, groups and CIs by id. */
export interface HistoryEntry<Type extends string = string> {
  id: string
  revision: number
  position: Position
  type: Type
  /** In words. */
  what: string
  who: { actor: string; attributedTo?: string; onBehalfOf?: string }
  /** ISO 8601. */
  occurredAt: string
  recordedAt: string
  effectiveAt: string
  channel: Channel
  reason?: string
  changes: FieldChange[]
  /** Comment, work note, or what somebody said of a step. */
  text?: string
  /** Imports: code of the rule that would have refused it. */
  irregular?: string
  /** Imports: columns without a home that changed. */
  sourceFields?: Readonly<Record<string, string | null>>
  /** Requesters never see internal ones. */
  visibility: 'public' | 'internal'
}

/** How a kind of record is folded, and how its events are told. */
export interface Telling<State, Event extends RecordedEvent, Told extends object> {
  initial: State
  evolve(state: State, event: Event): State
  /** What lists and people call the fields of a record, flat. */
  valuesOf(state: State): Readonly<Record<string, unknown>>
  /** What only this kind of record can say of its event. */
  tell(event: Event): Told
}

/** What every kind of record has to say of its events itself. */
type Said = Pick<HistoryEntry, 'what' | 'text' | 'irregular' | 'sourceFields' | 'visibility'>

/** One entry per event, in log order; before and after by folding. */
export function tellHistory<State, Event extends RecordedEvent, Told extends Said>(
  events: readonly Event[],
  { initial, evolve, valuesOf, tell }: Telling<State, Event, Told>,
): (HistoryEntry<Event['type']> & Told)[] {
  const times = effectiveTimes(events)
  let before = initial
  let valuesBefore = valuesOf(before)
  return events.map((event, index) => {
    const after = evolve(before, event)
    const valuesAfter = after === before ? valuesBefore : valuesOf(after)
    const changes = fieldChanges(valuesBefore, valuesAfter)
    before = after
    valuesBefore = valuesAfter
    const { id, revision, position, type, metadata } = event
    const { actor, attributedTo, onBehalfOf, occurredAt, recordedAt, channel, reason } = metadata
    const who = { actor, attributedTo, onBehalfOf }
    const effectiveAt = times[index] as string
    const when = { occurredAt, recordedAt, effectiveAt }
    return { id, revision, position, type, who, ...when, channel, reason, changes, ...tell(event) }
  })
}
