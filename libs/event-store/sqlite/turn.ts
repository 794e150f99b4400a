import { rmSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a busy writer stands back for one that waits. */
const STAND_BACK_MS = 20
/** A waiter writes the file anew with every try; an older one was left by a process that died. */
const STALE_MS = 1_000

/**
 * Fairness between writers of one file. SQLite's lock has no queue: a process that commits without pause takes the lock
 * again before another one's retry comes round. So a writer that could not get the lock says so by a file beside the
 * log, and the others, who look for it before each commit (one `stat`), stand back until it is gone.
 */
export class Turn {
  readonly #file: string
  #mine = false

  constructor(log: string) {
    this.#file = `${log}-waiting`
  }

  /** Says that this writer waits; said again with every try, so that it holds when another waiter is let through. */
  announce(): void {
    try {
      writeFileSync(this.#file, String(process.pid))
      this.#mine = true
    } catch {
      // The folder is not writable for us: polling goes on without the courtesy.
    }
  }

  /** This writer got the lock, or gave up. */
  done(): void {
    if (!this.#mine) return
    this.#mine = false
    rmSync(this.#file, { force: true })
  }

  /** Lets a waiting writer go first, for a short time at most. */
  async giveWay(): Promise<void> {
    if (this.#mine || !this.#someoneWaits()) return
    const end = performance.now() + STAND_BACK_MS
    while (performance.now() < end && this.#someoneWaits()) await sleep(1)
  }

  #someoneWaits(): boolean {
    const found = statSync(this.#file, { throwIfNoEntry: false })
    if (found === undefined) return false
    if (Date.now() - found.mtimeMs < STALE_MS) return true
    rmSync(this.#file, { force: true })
    return false
  }
}
