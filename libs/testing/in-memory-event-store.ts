import { randomUUID } from 'node:crypto'
import { InvalidInput, LOG_START, type Position, type RecordedEvent, toPosition } from '#libs/event-sourcing'
import {
  type AppendOutcome,
  type AppendRequest,
  EventStore,
  type LogBatch,
  type LogFilter,
  type LogPage,
  lastOf,
  type NumberedAppend,
  type NumberedOutcome,
  type ReadAllOptions,
  type ReadStreamOptions,
  type SubscribeOptions,
} from '#libs/event-store'

/** The event-store port as plain arrays: the model that property tests compare with, and a fast log for unit tests. */
export class InMemoryEventStore extends EventStore {
  readonly #log: RecordedEvent[] = []
  readonly #streams = new Map<string, RecordedEvent[]>()
  readonly #metadata = new Map<string, Record<string, unknown>>()
  readonly #waiting = new Set<() => void>()

  constructor(
    readonly logId: string = randomUUID(),
    private readonly now: () => number = Date.now,
  ) {
    super()
  }

  async append({ stream, expectedRevision, events }: AppendRequest): Promise<AppendOutcome> {
    const history = this.#streams.get(stream) ?? []
    const known = events.map((event) => history.find(({ id }) => id === event.id))
    if (known.every((event) => event !== undefined))
      return { kind: 'alreadyAppended', events: known, last: lastOf(known) }
    const actual = history.length - 1
    if (actual !== (expectedRevision === 'noStream' ? -1 : expectedRevision))
      return { kind: 'conflict', actual }
    const recordedAt = new Date(this.now()).toISOString()
    const recorded = events.map((event, index): RecordedEvent => {
      const position = toPosition(this.#log.length + 1 + index)
      return {
        ...structuredClone(event),
        stream,
        revision: history.length + index,
        position,
        metadata: { ...event.metadata, recordedAt },
      }
    })
    this.#streams.set(stream, [...history, ...recorded])
    this.#log.push(...recorded)
    for (const wake of this.#waiting) wake()
    return { kind: 'appended', events: recorded, last: lastOf(recorded) }
  }

  async appendNumbered({ series, claim, events }: NumberedAppend): Promise<NumberedOutcome> {
    const claimed = claim && this.#streams.get(claim.stream)?.[0]
    if (claimed) return { kind: 'alreadyClaimed', number: (claimed.data as { number: string }).number }
    let n = 1
    while (this.#streams.has(series.streamPrefix + series.format(n))) n++
    const number = series.format(n)
    const first = (stream: string, appended: AppendRequest['events']) =>
      this.append({ stream, expectedRevision: 'noStream', events: appended })
    // Both begin before either is waited for: nobody comes between.
    const [, outcome] = await Promise.all([
      claim && first(claim.stream, [claim.event(number)]),
      first(series.streamPrefix + number, events(number)),
    ])
    if (outcome.kind !== 'appended')
      throw new Error(`The number ${number} was free and is not: ${outcome.kind}`)
    return { ...outcome, number }
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<RecordedEvent[]> {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options
    const history = this.#streams.get(stream) ?? []
    const from = options.from ?? (direction === 'forwards' ? 0 : history.length - 1)
    const events =
      direction === 'forwards'
        ? history.filter(({ revision }) => revision >= from)
        : history.filter(({ revision }) => revision <= from).reverse()
    return events.slice(0, limit)
  }

  async readAll({ after, limit, upTo, ...filter }: ReadAllOptions): Promise<LogPage> {
    if (after !== LOG_START && this.#at(after) === undefined)
      throw new InvalidInput('POSITION.UNKNOWN', `This log never gave the position ${after}`)
    const events: RecordedEvent[] = []
    const last = Math.min(this.#log.length, upTo === undefined ? Number.POSITIVE_INFINITY : Number(upTo))
    let index = Number(after)
    for (; index < last && events.length < limit; index++) {
      const event = this.#log[index]!
      if (isWanted(event, filter)) events.push(event)
    }
    return { events, position: toPosition(index), end: index >= last }
  }

  async *subscribe(options: SubscribeOptions): AsyncGenerator<LogBatch> {
    const { batchSize = 1000, signal, ...filter } = options
    let after = options.after
    while (!signal?.aborted) {
      const page = await this.readAll({ ...filter, after, limit: batchSize })
      if (page.position === after) await this.#somethingNew(signal)
      else yield { ...page, checkedAt: this.now() }
      after = page.position
    }
  }

  async head(): Promise<Position> {
    return toPosition(this.#log.length)
  }

  async eventIdAt(position: Position): Promise<string | undefined> {
    return this.#at(position)?.id
  }

  async positionAt(time: string): Promise<Position> {
    return toPosition(this.#log.filter(({ metadata }) => metadata.recordedAt <= time).length)
  }

  async getStreamMetadata(stream: string): Promise<Record<string, unknown>> {
    return structuredClone(this.#metadata.get(stream) ?? {})
  }

  async setStreamMetadata(stream: string, metadata: Record<string, unknown>): Promise<void> {
    this.#metadata.set(stream, structuredClone(metadata))
  }

  async close(): Promise<void> {}

  #at(position: Position): RecordedEvent | undefined {
    return this.#log[Number(position) - 1]
  }

  #somethingNew(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal?.addEventListener('abort', wake)
      if (signal?.aborted) wake()
    })
  }
}

function isWanted(event: RecordedEvent, { prefixes, types }: LogFilter): boolean {
  return (
    (prefixes === undefined || prefixes.some((prefix) => event.stream.startsWith(prefix))) &&
    (types === undefined || types.includes(event.type))
  )
}
