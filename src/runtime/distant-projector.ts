import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable } from '#libs/event-sourcing'
import type { Closer, HealthCheck } from '#libs/platform'
import { type RetryOutcome, requestRebuild } from '#libs/projections-runtime'
import type { BuildName, ReadStore } from '#libs/read-store'
import { projectionRegistry } from '#projections/registry'
import { ReadModelKeeper } from '../operation/read-model-keeper.js'
import { type ProjectorStatus, standingStill } from './projector.js'
import { NOTES, type ProjectorReport, type RetryAnswer, type RetryWish } from './projector-notes.js'
import { fromMessage } from './remote.js'

/** A projector reports every second; clocks of several machines may differ. */
const SILENT_AFTER_MS = 15_000
/** Long enough for a lease to change hands after a rebuild, on a slow server too. */
const ANSWER_WITHIN_MS = 30_000
const ANSWER_CHECK_MS = 50

/** The read models as kept by other processes: asked through the read store, which all share. */
export class DistantProjector extends ReadModelKeeper {
  constructor(
    private readonly readStore: ReadStore,
    private readonly now: () => number = Date.now,
  ) {
    super()
  }

  /** Of each build as told by who feeds it. @throws Unavailable `PROJECTOR.AWAY` when no projector reports */
  override async projectorStatus(): Promise<ProjectorStatus> {
    const reports = await this.#reports()
    if (reports.length === 0) {
      throw new Unavailable(
        'PROJECTOR.AWAY',
        `No projector has reported for ${SILENT_AFTER_MS / 1000} s: a process with LEDGERDESK_ROLE=projector is missing`,
        5,
      )
    }
    return {
      projections: told(reports.flatMap(({ status }) => status.projections)),
      policies: told(reports.flatMap(({ status }) => status.policies)),
    }
  }

  override async rebuild(projection: string): Promise<void> {
    await requestRebuild(this.readStore, projectionRegistry, projection)
  }

  /** @throws Unavailable `PROJECTION.NOT_HERE` when no projector takes it up in time */
  override async retryParked(projection: string, key?: string): Promise<RetryOutcome> {
    const id = randomUUID()
    const wish: RetryWish = { at: new Date(this.now()).toISOString(), projection, key }
    await this.readStore.putNote(NOTES.wish + id, wish)
    const deadline = performance.now() + ANSWER_WITHIN_MS
    while (performance.now() < deadline) {
      const answer = (await this.readStore.notes<RetryAnswer>(NOTES.answer + id)).get(NOTES.answer + id)
      if (answer) {
        await this.readStore.removeNote(NOTES.answer + id)
        if ('error' in answer) throw fromMessage(answer.error)
        return answer.outcome
      }
      await sleep(ANSWER_CHECK_MS)
    }
    await this.readStore.removeNote(NOTES.wish + id)
    throw new Unavailable(
      'PROJECTION.NOT_HERE',
      `No projector feeds ${projection} now; try again in a moment`,
    )
  }

  checks(): Record<string, HealthCheck> {
    return {
      'read store': async () => void (await this.#reports()),
      'read models': async () => standingStill(await this.projectorStatus()),
    }
  }

  closers(): Closer[] {
    return [{ name: 'read store', close: () => this.readStore.close() }]
  }

  async #reports(): Promise<ProjectorReport[]> {
    const reports = await this.readStore.notes<ProjectorReport>(NOTES.report)
    return [...reports.values()].filter(({ at }) => this.now() - Date.parse(at) < SILENT_AFTER_MS)
  }
}

/** One status of each build: that of its feeder, where there is one. */
function told<Status extends BuildName & { state: string }>(all: readonly Status[]): Status[] {
  const best = new Map<string, Status>()
  for (const status of all) {
    const key = `${status.projection}-v${status.version}-b${status.build}`
    if (best.get(key) === undefined || status.state !== 'standby') best.set(key, status)
  }
  return [...best.values()]
}
