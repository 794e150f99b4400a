import { type DomainEvent, later, type Position, type RecordedEvent } from '#libs/event-sourcing'

export interface EffectiveEvent<E extends DomainEvent> {
  event: RecordedEvent<E>
  /** From when it counts: a correction from its own time, all else no earlier than what was told before. */
  at: string
}

/** A record's events that are known and count at a point of both time axes, in the order in which they were told. */
export function effectiveEvents<E extends DomainEvent>(
  events: readonly RecordedEvent<E>[],
  { validAt, asOf }: { validAt: string; asOf: Position },
  effectOf: (event: RecordedEvent<E>) => { correction: boolean; occurredAt: string },
): EffectiveEvent<E>[] {
  let latest = ''
  const known: EffectiveEvent<E>[] = []
  for (const event of events) {
    const { correction, occurredAt } = effectOf(event)
    const at = correction ? occurredAt : later(latest, occurredAt)
    latest = later(latest, at)
    if (event.position <= asOf && at <= validAt) known.push({ event, at })
  }
  return known
}
