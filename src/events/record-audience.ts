import { LRUCache } from 'lru-cache'
import type { Principal } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { audienceColumns, canSee } from '#projections/access'
import type { Audience } from '../incidents/domain/incident.events.js'

/** As whoever reads a topic counts: at the desk, in no group, and named in no record. */
const TOPIC_READER: Principal = {
  id: 'service:topic',
  grants: new Map([['service', 'topic']]),
  groups: new Set(),
}
/** Streams whose audience is remembered. */
const REMEMBERED = 10_000

interface AudienceAt {
  revision: number
  audience: Audience | undefined
}

/**
 * Tells which events belong to records that everybody at the desk may see: both as of the event, and as the record is
 * now. So an event that waited while the broker was away stays here when its record was restricted meanwhile, and what
 * was written under a restriction stays here when that is lifted.
 */
export class RecordAudiences {
  readonly #known = new LRUCache<string, AudienceAt>({ max: REMEMBERED })

  /**
   * Those of these events that everybody may see.
   * @param events in log order, all events of their streams from the first of each on
   * @param caughtUp nothing was recorded after them
   */
  async visible(
    events: readonly RecordedEvent[],
    log: EventStore,
    caughtUp: boolean,
  ): Promise<RecordedEvent[]> {
    const streams = byStream(events)
    const visible = new Set<RecordedEvent>()
    await Promise.all(
      [...streams].map(async ([stream, ofStream]) => {
        for (const event of await this.#visibleOfStream(stream, ofStream, log, caughtUp)) visible.add(event)
      }),
    )
    return events.filter((event) => visible.has(event))
  }

  async #visibleOfStream(
    stream: string,
    events: readonly RecordedEvent[],
    log: EventStore,
    caughtUp: boolean,
  ): Promise<RecordedEvent[]> {
    const first = events[0]?.revision ?? 0
    const known = this.#known.get(stream)
    const upToDate = known?.revision === first - 1
    const before = upToDate ? known : { revision: -1, audience: undefined }
    const all =
      caughtUp && before.revision === first - 1
        ? events
        : await log.readStream(stream, { from: before.revision + 1 })
    let { audience } = before
    const seenAt = new Set<number>()
    for (const event of all) {
      audience = audienceAfter(audience, event)
      if (isForEverybody(audience)) seenAt.add(event.revision)
    }
    this.#known.set(stream, { revision: all.at(-1)?.revision ?? before.revision, audience })
    return isForEverybody(audience) ? events.filter(({ revision }) => seenAt.has(revision)) : []
  }
}

function byStream(events: readonly RecordedEvent[]): Map<string, RecordedEvent[]> {
  const streams = new Map<string, RecordedEvent[]>()
  for (const event of events) {
    const others = streams.get(event.stream)
    if (others) others.push(event)
    else streams.set(event.stream, [event])
  }
  return streams
}

function audienceAfter(audience: Audience | undefined, { type, data }: RecordedEvent): Audience | undefined {
  if (type !== 'IncidentOpened' && type !== 'AudienceChanged') return audience
  return (data as { audience: Audience }).audience
}

/** A record that says nothing of its audience is nobody's. */
function isForEverybody(audience: Audience | undefined): boolean {
  return audience !== undefined && canSee(TOPIC_READER, audienceColumns(audience))
}
