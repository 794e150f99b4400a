import type { LedgerdeskError } from '#libs/event-sourcing'
import { Unavailable } from '#libs/event-sourcing'
import type { RetryOutcome } from '#libs/projections-runtime'
import type { ReadStore } from '#libs/read-store'
import type { ProjectorStatus } from './projector.js'
import { toMessage } from './remote.js'

/** Beginnings of the names of notes between projectors and those who ask for something. */
export const NOTES = { report: 'projector/', wish: 'retry-wish/', answer: 'retry-answer/' } as const

/** Nobody waits for longer for what has become of a wish. */
const FORGOTTEN_AFTER_MS = 60_000

/** How a projector stands, as it says itself. */
export interface ProjectorReport {
  /** ISO 8601. */
  at: string
  status: ProjectorStatus
}

/** Parked events are to be folded again by whoever has the lease. */
export interface RetryWish {
  at: string
  projection: string
  key?: string
}

export type RetryAnswer =
  | { at: string; outcome: RetryOutcome }
  | { at: string; error: ReturnType<typeof toMessage> }

/** What of a projector its notes are about. */
export interface NotingProjector {
  status(): Promise<ProjectorStatus>
  /** @throws Unavailable `PROJECTION.NOT_HERE` */
  retryParked(projection: string, key?: string): Promise<RetryOutcome>
}

/** The projector's end of the notes: says how it stands, and takes up what others ask for. */
export class ProjectorNotes {
  constructor(
    private readonly readStore: ReadStore,
    private readonly owner: string,
    private readonly projector: NotingProjector,
    private readonly now: () => number = Date.now,
  ) {}

  async report(): Promise<void> {
    const note: ProjectorReport = { at: this.#time(), status: await this.projector.status() }
    await this.readStore.putNote(NOTES.report + this.owner, note)
  }

  /** It is going away: nobody should wait for its next report. */
  async end(): Promise<void> {
    await this.readStore.removeNote(NOTES.report + this.owner)
  }

  async takeUpWishes(): Promise<void> {
    for (const [name, wish] of await this.readStore.notes<RetryWish>(NOTES.wish)) {
      if (this.#isForgotten(wish)) await this.readStore.removeNote(name)
      else await this.#takeUp(name, wish)
    }
  }

  /** Removes what processes that are gone have left behind. */
  async tidyUp(): Promise<void> {
    for (const prefix of [NOTES.report, NOTES.answer])
      for (const [name, note] of await this.readStore.notes<{ at: string }>(prefix))
        if (this.#isForgotten(note)) await this.readStore.removeNote(name)
  }

  async #takeUp(name: string, { projection, key }: RetryWish): Promise<void> {
    const answered = NOTES.answer + name.slice(NOTES.wish.length)
    try {
      const outcome = await this.projector.retryParked(projection, key)
      await this.readStore.putNote(answered, { at: this.#time(), outcome } satisfies RetryAnswer)
    } catch (error) {
      // Whoever has the lease sees the wish as well
      if (error instanceof Unavailable && error.code === 'PROJECTION.NOT_HERE') return
      await this.readStore.putNote(answered, {
        at: this.#time(),
        error: toMessage(error as LedgerdeskError),
      } satisfies RetryAnswer)
    }
    await this.readStore.removeNote(name)
  }

  #time(): string {
    return new Date(this.now()).toISOString()
  }

  #isForgotten({ at }: { at: string }): boolean {
    return this.now() - Date.parse(at) > FORGOTTEN_AFTER_MS
  }
}
