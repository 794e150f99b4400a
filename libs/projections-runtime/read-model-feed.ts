import { LedgerdeskError, type RecordedEvent } from '#libs/event-sourcing'
import type { Checkpoint, DocumentWrite, ProjectionWriter } from '#libs/read-store'
import { BuildFeed, type BuildFeedOptions, ConsumerStopped, PoisonedEvent } from './build-feed.js'
import {
  type ParkedEvent,
  park,
  parkedEvent,
  parkedEvents,
  reasonOf,
  unpark,
  WHOLE_BUILD,
} from './parking.js'

export interface FeedOptions extends BuildFeedOptions {
  /** Another build answers in the meantime. */
  building: boolean
}

/** What a feed needs from the store before its first batch. */
export interface OpeningState {
  checkpoint: Checkpoint | undefined
  /** Its indexes are left out for now, so that nothing can be asked of it. */
  loading: boolean
  parked: readonly ParkedEvent[]
}

/** What projections and views have in common: a batch is folded in memory, then written with its checkpoint. */
export abstract class ReadModelFeed extends BuildFeed {
  /** Who asks for a `minPosition` that concerns another read model may wait so long. */
  protected readonly recordPassedAfterMs = 200
  /** Where the whole build had stopped before; forgotten once it is past that event. */
  #stoppedAt: readonly ParkedEvent[]
  #loading: boolean
  #building: boolean

  protected constructor(
    writer: ProjectionWriter,
    from: readonly string[],
    options: FeedOptions,
    { checkpoint, loading, parked }: OpeningState,
  ) {
    super(writer, from, options, checkpoint)
    this.#building = options.building
    this.#loading = loading
    this.#stoppedAt = parked.filter(({ key }) => key === WHOLE_BUILD)
  }

  get loading(): boolean {
    return this.#loading
  }

  /** While nobody relies on the build, a poisoned event stops it: better to mend it than to go live with a gap. */
  protected get stopsAtPoison(): boolean {
    return this.#building || this.#loading
  }

  /** The build answers now: where it can, it parks a poisoned event's key rather than stop. */
  goLive(): void {
    this.#building = false
  }

  /** Ends a bulk load. May take seconds, in which the log goes on. */
  finishLoading(): Promise<void> {
    return this.exclusively(async () => {
      await this.writer.finishBulkLoad()
      this.#loading = false
      const parked = await parkedEvents(this.writer)
      const passed = parked.filter(({ position }) => position <= this.position)
      this.#stoppedAt = parked.filter((entry) => !passed.includes(entry))
      if (passed.length > 0) await this.commit(passed.map(unpark))
    })
  }

  /** Folds events that follow the checkpoint. @throws PoisonedEvent */
  protected abstract fold(events: readonly RecordedEvent[]): Promise<DocumentWrite[]>

  /** Forgets what it holds in memory. */
  protected abstract forget(): void

  protected async apply(events: readonly RecordedEvent[]): Promise<void> {
    try {
      const writes = await this.fold(events)
      await this.#commit(writes, events.at(-1)!)
    } catch (error) {
      if (!(error instanceof PoisonedEvent)) throw error
      await this.#stop(events, error)
    }
  }

  /** Keeps what came before the poisoned event, says why it goes no further, and stops. */
  async #stop(events: readonly RecordedEvent[], { event, reason }: PoisonedEvent): Promise<never> {
    this.forget()
    const before = events.slice(0, events.indexOf(event))
    const writes = before.length > 0 ? await this.fold(before) : []
    await this.#commit([...writes, park(parkedEvent(WHOLE_BUILD, event, reason))], before.at(-1))
    const { projection } = this.name
    throw new ConsumerStopped(
      'PROJECTION.POISONED',
      `${projection} stopped at event ${event.id} (${event.type}, position ${event.position}): ${reasonOf(reason)}. ` +
        'Mend the definition and start again.',
      { projection, eventId: event.id, position: event.position, reason: reasonOf(reason) },
    )
  }

  async #commit(writes: DocumentWrite[], last: RecordedEvent | undefined): Promise<void> {
    if (last && this.#stoppedAt.length > 0) {
      for (const entry of this.#stoppedAt) if (entry.position <= last.position) writes.push(unpark(entry))
      this.#stoppedAt = this.#stoppedAt.filter(({ position }) => position > last.position)
    }
    // What takes over from another build must stand as far as that one.
    if (last && writes.length === 0 && !this.stopsAtPoison) await this.passOver(last)
    else await this.commit(writes, last)
  }
}

export async function openingState(writer: ProjectionWriter): Promise<OpeningState> {
  const checkpoint = await writer.checkpoint()
  try {
    return { checkpoint, loading: false, parked: await parkedEvents(writer) }
  } catch (error) {
    if (error instanceof LedgerdeskError && error.code === 'READ_STORE.LOADING')
      return { checkpoint, loading: true, parked: [] }
    throw error
  }
}
