import { DateTime } from 'luxon'
import type { ImportMapping } from './mapping.js'

/**
 * Times come again: as the same minute of many rows, and on each row of one record. About 200 bytes each. When there are
 * so many, all are forgotten: keeping the ones used last would cost more than to parse some anew.
 */
const REMEMBERED_TIMES = 50_000

/** Thrown for a cell that is no time in the mapping's format. */
export class UnreadableTime extends Error {}

/**
 * Reads the source's times: local times of its zone into ISO 8601 UTC with milliseconds. A local time that its zone's
 * clocks skipped is taken as the same distance after the skip (Luxon's rule), one that they showed twice as the first.
 */
export class SourceTimes {
  readonly #known = new Map<string, string>()
  readonly #format: string
  readonly #parser: ReturnType<typeof DateTime.buildFormatParser>

  /** @param time without a format, where no column holds a time */
  constructor(private readonly time: Pick<ImportMapping['time'], 'format' | 'zone'>) {
    this.#format = time.format ?? ''
    this.#parser = DateTime.buildFormatParser(this.#format, { locale: 'en' })
  }

  /** @throws UnreadableTime */
  toInstant(text: string): string {
    let instant = this.#known.get(text)
    if (instant === undefined) {
      instant = this.#parse(text)
      if (this.#known.size >= REMEMBERED_TIMES) this.#known.clear()
      this.#known.set(text, instant)
    }
    return instant
  }

  #parse(text: string): string {
    const local = DateTime.fromFormatParser(text, this.#parser, { zone: this.time.zone, locale: 'en' })
    if (!local.isValid) throw new UnreadableTime(`"${text}" is no time of the form ${this.#format}`)
    // Which of two Luxon takes depends on the season in which it is asked.
    const [first = local] = local.getPossibleOffsets().sort((a, b) => a.toMillis() - b.toMillis())
    return new Date(first.toMillis()).toISOString()
  }
}
