import type { Position } from '#libs/event-sourcing'

/** How often another process' commits are looked for while somebody waits; the port promises 20 ms. */
export const POLL_MS = 10

interface Waiter {
  /** Waits for more than this. */
  readonly position: Position
  /** Whether what this process has committed since may be for him. */
  mayConcern(): boolean
}

/** Wakes those who wait for the log to grow. */
export class Arrivals {
  readonly #waiting = new Map<() => void, Waiter>()
  #timer: NodeJS.Timeout | undefined

  /** @param poll looks for commits of other connections, and calls `wake` when there are any */
  constructor(private readonly poll: () => void) {}

  /**
   * Resolves once the log is known to have more than `position`, or when the signal aborts.
   * @param mayConcern asked at each commit of this process; false: it is enough to learn of it with the next look
   */
  after(position: Position, signal?: AbortSignal, mayConcern: () => boolean = () => true): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener('abort', done)
        this.#waiting.delete(done)
        if (this.#waiting.size === 0) this.#stop()
        resolve()
      }
      if (signal?.aborted) return resolve()
      signal?.addEventListener('abort', done, { once: true })
      this.#waiting.set(done, { position, mayConcern })
      this.#timer ??= setInterval(this.poll, POLL_MS)
    })
  }

  /** Wakes those for whom there is something up to `head`. */
  wake(head: Position): void {
    for (const [done, { position }] of [...this.#waiting]) if (position < head) done()
  }

  /** The same after a commit of this process, of which is known whom it may concern. */
  committed(head: Position): void {
    for (const [done, { position, mayConcern }] of [...this.#waiting])
      if (position < head && mayConcern()) done()
  }

  /** Wakes everyone: nothing more will come. */
  end(): void {
    for (const done of [...this.#waiting.keys()]) done()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
