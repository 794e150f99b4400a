import type { Command, Position } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { Closer, HealthCheck, Logger, Metrics } from '#libs/platform'
import { buildKey, type RetryOutcome } from '#libs/projections-runtime'
import { ReadModelKeeper } from '../operation/read-model-keeper.js'
import type { Dispatcher } from './dispatcher.js'
import { type ProjectorStatus, standingStill } from './projector.js'
import type { ProjectorThreadData } from './projector-thread.js'
import { logNotice, Rebuilder } from './rebuilder.js'
import { FRUGAL_LIMITS, SupervisedThread, type ThreadData } from './threads.js'

/** What the projector's threads work with. */
export interface LocalProjectorOptions {
  eventStore: EventStore
  dispatcher: Dispatcher
  /** Of a thread by its name. */
  data(thread: string): ThreadData
  /** Whether other processes are told how it stands. */
  reports: boolean
  /** Whether anybody can be told of anything. */
  notifies: boolean
  logger: Logger
}

/**
 * Documents kept in memory per collection by what answers: a desk works on fewer records at a time. Threads that rebuild a history, or
 * import one, keep more of them, for its records' events lie far apart.
 */
export const LIVE_DOCUMENTS = 4_000

/** Read models and policies, kept by threads of this process. */
export class LocalProjector extends ReadModelKeeper {
  private readonly thread: SupervisedThread
  private readonly rebuilder: Rebuilder

  constructor({ eventStore, dispatcher, data, reports, notifies, logger }: LocalProjectorOptions) {
    super()
    const script = new URL('./projector-thread.js', import.meta.url)
    const projector: ProjectorThreadData = {
      ...data('projector'),
      policies: true,
      reports,
      notifies,
      cacheDocuments: LIVE_DOCUMENTS,
    }
    const procedures = {
      dispatch: (command: Command) => dispatcher.dispatch(command),
      notice: logNotice(logger),
      building: (projections: readonly string[]) => this.rebuilder.start(projections),
      rememberStart: (stream: string, metadata: Record<string, unknown>) =>
        eventStore.setStreamMetadata(stream, metadata),
    }
    this.thread = new SupervisedThread(script, projector, logger, procedures, FRUGAL_LIMITS)
    this.rebuilder = new Rebuilder(data, logger, () => this.thread.tell('refresh'))
    eventStore.onAppended(() => {
      this.thread.tell('appended')
      this.rebuilder.tell('appended')
    })
  }

  get ready(): Promise<void> {
    return this.thread.ready
  }

  /** Somebody waits for a read model to stand at `position`. Resolves when it is worth looking whether it does. */
  hurry(projection: string, position: Position): Promise<void> {
    return this.thread.call('hurry', projection, position)
  }

  override async projectorStatus(): Promise<ProjectorStatus> {
    const [{ projections, policies }, fed] = await Promise.all([this.keptStatus(), this.rebuilder.status()])
    const building = new Map(fed.map((status) => [buildKey(status), status]))
    const withBuilding = projections.map((status) =>
      status.status === 'building' ? (building.get(buildKey(status)) ?? status) : status,
    )
    return { projections: withBuilding, policies }
  }

  /** As the projector's thread knows it: of builds that are to take over, no more than where they stand. */
  private keptStatus(): Promise<ProjectorStatus> {
    return this.thread.call('status')
  }

  override retryParked(projection: string, key?: string): Promise<RetryOutcome> {
    return this.thread.call('retryParked', projection, key)
  }

  override rebuild(projection: string): Promise<void> {
    return this.thread.call('rebuild', projection)
  }

  checks(): Record<string, HealthCheck> {
    return {
      projector: () => (this.thread.alive ? undefined : 'the projector is being started'),
      'read store': () => this.thread.call<undefined>('findReadStore'),
      'read models': async () => standingStill(await this.keptStatus()),
    }
  }

  async reportTo(metrics: Metrics): Promise<void> {
    const status = await this.keptStatus().catch(() => undefined)
    if (!status) {
      // Being started again: nobody knows, and all else can still be told
      metrics.projectionLag.reset()
      metrics.projectionParkedKeys.reset()
      return
    }
    const { projections, policies } = status
    for (const { projection, status, lagSeconds, parkedKeys } of projections) {
      if (status === 'building') continue
      metrics.projectionLag.set({ projection }, lagSeconds)
      metrics.projectionParkedKeys.set({ projection }, parkedKeys)
    }
    for (const { policy, lagSeconds } of policies)
      metrics.projectionLag.set({ projection: policy }, lagSeconds)
  }

  closers(): Closer[] {
    return [
      { name: 'rebuilder', close: () => this.rebuilder.stop() },
      { name: 'projector', close: () => this.thread.stop() },
    ]
  }
}
