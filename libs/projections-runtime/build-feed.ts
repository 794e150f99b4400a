import { LedgerdeskError, LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { BuildName, Checkpoint, DocumentWrite, ProjectionWriter } from '#libs/read-store'
import type { Clock } from './clock.js'
import type { Pace } from './definitions.js'
import { Mutex } from './mutex.js'

/** A consumer stopped for good: people must do what the message says. */
export class ConsumerStopped extends LedgerdeskError {}

/** Thrown by `fold` at an event that can't be folded, where the whole build must wait. */
export class PoisonedEvent extends Error {
  constructor(
    readonly event: RecordedEvent,
    readonly reason: unknown,
  ) {
    super(`Event ${event.id} at ${event.position}`)
  }
}

export interface BuildFeedOptions {
  logId: string
  clock: Clock
  /** Default: live. */
  pace?: Pace
  /** Documents kept in memory per collection. */
  cacheDocuments: number
  onProgress?(build: BuildName, position: Position): void
}

/** One build under our lease, to which the log is fed in order. */
export abstract class BuildFeed {
  /** How long it may stay unrecorded that events were seen which changed nothing. */
  protected abstract readonly recordPassedAfterMs: number
  readonly #mutex = new Mutex()
  #checkpoint: Checkpoint | undefined
  #seen: Position
  /** Somebody waits until it stands here. */
  #wantedAt: Position = LOG_START
  /** Those who wait, and for what. */
  readonly #waiting = new Map<() => void, Position>()
  #handled = 0
  #failure: unknown
  #closed = false
  /** Last event that was seen, and is not recorded as such. */
  #passed: RecordedEvent | undefined
  #recordedAt = Number.NEGATIVE_INFINITY
  #cancelRecording: (() => void) | undefined

  /** @param from stream prefixes of the events that it wants */
  protected constructor(
    readonly writer: ProjectionWriter,
    private readonly from: readonly string[],
    private readonly options: BuildFeedOptions,
    checkpoint: Checkpoint | undefined,
  ) {
    this.#checkpoint = checkpoint
    this.#seen = checkpoint?.position ?? LOG_START
  }

  get name(): BuildName {
    return this.writer.name
  }

  /** Everything up to here has been handled, durably so far as there were events of ours. */
  get position(): Position {
    return this.#seen
  }

  get pace(): Pace {
    return this.options.pace ?? 'live'
  }

  /** Somebody waits for it to get further. */
  get hurried(): boolean {
    return this.#seen < this.#wantedAt
  }

  /** Where it stands in the store; the log's start when nothing was handled yet. */
  get checkpoint(): Checkpoint {
    return this.#checkpoint ?? { logId: this.options.logId, position: LOG_START, eventId: '' }
  }

  /** Events handled since it was opened, wanted or not. */
  get handled(): number {
    return this.#handled
  }

  /**
   * Handles those events that are later than its position; all of the log up to `upTo` has then been seen.
   * After an exception it must be thrown away and opened anew from what the store says.
   */
  handle(events: readonly RecordedEvent[], upTo: Position): Promise<void> {
    return this.exclusively(async () => {
      const later = eventsAfter(events, this.#seen)
      if (later.length > 0) {
        await this.apply(later)
        this.#handled += later.length
      }
      if (upTo > this.#seen) this.#seen = upTo
    })
  }

  /**
   * Runs between batches. Once something has failed, nothing more is done: what is in memory may be ahead of the store,
   * and the next batch would write it.
   */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#mutex.run(async () => {
      if (this.#failure !== undefined) throw this.#failure
      try {
        return await work()
      } catch (error) {
        this.#failure = error
        throw error
      }
    })
  }

  /**
   * Nothing up to `position` is put off any more. Resolves as soon as the store says that it stands there, or when it is
   * closed and will not get there.
   */
  async hurry(position: Position): Promise<void> {
    if (position > this.#wantedAt) this.#wantedAt = position
    if (this.#passed && this.#isAwaited) await this.exclusively(() => this.#recordPassed())
    if (this.checkpoint.position >= position || this.#closed) return
    await new Promise<void>((resolve) => this.#waiting.set(resolve, position))
  }

  get #isAwaited(): boolean {
    return this.checkpoint.position < this.#wantedAt
  }

  /** Waits for the batch under way, then lets go of the lease. */
  async close(): Promise<void> {
    this.#closed = true
    for (const resolve of this.#waiting.keys()) resolve()
    this.#waiting.clear()
    this.#cancelRecording?.()
    await this.exclusively(() => this.#recordPassed()).catch(() => {
      // Seen once more by whoever comes next.
    })
    await this.#mutex.run(() => this.writer.close())
  }

  /** Folds and commits, at once or in parts. */
  protected abstract apply(events: readonly RecordedEvent[]): Promise<void>

  /** @param last the last event handled; none: the checkpoint stays */
  protected async commit(writes: readonly DocumentWrite[], last?: RecordedEvent): Promise<void> {
    const checkpoint = last
      ? { logId: this.options.logId, position: last.position, eventId: last.id }
      : this.checkpoint
    await this.writer.commit(writes, checkpoint)
    this.#checkpoint = checkpoint
    this.#answerWaiting()
    if (checkpoint.position > this.#seen) this.#seen = checkpoint.position
    if (!last) return
    this.#passed = undefined
    this.#recordedAt = this.options.clock.now()
    this.options.onProgress?.(this.name, last.position)
  }

  /**
   * Most events mean nothing to a consumer, and a commit has its price. So that they were seen is recorded at once after a
   * quiet moment or while somebody waits for it, otherwise now and then; after a crash they are seen once more, to no effect.
   */
  protected async passOver(last: RecordedEvent): Promise<void> {
    const { clock } = this.options
    const since = clock.now() - this.#recordedAt
    if (since < 0 || since >= this.recordPassedAfterMs || this.#isAwaited) return this.commit([], last)
    const due = this.#passed !== undefined
    this.#passed = last
    if (due) return
    this.#cancelRecording = clock.after(this.recordPassedAfterMs - since, () => {
      this.exclusively(() => this.#recordPassed()).catch(() => {
        // The next batch meets the same failure, and drops the feed.
      })
    })
  }

  #answerWaiting(): void {
    for (const [resolve, position] of this.#waiting) {
      if (position > this.checkpoint.position) continue
      this.#waiting.delete(resolve)
      resolve()
    }
  }

  async #recordPassed(): Promise<void> {
    if (this.#passed) await this.commit([], this.#passed)
  }

  protected wants(event: RecordedEvent): boolean {
    for (const prefix of this.from) if (event.stream.startsWith(prefix)) return true
    return false
  }
}

function eventsAfter(events: readonly RecordedEvent[], position: Position): readonly RecordedEvent[] {
  const first = events[0]
  if (first === undefined || first.position > position) return events
  const start = events.findIndex((event) => event.position > position)
  return start === -1 ? [] : events.slice(start)
}
