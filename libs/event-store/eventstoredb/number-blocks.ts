import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Codec, type NewEvent, Unavailable } from '#libs/event-sourcing'
import { encodeAppend } from '../encode-append.js'
import type { NumberSeries } from '../event-store.js'
import { settle } from './settle.js'
import type { StreamAccess } from './stream-access.js'

/** Numbers that one process reserves at a time. */
const BLOCK_SIZE = 50
const MAX_TRIES = 50

/** A block of numbers was given to one process: it explains every number that has no record. */
export interface NumberBlockReserved {
  readonly type: 'NumberBlockReserved'
  readonly data: {
    /** Prefix of the streams that bear the numbers: `incident-`. */
    readonly series: string
    readonly first: number
    readonly last: number
    /** Numbers before the block that are not given out, since records with numbers of their own lie among them. */
    readonly skipped?: { readonly first: number; readonly last: number }
  }
}

/** Numbers for this process, taken from blocks that it has reserved in the stream `numbers-<kind>`. */
export class NumberBlocks {
  readonly #free = new Map<string, number[]>()
  readonly #refills = new Map<string, Promise<void>>()

  constructor(
    private readonly streams: StreamAccess,
    private readonly codec: Codec,
  ) {}

  /** @throws Unavailable */
  async take(series: NumberSeries): Promise<number> {
    const { streamPrefix } = series
    for (;;) {
      const number = this.#free.get(streamPrefix)?.shift()
      if (number !== undefined) return number
      let refill = this.#refills.get(streamPrefix)
      if (refill === undefined) {
        refill = this.#reserve(series).finally(() => this.#refills.delete(streamPrefix))
        this.#refills.set(streamPrefix, refill)
      }
      await refill
    }
  }

  /** A number that was not used after all. */
  giveBack({ streamPrefix }: NumberSeries, number: number): void {
    this.#free.get(streamPrefix)?.unshift(number)
  }

  async #reserve(series: NumberSeries): Promise<void> {
    const stream = `numbers-${series.streamPrefix.replace(/-$/, '')}`
    for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
      const [previous] = await this.streams.read(stream, { direction: 'backwards', limit: 1 })
      const next = previous === undefined ? 1 : (previous.data as NumberBlockReserved['data']).last + 1
      const first = await this.#firstFree(series, next)
      const block: NumberBlockReserved['data'] = {
        series: series.streamPrefix,
        first,
        last: first + BLOCK_SIZE - 1,
        ...(first > next ? { skipped: { first: next, last: first - 1 } } : {}),
      }
      const request = {
        stream,
        expectedRevision: previous === undefined ? ('noStream' as const) : previous.revision,
        events: [blockReserved(block)],
      }
      const append = encodeAppend(this.codec, request)
      const outcome = await settle(() => this.streams.append(append))
      if (outcome.kind === 'written') {
        this.#free.set(series.streamPrefix, await this.#unused(series, block))
        return
      }
      if (outcome.kind === 'unknown') break
      await sleep(Math.random() * Math.min(100, 5 * attempt))
    }
    throw new Unavailable(
      'EVENT_STORE.UNAVAILABLE',
      'The event store gives no numbers at present. Try again.',
    )
  }

  /**
   * The next number, or, when it is taken by records that brought their numbers along, the first behind them: found by
   * doubled steps and then by halving, so that a hundred thousand of them cost some thirty looks.
   */
  async #firstFree(series: NumberSeries, next: number): Promise<number> {
    if (!(await this.#isTaken(series, next))) return next
    let taken = next
    let step = 1
    while (await this.#isTaken(series, taken + step)) {
      taken += step
      step *= 2
    }
    let free = taken + step
    while (free - taken > 1) {
      const middle = Math.floor((taken + free) / 2)
      if (await this.#isTaken(series, middle)) taken = middle
      else free = middle
    }
    return free
  }

  /** Looks at each number of a block only when one of a few samples is taken: whoever meets a taken number skips it. */
  async #unused(series: NumberSeries, { first, last }: NumberBlockReserved['data']): Promise<number[]> {
    const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index)
    const samples = [last, Math.floor((first + last) / 2), first + 1]
    const taken = await Promise.all(samples.map((number) => this.#isTaken(series, number)))
    if (!taken.includes(true)) return numbers
    const all = await Promise.all(numbers.map((number) => this.#isTaken(series, number)))
    return numbers.filter((_, index) => !all[index])
  }

  async #isTaken(series: NumberSeries, number: number): Promise<boolean> {
    const stream = series.streamPrefix + series.format(number)
    return (await this.streams.read(stream, { limit: 1 })).length > 0
  }
}

function blockReserved(data: NumberBlockReserved['data']): NewEvent {
  return {
    id: randomUUID(),
    type: 'NumberBlockReserved',
    data,
    metadata: {
      actor: 'system:numbers',
      channel: 'api',
      occurredAt: new Date().toISOString(),
      commandId: randomUUID(),
      correlationId: randomUUID(),
      schemaVersion: 1,
    },
  }
}
