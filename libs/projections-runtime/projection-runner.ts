import { LOG_START, NotFound, type Position, Unavailable } from '#libs/event-sourcing'
import {
  type BuildName,
  type BuildState,
  type CollectionSchema,
  LeaseLost,
  type ProjectionWriter,
  type ReadStore,
} from '#libs/read-store'
import { ConsumerStopped } from './build-feed.js'
import { shareOf } from './build-forecast.js'
import { BuildKeeper, type BuildKeeperOptions, type Charge, type FeedStatus } from './build-keeper.js'
import { buildKey, planBuilds } from './build-plan.js'
import { CatchUpReport } from './catch-up-report.js'
import { pause } from './clock.js'
import { collectionSchemas, type ReadModelDefinition } from './definitions.js'
import { lagsOf } from './freshness.js'
import { type ParkedEvent, parkedEvents, parkedSchema } from './parking.js'
import { ProjectionFeed, type RetryOutcome } from './projection-feed.js'
import { ViewFeed } from './view-feed.js'

export interface ProjectionRunnerOptions extends BuildKeeperOptions {
  definitions: readonly ReadModelDefinition[]
  /** Only the builds that answer, or only those that are to take over: to rebuild on another thread. Default: all. */
  only?: 'live' | 'building'
  /** Let a finished build answer in place of the one before (default). False only prepares it. */
  takeOver?: boolean
  /**
   * A build of ours answers now, and nobody feeds it any more where we feed only those that are to take over: whoever feeds those that
   * answer should look (`refresh`).
   */
  onTakenOver?(projection: string): void
}

export interface ProjectionStatus extends FeedStatus {
  kind: 'projection' | 'view'
  status: BuildState['status']
  parkedKeys: number
}

export interface RebuildProgress {
  position: Position
  /** Events handled so far, when this runner does the work. */
  events: number
  eventsPerSecond: number
  /** 0 to 1: an estimate from positions, for people only. */
  share: number
  secondsLeft: number | undefined
}

type Feed = ProjectionFeed | ViewFeed
type ProjectionCharge = Charge<ReadModelDefinition, Feed>

const PROGRESS_MS = 250

/** Keeps every projection and view up to date: one reading of the log for all, one lease and checkpoint per build. */
export class ProjectionRunner extends BuildKeeper<ReadModelDefinition, Feed> {
  readonly #superseded = new Set<string>()
  readonly #catchUp: CatchUpReport
  #telling = false

  constructor(private readonly options: ProjectionRunnerOptions) {
    super(options, options.definitions)
    this.#catchUp = new CatchUpReport(this.clock)
  }

