import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { Clock } from './clock.js'

/** How long an event may wait for those that are not hurried. */
export const UNHURRIED_MS = 250

/**
 * Of many events one consumer gets so many at once, some 10 ms of the dearest one; when more have come together than it
 * can keep up with, a quarter of them, for a batch has a price of its own, but no more than it handled in {@link PART_MS} the last time:
 * while others want the processor a quarter of all that is kept took it 1.5 s.
 */
export const EVENTS_AT_ONCE = 128
const PARTS_OF_MANY = 4
const PART_MS = 100

export interface UnhurriedConsumer {
  /** Everything up to here has been handled. */
  readonly position: Position
  /** Somebody waits for it to get further. */
  readonly hurried?: boolean
}

/** How it stands with one consumer. */
interface Standing {
  /** When it last had a turn. */
  lastGiven: number
  /** Up to where it gets its own, if it got a part: to what was there as its turn came, lest others wait for what comes meanwhile. */
  turnEnd?: Position
  /** How many events it handles in {@link PART_MS}, as of its last part. */
  affordable?: number
}

interface Batch {
  readonly events: readonly RecordedEvent[]
  readonly position: Position
}

/**
 * Keeps new events for consumers that nobody waits for, so that each gets many at once: a batch has a price of its own,
 * and what several events change is written once. An event waits for {@link UNHURRIED_MS} at most, and not at all after
 * a quiet moment or for whoever is hurried. They get theirs one after the other, who has waited longest first, and many
 * events in parts, with a turn of the event loop between two: whoever follows the log live is held up by one part at most.
 * When too many are kept, whoever is furthest behind is let go of, to read the log for itself.
 */
export class UnhurriedConsumers<Consumer extends UnhurriedConsumer> {
  readonly #consumers = new Map<Consumer, Standing>()
  #kept: Batch[] = []
  #keptEvents = 0
  #upTo: Position = LOG_START
  #giving: Promise<void> | undefined
  #cancelAlarm: (() => void) | undefined
  #stopped = false

  /**
   * @param hand gives events to a consumer, which heeds none that it has handled; must not reject
   * @param mostEvents that are kept
   */
  constructor(
    private readonly hand: (
      consumer: Consumer,
      events: readonly RecordedEvent[],
      upTo: Position,
    ) => Promise<void>,
    private readonly clock: Clock,
    private readonly mostEvents: number,
  ) {}

  /** It has handled all up to `level`, which is where the next batch begins. */
  add(consumer: Consumer, level: Position): void {
    if (this.#consumers.size === 0) this.#forget(level)
    this.#consumers.set(consumer, { lastGiven: Number.NEGATIVE_INFINITY })
  }

  delete(consumer: Consumer): void {
    this.#consumers.delete(consumer)
  }

  /**
   * Takes the batch that follows the last one.
   * @returns those that get nothing more from here, for more is kept for them than may be
   */
  take(batch: Batch): Consumer[] {
    this.#upTo = batch.position
    if (this.#consumers.size === 0) return []
    this.#kept.push(batch)
    this.#keptEvents += batch.events.length
    const letGo = this.#makeRoom()
    this.look()
    return letGo
  }

  /** Gives events to those whose turn it is, and sees to it that the others get theirs in time. */
  look(): void {
    this.#cancelAlarm?.()
    if (this.#giving || this.#stopped) return
    const first = this.#first()
    if (!first) return
    const wait = this.#waits(first)
    if (wait > 0) this.#cancelAlarm = this.clock.after(wait, () => this.look())
    else
      this.#giving = this.#giveAllDue().finally(() => {
        this.#giving = undefined
        this.look()
      })
  }

  /** Ends after the batch under way; what is kept is read once more by whoever goes on. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelAlarm?.()
    await this.#giving
  }

  async #giveAllDue(): Promise<void> {
    for (;;) {
      const next = this.#first()
      if (!next || this.#stopped || this.#waits(next) > 0) return
      await this.#givePart(next)
    }
  }

  /** Whose turn comes first, of those for whom there is something. */
  #first(): Consumer | undefined {
    let first: Consumer | undefined
    for (const consumer of this.#consumers.keys())
      if (consumer.position < this.#upTo && (!first || this.#isBefore(consumer, first))) first = consumer
    return first
  }

  #makeRoom(): Consumer[] {
    const letGo: Consumer[] = []
    while (this.#keptEvents > this.mostEvents) {
      const last = this.#last()
      this.delete(last)
      letGo.push(last)
      this.#release()
    }
    return letGo
  }

  /** Who is furthest behind. */
  #last(): Consumer {
    const consumers = [...this.#consumers.keys()]
    return consumers.reduce((last, one) => (one.position < last.position ? one : last))
  }

  #isBefore(one: Consumer, other: Consumer): boolean {
    const hurried = Number(other.hurried ?? false) - Number(one.hurried ?? false)
    return hurried === 0 ? this.#standing(one).lastGiven < this.#standing(other).lastGiven : hurried < 0
  }

  #standing(consumer: Consumer): Standing {
    return this.#consumers.get(consumer) as Standing
  }

  /** Milliseconds until its turn, 0 or less: now. */
  #waits(consumer: Consumer): number {
    const since = this.clock.now() - this.#standing(consumer).lastGiven
    // A clock that was put back tells nothing
    return consumer.hurried || since < 0 ? 0 : UNHURRIED_MS - since
  }

  /** What is kept that it has not handled. */
  #due({ position }: Consumer): Batch {
    const later = this.#kept.filter((batch) => batch.position > position)
    const events = later.flatMap((batch) => batch.events.filter((event) => event.position > position))
    return { events, position: this.#upTo }
  }

  /** Gives a consumer the next of what it has not handled, and then the event loop to whoever else wants it. */
  async #givePart(consumer: Consumer): Promise<void> {
    const standing = this.#standing(consumer)
    const { events, position } = firstPart(this.#due(consumer), standing.affordable)
    standing.turnEnd ??= this.#upTo
    const started = performance.now()
    await this.hand(consumer, events, position)
    standing.affordable = (events.length * PART_MS) / (performance.now() - started)
    if (consumer.position >= standing.turnEnd) {
      standing.turnEnd = undefined
      standing.lastGiven = this.clock.now()
    }
    this.#release()
    await turnOfTheLoop()
  }

  /** Lets go of what all have handled. */
  #release(): void {
    const consumers = [...this.#consumers.keys()]
    this.#kept = this.#kept.filter(({ position }) => consumers.some((one) => one.position < position))
    this.#keptEvents = this.#kept.reduce((sum, { events }) => sum + events.length, 0)
  }

  #forget(level: Position): void {
    this.#kept = []
    this.#keptEvents = 0
    this.#upTo = level
  }
}

/** @param affordable events that it can be given at once; absent: that is not known yet */
function firstPart(batch: Batch, affordable = EVENTS_AT_ONCE): Batch {
  const size = Math.max(EVENTS_AT_ONCE, Math.floor(Math.min(batch.events.length / PARTS_OF_MANY, affordable)))
  if (batch.events.length <= size) return batch
  const events = batch.events.slice(0, size)
  return { events, position: events[size - 1]!.position }
}
