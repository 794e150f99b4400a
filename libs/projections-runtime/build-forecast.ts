import type { Position } from '#libs/event-sourcing'
import type { BuildName } from '#libs/read-store'
import { buildKey } from './build-plan.js'
import type { Clock } from './clock.js'

/** How far a build is on its way to a position. Estimates, for people. */
export interface BuildProgress {
  /** 0 to 1. */
  share: number
  /** At the pace at which it was seen to get on; undefined: it was not seen for long enough, or stands still. */
  secondsLeft: number | undefined
}

/** What was seen within less tells no pace. */
const SHORTEST_MS = 1_000
/** What was seen longer ago tells nothing of now. */
const LONGEST_MS = 60_000

interface Sighting {
  at: number
  position: Position
  /** The furthest that anybody has wanted it to be since. A build that is there has been level: its pace was that of the events which came. */
  wanted: Position
}

/** Tells how far builds are, and when they will be there, from where they were seen before. */
export class BuildForecast {
  readonly #seen = new Map<string, Sighting>()

  constructor(private readonly clock: Clock) {}

  /** How far a build that stands at `position` now is on its way to `target`. */
  progress(build: BuildName, position: Position, target: Position): BuildProgress {
    const now = { at: this.clock.now(), position, wanted: target }
    const key = buildKey(build)
    const before = this.#seen.get(key)
    if (before === undefined || !tellsOf(before, now)) {
      this.#seen.set(key, now)
      return { share: shareOf(position, target), secondsLeft: undefined }
    }
    if (target > before.wanted) before.wanted = target
    return { share: shareOf(position, target), secondsLeft: secondsLeft(before, now, target) }
  }
}

/** Whether what was seen before says how fast a build gets on that is on its way. */
function tellsOf(before: Sighting, now: Sighting): boolean {
  const elapsed = now.at - before.at
  return elapsed >= 0 && elapsed <= LONGEST_MS && now.position < before.wanted
}

/** Positions rise with the log's length in both shapes; only as such, and only for people, are they computed with. */
export function shareOf(position: Position, target: Position): number {
  return Math.min(1, Number(position) / Math.max(1, Number(target)))
}

function secondsLeft(before: Sighting, now: Sighting, target: Position): number | undefined {
  const elapsed = now.at - before.at
  const done = Number(now.position) - Number(before.position)
  if (elapsed < SHORTEST_MS || done <= 0) return undefined
  const left = Math.max(0, Number(target) - Number(now.position))
  return (left / done) * (elapsed / 1000)
}

/** In words: `42 %, about 35 s left`. */
export function progressInWords({ share, secondsLeft }: BuildProgress): string {
  const percent = `${Math.floor(share * 100)} %`
  return secondsLeft === undefined ? percent : `${percent}, about ${Math.ceil(secondsLeft)} s left`
}