  /** How each build stands, those that are to take over among them, whoever feeds them. */
  async status(): Promise<ProjectionStatus[]> {
    const own = await this.statuses(({ definition, feed, building }, status) => ({
      ...status,
      kind: definition.kind,
      status: building ? ('building' as const) : ('live' as const),
      parkedKeys: feed instanceof ProjectionFeed ? feed.parkedKeys : 0,
    }))
    return this.options.only === 'live' ? [...own, ...(await this.#builtElsewhere())] : own
  }

  /** Builds that are to take over, as the store knows them. */
  async #builtElsewhere(): Promise<ProjectionStatus[]> {
    const { eventStore, readStore } = this.options
    const lagAt = lagsOf(eventStore, this.clock)
    // While the store is away, what is fed here says so
    const builds = await readStore.builds().catch(() => [])
    const told: ProjectionStatus[] = []
    for (const { projection, version, build, status, checkpoint } of builds) {
      const kind = this.definitions.find(({ name }) => name === projection)?.kind
      if (kind === undefined || status !== 'building') continue
      const position = checkpoint?.position ?? LOG_START
      const standing = { state: 'standby', position, lagSeconds: await lagAt(position) } as const
      told.push({ projection, version, build, kind, status, ...standing, handled: 0, parkedKeys: 0 })
    }
    return told
  }

  /**
   * Somebody waits for a projection to stand at `position`: if it is fed here, it is not made to wait any more. Resolves
   * when it is worth looking: as soon as it stands there, or at once when nothing is known of it here.
   */
  async hurry(projection: string, position: Position): Promise<void> {
    const charges = [...this.charges.values()].filter(({ name }) => name.projection === projection)
    const feeds = charges.flatMap(({ feed }) => feed ?? [])
    if (feeds.length === 0) return
    const reached = feeds.map((feed) =>
      feed.hurry(position).catch((error: unknown) => this.dropOut(feed, error)),
    )
    this.follower.hurry()
    await Promise.race(reached)
  }

  /** Events that wait in the build that answers, first of each key with its reason. */
  async parked(projection: string): Promise<ParkedEvent[]> {
    definitionOf(this.definitions, projection)
    const reader = await this.options.readStore.liveReader(projection)
    return reader ? parkedEvents(reader) : []
  }

  /**
   * Folds the events that wait (of one key, or of all), and starts builds of that projection which had stopped.
   * @throws Unavailable `PROJECTION.NOT_HERE` when another runner has the lease
   */
  async retryParked(projection: string, key?: string): Promise<RetryOutcome> {
    definitionOf(this.definitions, projection)
    const charges = [...this.charges.values()].filter(({ name }) => name.projection === projection)
    const stopped = charges.filter(({ state }) => state === 'stopped')
    for (const charge of stopped) this.revive(charge)
    const feed = charges.find(({ building }) => !building)?.feed
    if (feed instanceof ProjectionFeed) {
      try {
        return await feed.retryParked(this.options.eventStore, key)
      } catch (error) {
        this.dropOut(feed, error)
        throw error instanceof LeaseLost ? notHere(projection) : error
      }
    }
    if (feed || stopped.length > 0) return { replayed: 0, stillParked: [] }
    throw notHere(projection)
  }

  /**
   * Builds the projection anew beside the one that answers, which goes on being fed, and lets the new one take over.
   * Any runner may do the work: this one asks for it and waits.
   * @throws ConsumerStopped when the new build stops
   */
  async rebuild(projection: string, progress?: (progress: RebuildProgress) => void): Promise<void> {
    const { readStore } = this.options
    const name = await requestRebuild(readStore, this.definitions, projection)
    this.refresh()
    const started = this.clock.now()
    for (;;) {
      const build = (await readStore.builds()).find((state) => buildKey(state) === buildKey(name))
      if (build?.status === 'live') return
      const charge = this.charges.get(buildKey(name))
      if (charge?.state === 'stopped') throw new ConsumerStopped(charge.code!, charge.message!)
      if (!build) throw new ConsumerStopped('REBUILD.DROPPED', `The new build of ${projection} was dropped`)
      progress?.(await this.#progress(build, charge, started))
      await pause(this.clock, PROGRESS_MS, this.stopped.signal)
      if (this.stopped.signal.aborted)
        throw new Unavailable('REBUILD.INTERRUPTED', 'The rebuild goes on when the projector runs again')
    }
  }

  /** Whether every build of the code's versions has reached the end of the log, another runner feeds it live, or a newer release answers. */
  isLevel(): boolean {
    const charges = [...this.charges.values()]
    return (
      this.definitions.every(
        ({ name }) => this.#superseded.has(name) || charges.some((charge) => charge.name.projection === name),
      ) &&
      charges.every(({ feed, building, state }) =>
        feed ? this.follower.isLevel(feed) : !building && state === 'standby',
      )
    )
  }

  protected buildsOf({ name }: ReadModelDefinition): string {
    return name
  }

  protected async createMissing(
    definition: ReadModelDefinition,
    builds: readonly BuildState[],
  ): Promise<boolean> {
    const { name: projection, version } = definition
    const { create } = planBuilds(version, builds, this.clock.now())
    if (create) await this.options.readStore.createBuild({ projection, version }, collectionsOf(definition))
    return create
  }

  protected async tendOne(definition: ReadModelDefinition, builds: readonly BuildState[]): Promise<void> {
    const { readStore, takeOver = true, only } = this.options
    const { name, version } = definition
    const plan = planBuilds(version, builds, this.clock.now())
    if (plan.freeze && takeOver) await readStore.freeze(plan.freeze)
    if (plan.superseded) this.#warnSuperseded(name)
    const feed = plan.feed.filter(
      ({ status }) => only === undefined || (only === 'building') === (status === 'building'),
    )
    await this.forgetOthers(name, feed)
    for (const leftOver of plan.drop) await readStore.drop(leftOver)
    for (const build of feed) await this.keep(definition, build)
  }

  /** One at a time: the log may take long to say where it ends, and that is to keep no build waiting. */
  protected override tended(): void {
    if (!this.#telling) void this.#tellOfCatchUp()
  }

  async #tellOfCatchUp(): Promise<void> {
    this.#telling = true
    try {
      const message = await this.#newsOfCatchUp()
      if (message !== undefined) this.notice({ level: 'info', code: 'PROJECTION.CATCHING_UP', message })
    } catch (error) {
      // Whoever stops us may close the log
      if (!this.stopped.signal.aborted) this.logUnreadable(error)
    } finally {
      this.#telling = false
    }
  }

  async #newsOfCatchUp(): Promise<string | undefined> {
    const fed = [...this.charges.values()].flatMap(({ name, feed }) => (feed ? [{ name, feed }] : []))
    const behind = fed.filter(({ feed }) => !this.follower.isLevel(feed))
    if (behind.length === 0) return this.#catchUp.arrived(fed.map(({ name }) => name))
    const standing = behind.map(({ name, feed }) => ({ name, position: feed.position }))
    return this.#catchUp.catchingUp(standing, await this.options.eventStore.head())
  }

  protected openFeed(charge: ProjectionCharge, writer: ProjectionWriter): Promise<Feed> {
    const { definition, building } = charge
    const { eventStore, cacheDocuments = 10_000 } = this.options
    const settings = {
      logId: eventStore.logId,
      clock: this.clock,
      pace: definition.pace,
      cacheDocuments,
      building,
      onProgress: this.options.onProgress,
    }
    return definition.kind === 'projection'
      ? ProjectionFeed.open(definition, writer, settings)
      : ViewFeed.open(definition, writer, settings)
  }

  /** A bulk load ends with its indexes, during which the log went on. */
  protected async reachedEnd(feed: Feed): Promise<boolean> {
    if (!feed.loading) return false
    await feed.finishLoading()
    return true
  }

  /** When a new build stands level with the old one, it answers from now on. */
  protected async joined(feed: Feed, charge: ProjectionCharge): Promise<void> {
    if (!charge.building || this.options.takeOver === false) return
    const { projection, version, build } = charge.name
    await this.changes.run(async () => {
      await this.forgetOthers(projection, [charge.name])
      await this.options.readStore.makeLive(charge.name)
      charge.building = false
      feed.goLive()
      if (this.options.only === 'building') await this.forgetOthers(projection, [])
    })
    this.options.onTakenOver?.(projection)
    const message = `${projection}: build ${build} of version ${version} answers now`
    this.notice({ level: 'info', consumer: projection, message })
  }

  async #progress(
    build: BuildState,
    charge: ProjectionCharge | undefined,
    started: number,
  ): Promise<RebuildProgress> {
    const seconds = Math.max(this.clock.now() - started, 1) / 1000
    const position = charge?.feed?.position ?? build.checkpoint?.position ?? LOG_START
    const events = charge?.feed?.handled ?? 0
    const share = shareOf(position, await this.options.eventStore.head())
    return {
      position,
      events,
      eventsPerSecond: events / seconds,
      share,
      secondsLeft: share > 0 ? (seconds * (1 - share)) / share : undefined,
    }
  }

