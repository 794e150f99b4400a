import type { Position } from '#libs/event-sourcing'
import type { BuildName } from '#libs/read-store'
import { BuildForecast, progressInWords } from './build-forecast.js'
import { buildKey } from './build-plan.js'
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
  /** The keys of those of which it was said that they catch up, and not yet that they are level. */
  readonly #told = new Set<string>()

  constructor(private readonly clock: Clock) {
    this.#forecast = new BuildForecast(clock)
  }

  /** What there is to say now, if anything, of builds of which some are behind. */
  catchingUp(behind: readonly BuildBehind[], head: Position): string | undefined {
    const now = this.clock.now()
    this.#dueAt ??= now + EVERY_MS
    const progress = behind
      .map(({ name, position }) => ({ name, ...this.#forecast.progress(name, position, head) }))
      .sort((one, other) => one.share - other.share)
    if (now < this.#dueAt) return undefined
    this.#dueAt = now + EVERY_MS
    for (const { name } of behind) this.#told.add(buildKey(name))
    const named = progress
      .slice(0, MOST_NAMED)
      .map((each) => `${each.name.projection} ${progressInWords(each)}`)
    const others = progress.length > MOST_NAMED ? `; and ${progress.length - MOST_NAMED} more` : ''
    return `Read models catch up with the log: ${named.join('; ')}${others}`
  }

  /**
   * What there is to say now, if anything, when none is on its way any more. Names those that are level: others may have stopped, or
   * be tried again, or another thread may have them.
   */
  arrived(level: readonly BuildName[]): string | undefined {
    this.#dueAt = undefined
    const named = level.filter((name) => this.#told.delete(buildKey(name)))
    if (named.length === 0) return undefined
    return `Read models are level with the log: ${named.map(({ projection }) => projection).join('; ')}`
  }
}
