import type { Position } from '#libs/event-sourcing'
import type { BuildName } from '#libs/read-store'
import { BuildForecast, progressInWords, shareOf } from './build-forecast.js'
import type { Clock } from './clock.js'

/** A build that has not reached the end of the log. */
export interface BuildBehind {
  readonly name: BuildName
  readonly position: Position
}

const EVERY_MS = 10_000
/** So many are named, those with the most before them first. */
const MOST_NAMED = 5

/**
 * Says now and then how far the builds are that are not level with the log: after an upgrade, a restore or a large import that takes
 * minutes, and whoever waits for it is to see that it gets on. Of what is level within seconds nothing is said.
 */
export class CatchUpReport {
  readonly #forecast: BuildForecast
  #dueAt: number | undefined
  #told = false

  constructor(private readonly clock: Clock) {
    this.#forecast = new BuildForecast(clock)
  }

  /** What there is to say now, if anything. */
  next(behind: readonly BuildBehind[], head: Position): string | undefined {
    if (behind.length === 0) return this.#level()
    const now = this.clock.now()
    this.#dueAt ??= now + EVERY_MS
    const progress = behind
      .map(({ name, position }) => ({ name, position, ...this.#forecast.progress(name, position, head) }))
      .sort((one, other) => shareOf(one.position, head) - shareOf(other.position, head))
    if (now < this.#dueAt) return undefined
    this.#dueAt = now + EVERY_MS
    this.#told = true
    const named = progress
      .slice(0, MOST_NAMED)
      .map((each) => `${each.name.projection} ${progressInWords(each)}`)
    const others = progress.length > MOST_NAMED ? `; and ${progress.length - MOST_NAMED} more` : ''
    return `Read models catch up with the log: ${named.join('; ')}${others}`
  }

  #level(): string | undefined {
    this.#dueAt = undefined
    if (!this.#told) return undefined
    this.#told = false
    return 'Read models are level with the log'
  }
}
