import { setTimeout as sleep } from 'node:timers/promises'
import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'

export interface FollowOptions {
  /** Stream prefixes of the categories to fold. */
  prefixes: readonly string[]
  /**
   * Folds one event. Applying an event of a stream again, or a late one and then its successors again, must end in the
   * same state; see {@link Follower.applyOwn}.
   */
  apply(event: RecordedEvent): void
  /** Told why reading stopped; it is tried again after `retryAfter` milliseconds (default 1000), for ever. */
  onError?(error: unknown): void
  retryAfter?: number
}

/** Keeps a fold in memory level with the log: reads what is there, then follows. */
export function follow(store: EventStore, options: FollowOptions): Follower {
  return new Follower(store, options)
}

export class Follower {
  /** Resolves when everything has been folded that stood in the log at the start; rejects when stopped before. */
  readonly ready: Promise<void>
  /** Up to here the log has been folded. Own events may have been applied ahead of it. */
  get position(): Position {
    return this.reached
  }

  private reached = LOG_START
  /** Own events that the log has not handed out yet, in log order per stream. */
  private readonly ahead = new Map<string, RecordedEvent[]>()
  private readonly stopping = new AbortController()
  private readonly running: Promise<void>

  constructor(
    private readonly store: EventStore,
    private readonly options: FollowOptions,
  ) {
    let caughtUp = () => {}
    this.ready = new Promise((resolve, reject) => {
      caughtUp = resolve
      this.stopping.signal.addEventListener('abort', () =>
        reject(new Error('Stopped before the log was read')),
      )
    })
    this.ready.catch(() => {})
    this.running = this.run(caughtUp)
  }

  /**
   * Applies events that this process appended, before the log hands them out, so that the command's answer finds them
   * in force. Each counts once. Should an event of another process turn up later that stands before them in the same
   * stream, it is applied and they are applied again, which ends in the log's order.
   */
  applyOwn(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      if (event.position <= this.reached || !this.concerns(event.stream)) continue
      const waiting = this.ahead.get(event.stream) ?? []
      if (waiting.some(({ position }) => position === event.position)) continue
      this.ahead.set(event.stream, [...waiting, event].sort(byRevision))
      this.options.apply(event)
      this.reapplyAfter(event)
    }
  }

  /** Whether it folds the events of that stream. */
  concerns(stream: string): boolean {
    return this.options.prefixes.some((prefix) => stream.startsWith(prefix))
  }

  /** Resolves when nothing more will be applied. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async run(caughtUp: () => void): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      try {
        await this.readToHead()
        caughtUp()
        const { prefixes } = this.options
        for await (const batch of this.store.subscribe({ prefixes, after: this.reached, signal })) {
          this.take(batch.events, batch.position)
        }
      } catch (error) {
        if (!signal.aborted) this.options.onError?.(error)
      }
      // A subscription that ended, with or without an error, is taken up again from where we are.
      await sleep(this.options.retryAfter ?? 1000, undefined, { signal }).catch(() => {})
    }
  }

  private async readToHead(): Promise<void> {
    const upTo = await this.store.head()
    while (this.reached < upTo && !this.stopping.signal.aborted) {
      const { prefixes } = this.options
      const page = await this.store.readAll({ prefixes, after: this.reached, upTo, limit: 1000 })
      this.take(page.events, page.position)
      if (page.end) return
    }
  }

  private take(events: readonly RecordedEvent[], position: Position): void {
    for (const event of events) {
      if (!this.appliedAhead(event)) {
        this.options.apply(event)
        this.reapplyAfter(event)
      }
      this.reached = event.position
    }
    this.reached = position
  }

  /** Strikes the event off the list of own ones; false when it is not on it. */
  private appliedAhead(event: RecordedEvent): boolean {
    const waiting = this.ahead.get(event.stream)
    const left = waiting?.filter(({ position }) => position !== event.position)
    if (waiting === undefined || left === undefined || left.length === waiting.length) return false
    if (left.length > 0) this.ahead.set(event.stream, left)
    else this.ahead.delete(event.stream)
    return true
  }

  private reapplyAfter({ stream, revision }: RecordedEvent): void {
    for (const own of this.ahead.get(stream) ?? []) if (own.revision > revision) this.options.apply(own)
  }
}

function byRevision(a: RecordedEvent, b: RecordedEvent): number {
  return a.revision - b.revision
}
