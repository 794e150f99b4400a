import type { Clock } from '#libs/projections-runtime'

/** A clock that stands still until told otherwise, and then wakes those who wait, in the order of their times. */
export class FakeClock implements Clock {
  #now: number
  readonly #waiting = new Set<{ at: number; wake: () => void }>()

  constructor(start = '2026-01-01T00:00:00.000Z') {
    this.#now = Date.parse(start)
  }

  now(): number {
    return this.#now
  }

  /** ISO 8601, UTC, milliseconds. */
  iso(): string {
    return new Date(this.#now).toISOString()
  }

  after(milliseconds: number, wake: () => void): () => void {
    const entry = { at: this.#now + milliseconds, wake }
    this.#waiting.add(entry)
    return () => this.#waiting.delete(entry)
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Lets time pass, waking every waiter at its own time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (let next = this.#earliest(end); next !== undefined; next = this.#earliest(end)) {
      this.#waiting.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = end
  }

  /** Sets the time without passing through what lies between, as a host does that slept or whose clock was corrected; back, too: waits last no longer then. */
  jumpTo(time: string): void {
    const to = Date.parse(time)
    if (to < this.#now) for (const entry of this.#waiting) entry.at += to - this.#now
    this.#now = to
  }

  #earliest(end: number) {
    let earliest: { at: number; wake: () => void } | undefined
    for (const entry of this.#waiting)
      if (entry.at <= end && (earliest === undefined || entry.at < earliest.at)) earliest = entry
    return earliest
  }
}
