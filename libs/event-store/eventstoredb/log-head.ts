import { type AllStreamResolvedEvent, BACKWARDS, END } from '@eventstore/db-client'
import { LOG_START, laterPosition, type Position, toPosition } from '#libs/event-sourcing'
import type { Connection } from './connection.js'
import type { StoredEvents } from './stored-events.js'

/** How many times more of the server's log is read, when no event of ours was among its last. */
const WIDER = 8

/**
 * Finds the last event of ours in a log that others write too. What was searched once is not searched again, so that a
 * look costs no more than what was written since the last one.
 */
export class LogHead {
  #known: Position = LOG_START
  #searched: Position
  #looking: Promise<Position> | undefined
  #next: Promise<Position> | undefined

  /** @param birth where the log's first record stands: nothing of ours is before it */
  constructor(
    private readonly connection: Connection,
    private readonly events: StoredEvents,
    readonly birth: Position,
  ) {
    this.#searched = birth
  }

  /** The latest place of an event of ours that was seen so far; {@link LOG_START} when none was. */
  get known(): Position {
    return this.#known
  }

  /** An event of ours was seen here. */
  saw(position: Position): void {
    this.#known = laterPosition(this.#known, position)
    this.#searched = laterPosition(this.#searched, position)
  }

  /**
   * The last event of ours, as of a moment after the call: those who ask while a look is under way share the next one.
   * Rejects with the client's own errors.
   */
  look(): Promise<Position> {
    if (this.#looking === undefined) {
      this.#looking = this.#search().finally(() => {
        this.#looking = undefined
      })
      return this.#looking
    }
    this.#next ??= this.#looking
      .catch(() => {})
      .then(() => {
        this.#next = undefined
        return this.look()
      })
    return this.#next
  }

  async #search(): Promise<Position> {
    for (let count = 1; ; count *= WIDER) {
      const last = await this.#read(count)
      const found = last.find((resolved) => this.events.isOurs(resolved))
      const end = last[0] && placeOf(last[0])
      const reached = last.length < count || placeOf(last[last.length - 1]!) <= this.#searched
      if (found !== undefined) this.saw(placeOf(found))
      if (found !== undefined || reached) {
        if (end !== undefined) this.#searched = laterPosition(this.#searched, end)
        return this.#known
      }
    }
  }

  #read(count: number): Promise<AllStreamResolvedEvent[]> {
    const read = this.connection.readAll({
      direction: BACKWARDS,
      fromPosition: END,
      maxCount: count,
    })
    return this.connection.collect('Reading the end of the log', read)
  }
}

function placeOf({ event, commitPosition }: AllStreamResolvedEvent): Position {
  return toPosition(event?.position.commit ?? commitPosition ?? 0n)
}
