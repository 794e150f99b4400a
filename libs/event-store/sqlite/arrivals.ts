import type { Position } from '#libs/event-sourcing'

/** How often another process' commits are looked for while somebody waits; the port promises 20 ms. */
export const POLL_MS = 10

/** Wakes those who wait for the log to grow. */
export class Arrivals {
  /** Who waits, and for what to be exceeded. */
  readonly #waiting = new Map<() => void, Position>()
  #timer: NodeJS.Timeout | undefined

  /** @param poll looks for commits of other connections, and calls `wake` when there are any */
  constructor(private readonly poll: () => void) {}

  /** Resolves once the log is known to have more than `position`, or when the signal aborts. */
  after(position: Position, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener('abort', done)
        this.#waiting.delete(done)
        if (this.#waiting.size === 0) this.#stop()
        resolve()
      }
      if (signal?.aborted) return resolve()
      signal?.addEventListener('abort', done, { once: true })
      this.#waiting.set(done, position)
      this.#timer ??= setInterval(this.poll, POLL_MS)
    })
  }

  /** Wakes those for whom there is something up to `head`. */
  wake(head: Position): void {
    for (const [done, position] of [...this.#waiting]) if (position < head) done()
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
