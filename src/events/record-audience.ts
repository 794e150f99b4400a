import { LRUCache } from 'lru-cache'
import { type Audience, type Principal, PUBLIC } from '#libs/access'
import type { Position, RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { audienceColumns, canSee } from '#projections/access'

/** As whoever reads a topic counts: at the desk, in no group, and named in no record. */
const TOPIC_READER: Principal = {
  id: 'service:topic',
  grants: new Map([['service', 'topic']]),
  groups: new Set(),
}
/** Streams whose audience is remembered. */
const REMEMBERED = 20_000
const PAGE = 1_000

/** Audience of a record after one of its events; undefined: it says nothing of it. */
interface AudienceAt {
  readonly revision: number
  readonly audience: Audience | undefined
}

/**
 * Tells which events belong to records that everybody at the desk may see: both as of the event, and as the record is
 * now. So an event that waited while the broker was away stays here when its record was restricted meanwhile, and what
 * was written under a restriction stays here when that is lifted.
 */
export class RecordAudiences {
  readonly #known = new LRUCache<string, AudienceAt>({ max: REMEMBERED })
  /** The last change of each stream's audience among what is recorded but was not asked for yet. */
  readonly #ahead = new Map<string, { position: Position; audience: Audience }>()
  /** So far the log was searched for changes. */
  #searchedUpTo: Position = ''
  #handledUpTo: Position = ''

  /** @param prefixes of the streams whose records say who may see them; all others are for everybody at the desk */
  constructor(private readonly prefixes: readonly string[]) {}

  /**
   * Those of these events that everybody may see.
   * @param events in log order, without a gap within a stream
   * @param caughtUp nothing was recorded after them
   */
  async visible(
    events: readonly RecordedEvent[],
    log: EventStore,
    caughtUp: boolean,
  ): Promise<RecordedEvent[]> {
    const last = events.at(-1)
    if (last === undefined) return []
    const saying = events.filter(({ stream }) => this.prefixes.some((prefix) => stream.startsWith(prefix)))
    this.#comeTo(events[0]?.position ?? last.position, last.position)
    if (!caughtUp) await this.#searchAhead(log)
    await this.#learn(saying, log)
    const hidden = new Set(saying.filter((event) => !isForEverybody(this.#after(event))))
    for (const event of saying) if (!isForEverybody(this.#now(event.stream))) hidden.add(event)
    return events.filter((event) => !hidden.has(event))
  }

  /** What was found further on is kept whatever the caller says of the log's end: it would not be searched for again. */
  #comeTo(first: Position, last: Position): void {
    // Asked again for what was handled before: what lies between was forgotten.
    const again = first <= this.#handledUpTo
    if (again) this.#ahead.clear()
    if (again || this.#searchedUpTo < last) this.#searchedUpTo = last
    this.#handledUpTo = last
    for (const [stream, { position }] of this.#ahead) if (position <= last) this.#ahead.delete(stream)
  }

  async #searchAhead(log: EventStore): Promise<void> {
    const filter = { prefixes: this.prefixes, types: CHANGE_AUDIENCE }
    for (let end = false; !end; ) {
      const page = await log.readAll({ ...filter, after: this.#searchedUpTo, limit: PAGE })
      for (const { stream, position, data } of page.events)
        this.#ahead.set(stream, { position, audience: (data as { audience: Audience }).audience })
      this.#searchedUpTo = page.position
      end = page.end
    }
  }

  /** What was before the first of these events of each stream. */
  async #learn(events: readonly RecordedEvent[], log: EventStore): Promise<void> {
    const firsts = new Map<string, number>()
    for (const { stream, revision } of events) if (!firsts.has(stream)) firsts.set(stream, revision)
    await Promise.all(
      [...firsts].map(async ([stream, first]) => {
        if (first === 0) this.#known.delete(stream)
        if (first === 0 || this.#known.get(stream)?.revision === first - 1) return
        let audience: Audience | undefined
        for (const event of await log.readStream(stream, { limit: first }))
          audience = changed(audience, event)
        this.#known.set(stream, { revision: first - 1, audience })
      }),
    )
  }

  /** The audience after this event, the next of its stream. */
  #after(event: RecordedEvent): Audience | undefined {
    const { stream, revision } = event
    const audience = changed(this.#known.get(stream)?.audience, event)
    this.#known.set(stream, { revision, audience })
    return audience
  }

  #now(stream: string): Audience | undefined {
    return this.#ahead.get(stream)?.audience ?? this.#known.get(stream)?.audience
  }
}

const CHANGE_AUDIENCE = [
  'AudienceChanged',
  'ProblemAudienceChanged',
  'ChangeAudienceChanged',
  'ApprovalAudienceChanged',
]
const SAY_AUDIENCE: ReadonlySet<string> = new Set([
  'IncidentOpened',
  'ApprovalRequested',
  'ProblemOpened',
  'ChangeOpened',
  ...CHANGE_AUDIENCE,
])

function changed(audience: Audience | undefined, { type, data }: RecordedEvent): Audience | undefined {
  if (!SAY_AUDIENCE.has(type)) return audience
  // A problem or a change that says nothing else is public
  return (data as { audience?: Audience }).audience ?? PUBLIC
}

/** A record that says nothing of its audience is nobody's. */
function isForEverybody(audience: Audience | undefined): boolean {
  return audience !== undefined && canSee(TOPIC_READER, audienceColumns(audience))
}
