import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Principal } from '#libs/access'
import { type Position, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { KeysetCursor } from '#libs/read-store'
import { workQueue } from '#projections/work-queue/work-queue'
import type { Queries } from '../../http/queries.js'
import {
  type ChangedEntry,
  type ChangesSince,
  changedEntries,
  type LivePage,
  liveQueuePage,
  liveQueueScope,
  queueChangesSince,
  type ScopeAsked,
} from './live-queue.queries.js'
import { keysOf, type QueueScope, renderEntry } from './queue-scope.js'
import { type ChangedRow, QueueStream, type QueueStreamOptions, type RowSource } from './queue-stream.js'

/** Streams of one process. */
const MOST_STREAMS = 2_000
/** Changes are gathered so long before they are read: people do not notice, and each listener is written to less often. */
const GATHER_MS = 200
/** Listeners that are written to in one turn: commands are answered by the same thread, and come in between. */
const WRITTEN_AT_ONCE = 10
/** How often rights are looked at, stalled clients cut off and signs of life given. */
const CHECK_MS = 2_000
const RETRY_MS = 250
/** Events of the log that are taken at a time. */
const BATCH = 500

export interface LiveQueuesOptions {
  eventStore: Pick<EventStore, 'head' | 'subscribe'>
  queries: Pick<Queries, 'ask'>
  /** A person with the rights of this moment. */
  principal(id: string): Principal | undefined
  /** Told how many streams there are. */
  onCount?(streams: number): void
  /** Told why the log or the read model could not be read; it is tried again for ever. */
  onError?(error: unknown): void
  gatherMilliseconds?: number
  checkMilliseconds?: number
}

/** One reading of the log, while somebody listens. */
interface Following {
  readonly stopping: AbortController
  readonly ready: Promise<void>
  position: Position
}

/**
 * The queues that people look at, live. It follows the log once for all who listen through this process, whatever their
 * number: what a batch of events has touched is read once from the read model, on the thread for queries, and
 * offered to every stream. Several processes each follow the log by themselves and know nothing of each other.
 */
export class LiveQueues implements RowSource {
  readonly #streams = new Set<QueueStream>()
  #following: Following | undefined
  #checks: NodeJS.Timeout | undefined
  #closed = false

  constructor(private readonly options: LiveQueuesOptions) {}

  /** Up to here everything has been offered to every stream. */
  get position(): Position {
    return this.#following?.position ?? ''
  }

  get listeners(): number {
    return this.#streams.size
  }

  /**
   * Opens a stream; it is under way when this resolves.
   * @throws what the question is refused for, before anything is answered; Unavailable `QUEUE.TOO_MANY_LISTENERS`
   */
  async open(
    asked: ScopeAsked,
    options: Omit<QueueStreamOptions, 'principal' | 'scope'>,
  ): Promise<QueueStream> {
    this.#admit()
    const { json } = await this.options.queries.ask(liveQueueScope, asked)
    this.#admit()
    const scope = JSON.parse(json) as QueueScope
    const stream = new QueueStream({ ...options, principal: asked.principal, scope })
    this.#streams.add(stream)
    this.#told()
    stream.once('close', () => this.#leave(stream))
    try {
      this.#following ??= this.#follow()
      await this.#following.ready
    } catch (error) {
      stream.destroy()
      throw error
    }
    void stream.run(this)
    return stream
  }

  /** Ends every stream; no new one is opened. */
  close(): void {
    this.#closed = true
    for (const stream of this.#streams) stream.end()
  }

  async page(
    { principal, scope, orderBy }: QueueStream,
    minPosition: Position,
    cursor: KeysetCursor | undefined,
  ): Promise<LivePage> {
    const asked = { ...scope, principal, orderBy, minPosition, cursor }
    return JSON.parse((await this.options.queries.ask(liveQueuePage, asked)).json) as LivePage
  }

  async changesSince({ principal, scope }: QueueStream, since: Position): Promise<ChangesSince> {
    const asked = { ...scope, principal, since }
    return JSON.parse((await this.options.queries.ask(queueChangesSince, asked)).json) as ChangesSince
  }

  #admit(): void {
    if (this.#closed) throw new Unavailable('SERVER.DRAINING', 'The server is going down: connect again.', 3)
    if (this.#streams.size < MOST_STREAMS) return
    throw new Unavailable(
      'QUEUE.TOO_MANY_LISTENERS',
      `This server follows queues for ${MOST_STREAMS} listeners already: poll the queue, or try again later.`,
      10,
    )
  }

  #leave(stream: QueueStream): void {
    this.#streams.delete(stream)
    this.#told()
    if (this.#streams.size > 0) return
    this.#following?.stopping.abort()
    this.#following = undefined
  }

  #told(): void {
    this.options.onCount?.(this.#streams.size)
    if (this.#streams.size === 0) {
      clearInterval(this.#checks)
      this.#checks = undefined
    } else {
      const { checkMilliseconds = CHECK_MS } = this.options
      this.#checks ??= setInterval(() => {
        for (const stream of this.#streams) void stream.check()
      }, checkMilliseconds).unref()
    }
  }

  #follow(): Following {
    const stopping = new AbortController()
    const following: Following = {
      stopping,
      position: '',
      ready: this.options.eventStore.head().then((head) => {
        following.position = head
        void this.#run(following)
      }),
    }
    following.ready.catch(() => {
      if (this.#following === following) this.#following = undefined
    })
    return following
  }

  /** Subscriptions end, now and then quietly: begin again where we stand, for as long as somebody listens. */
  async #run(following: Following): Promise<void> {
    const { signal } = following.stopping
    const { eventStore, gatherMilliseconds } = this.options
    while (!signal.aborted) {
      try {
        const { position: after } = following
        const batches = eventStore.subscribe({ after, prefixes: workQueue.from, batchSize: BATCH, signal })
        for await (const { events } of batches) {
          if (signal.aborted) return
          if (events.length === 0) continue
          await this.#spread(events, following)
          await pause(gatherMilliseconds ?? GATHER_MS, signal)
        }
      } catch (error) {
        if (!signal.aborted) this.options.onError?.(error)
      }
      await pause(RETRY_MS, signal)
    }
  }

  async #spread(events: readonly RecordedEvent[], following: Following): Promise<void> {
    const keys = [...new Set(events.flatMap(keysOf))]
    const { position: minPosition } = events.at(-1)!
    const rows = await this.#changed(keys, minPosition, following.stopping.signal)
    if (rows === undefined) return
    let written = 0
    // Who comes meanwhile stands at the end
    for (const stream of this.#streams) {
      stream.heed(this.options.principal(stream.principal.id))
      if (stream.offer(rows, minPosition) && ++written % WRITTEN_AT_ONCE === 0) await turn()
      if (following.stopping.signal.aborted) return
    }
    following.position = minPosition
  }

  /** Undefined: nobody listens any more. */
  async #changed(
    keys: readonly string[],
    minPosition: Position,
    signal: AbortSignal,
  ): Promise<ChangedRow[] | undefined> {
    while (!signal.aborted) {
      try {
        const { json } = await this.options.queries.ask(changedEntries, { keys, minPosition })
        return (JSON.parse(json) as ChangedEntry[]).map(({ number, entry, stale = false }) => ({
          number,
          entry,
          data: entry === undefined ? '' : JSON.stringify(renderEntry(entry, stale)),
        }))
      } catch (error) {
        // The read model is late or being built: what it has not shown yet is not told
        if (!(error instanceof Unavailable)) this.options.onError?.(error)
        await pause(RETRY_MS, signal)
      }
    }
    return undefined
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => {})
}
