import type { RecordedEvent } from '#libs/event-sourcing'
import type { Checkpoint, DocumentWrite, ProjectionWriter } from '#libs/read-store'
import { BuildFeed, ConsumerStopped, PoisonedEvent } from './build-feed.js'
import {
  type ParkedEvent,
  park,
  parkedEvent,
  parkedEvents,
  reasonOf,
  unpark,
  WHOLE_BUILD,
} from './parking.js'

export interface FeedOptions {
  logId: string
  /** Documents kept in memory per collection. */
  cacheDocuments: number
  /** A build that is not live yet stops at a poisoned event instead of parking its key. */
  building: boolean
}

/** What a feed needs from the store before its first batch. */
export interface OpeningState {
  checkpoint: Checkpoint | undefined
  parked: readonly ParkedEvent[]
}

/** What projections and views have in common: a batch is folded in memory, then written with its checkpoint. */
export abstract class ReadModelFeed extends BuildFeed {
  /** Where the whole build had stopped before; forgotten once it is past that event. */
  #stoppedAt: ParkedEvent[]
  protected building: boolean

  protected constructor(
    writer: ProjectionWriter,
    from: readonly string[],
    { logId, building }: FeedOptions,
    { checkpoint, parked }: OpeningState,
  ) {
    super(writer, from, logId, checkpoint)
    this.building = building
    this.#stoppedAt = parked.filter(({ key }) => key === WHOLE_BUILD)
  }

  /** The build answers now: where it can, it parks a poisoned event's key rather than stop. */
  parkFromNowOn(): void {
    this.building = false
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
    await this.commit(writes, last)
  }
}

export async function openingState(writer: ProjectionWriter): Promise<OpeningState> {
  return { checkpoint: await writer.checkpoint(), parked: await parkedEvents(writer) }
}