  #warnSuperseded(projection: string): void {
    if (this.#superseded.has(projection)) return
    this.#superseded.add(projection)
    const message = `${projection}: a newer release's version answers; this one keeps away`
    this.notice({ level: 'warn', consumer: projection, code: 'PROJECTION.SUPERSEDED', message })
  }
}

/**
 * Asks for a projection to be built anew beside the one that answers: whoever runs projections does the work.
 * @throws NotFound `PROJECTION.UNKNOWN`
 */
export function requestRebuild(
  readStore: ReadStore,
  definitions: readonly ReadModelDefinition[],
  projection: string,
): Promise<BuildName> {
  const definition = definitionOf(definitions, projection)
  return readStore.createBuild({ projection, version: definition.version }, collectionsOf(definition))
}

function definitionOf(definitions: readonly ReadModelDefinition[], projection: string): ReadModelDefinition {
  const definition = definitions.find(({ name }) => name === projection)
  if (definition) return definition
  const names = definitions.map(({ name }) => name).join(', ')
  throw new NotFound('PROJECTION.UNKNOWN', `There is no projection "${projection}"; there are: ${names}`)
}

function collectionsOf(definition: ReadModelDefinition): CollectionSchema[] {
  return [...collectionSchemas(definition), parkedSchema]
}

function notHere(projection: string): Unavailable {
  return new Unavailable('PROJECTION.NOT_HERE', `Another process keeps ${projection}; try again there`)
}
