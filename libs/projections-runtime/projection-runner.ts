import { LOG_START, NotFound, type Position, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import {
  type BuildName,
  type BuildState,
  type CollectionSchema,
  LeaseHeld,
  LeaseLost,
  type ReadStore,
} from '#libs/read-store'
import { ConsumerStopped } from './build-feed.js'
import { buildKey, planBuilds } from './build-plan.js'
import { type Clock, pause, systemClock } from './clock.js'
import { collectionSchemas, type ReadModelDefinition } from './definitions.js'
import { isOfThisLog, lagSeconds } from './freshness.js'
import { LogFollower } from './log-follower.js'
import { Mutex } from './mutex.js'
import { type ParkedEvent, parkedEvents, parkedSchema, reasonOf } from './parking.js'
import { ProjectionFeed, type RetryOutcome } from './projection-feed.js'
import { ViewFeed } from './view-feed.js'

/** Something that people running the system may want to know. */
export interface Notice {
  level: 'info' | 'warn' | 'error'
  message: string
  projection?: string
  /** Stable, for machines. */
  code?: string
  error?: unknown
}

export interface ProjectionRunnerOptions {
  eventStore: EventStore
  readStore: ReadStore
  definitions: readonly ReadModelDefinition[]
  /** Names this process and thread in leases. */
  owner: string
  clock?: Clock
  /** How long others wait for a runner that went silent. Default 5,000. */
  leaseMilliseconds?: number
  /** Only the builds that answer, or only those that are to take over: to rebuild on another thread. Default: all. */
  only?: 'live' | 'building'
  /** Let a finished build answer in place of the one before (default). False only prepares it. */
  takeOver?: boolean
  /** Documents kept in memory per collection, default 10,000. */
  cacheDocuments?: number
  /** Most events folded in one batch, default 4,096. */
  batchSize?: number
  notice?(notice: Notice): void
  /** A build has handled the log up to here, durably. */
  onProgress?(build: BuildName, position: Position): void
}

/**
 * - `following`: has all, and gets every new event
 * - `catching up`
 * - `standby`: another runner has the lease
 * - `retrying`: something is away; tried again by itself
 * - `stopped`: somebody must do what `message` says
 */
export type FeedState = 'following' | 'catching up' | 'standby' | 'retrying' | 'stopped'

export interface ProjectionStatus extends BuildName {
  kind: 'projection' | 'view'
  status: BuildState['status']
  state: FeedState
  position: Position
  lagSeconds: number
  /** Events handled by this runner since it opened the build. */
  handled: number
  parkedKeys: number
  code?: string
  message?: string
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

/** A build that this runner cares for, whether it has the lease or not. */
interface Charge {
  readonly definition: ReadModelDefinition
  readonly name: BuildName
  building: boolean
  /** Present while we hold the lease. */
  feed?: Feed
  state: FeedState
  code?: string
  message?: string
  retryAt: number
  failures: number
}

/**
 * Keeps every projection and view up to date: one reading of the log for all, one lease and one checkpoint per build.
 * Whatever goes wrong with a build, it is dropped and opened again from what the store says, so that nothing is lost
 * and nothing counts twice.
 */
export class ProjectionRunner {
  readonly #charges = new Map<string, Charge>()
  readonly #follower: LogFollower<Feed>
  readonly #stopped = new AbortController()
  readonly #clock: Clock
  readonly #leaseMilliseconds: number
  /** Who may change what there is: a round, or a build that takes over. */
  readonly #changes = new Mutex()
  readonly #superseded = new Set<string>()
  #tending: Promise<void> | undefined
  #nudge: AbortController | undefined

  constructor(private readonly options: ProjectionRunnerOptions) {
    this.#clock = options.clock ?? systemClock
    this.#leaseMilliseconds = options.leaseMilliseconds ?? 5_000
    this.#follower = new LogFollower<Feed>(
      options.eventStore,
      {
        reachedEnd: (feed) => this.#finishLoading(feed),
        joined: (feed) => this.#takeOver(feed),
        failed: (feed, error) => this.#dropOut(feed, error),
        logUnreadable: (error) =>
          this.#notice({ level: 'warn', message: `The log can't be read: ${reasonOf(error)}`, error }),
      },
      this.#clock,
      options.batchSize ?? 4_096,
    )
  }

  /** Opens what can be opened, and goes on doing so until `stop`. Resolves after the first round. */
  async start(): Promise<void> {
    await this.#tendAll()
    this.#tending = this.#tend()
  }

  /** Finishes the batches under way and lets go of the leases. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#nudge?.abort()
    await this.#follower.stop()
    await this.#tending
    await Promise.all([...this.#charges.values()].map((charge) => this.#letGo(charge)))
  }

  /** Looks now for builds to feed, rather than within a second. */
  refresh(): void {
    this.#nudge?.abort()
  }

  async status(): Promise<ProjectionStatus[]> {
    const { eventStore } = this.options
    return Promise.all(
      [...this.#charges.values()].map(async (charge): Promise<ProjectionStatus> => {
        const { definition, name, feed, building, code, message } = charge
        const position = feed?.position ?? (await this.#storedPosition(name))
        const following = feed !== undefined && this.#follower.isLevel(feed)
        return {
          ...name,
          kind: definition.kind,
          status: building ? 'building' : 'live',
          state: charge.state === 'catching up' && following ? 'following' : charge.state,
          position,
          lagSeconds: await lagSeconds(eventStore, position, this.#clock),
          handled: feed?.handled ?? 0,
          parkedKeys: feed instanceof ProjectionFeed ? feed.parkedKeys : 0,
          code,
          message,
        }
      }),
    )
  }

  /** Events that wait in the build that answers, first of each key with its reason. */
  async parked(projection: string): Promise<ParkedEvent[]> {
    this.#definition(projection)
    const reader = await this.options.readStore.liveReader(projection)
    return reader ? parkedEvents(reader) : []
  }

  /**
   * Folds the events that wait (of one key, or of all), and starts builds of that projection which had stopped.
   * @throws Unavailable `PROJECTION.NOT_HERE` when another runner has the lease
   */
  async retryParked(projection: string, key?: string): Promise<RetryOutcome> {
    this.#definition(projection)
    const charges = [...this.#charges.values()].filter(({ name }) => name.projection === projection)
    for (const charge of charges) if (charge.state === 'stopped') this.#revive(charge)
    const feed = charges.find(({ building }) => !building)?.feed
    if (feed instanceof ProjectionFeed) {
      try {
        return await feed.retryParked(this.options.eventStore, key)
      } catch (error) {
        this.#follower.remove(feed)
        this.#dropOut(feed, error)
        throw error
      }
    }
    if (feed || charges.length > 0) return { replayed: 0, stillParked: [] }
    throw new Unavailable('PROJECTION.NOT_HERE', `Another process keeps ${projection}; try again there`)
  }

  /**
   * Builds the projection anew beside the one that answers, which goes on being fed, and lets the new one take over.
   * Any runner may do the work: this one asks for it and waits.
   * @throws ConsumerStopped when the new build stops
   */
  async rebuild(projection: string, progress?: (progress: RebuildProgress) => void): Promise<void> {
    const definition = this.#definition(projection)
    const { readStore } = this.options
    const name = await readStore.createBuild(
      { projection, version: definition.version },
      collectionsOf(definition),
    )
    this.refresh()
    const started = this.#clock.now()
    for (;;) {
      const build = (await readStore.builds()).find((state) => buildKey(state) === buildKey(name))
      if (build?.status === 'live') return
      const charge = this.#charges.get(buildKey(name))
      if (charge?.state === 'stopped') throw new ConsumerStopped(charge.code!, charge.message!)
      if (!build) throw new ConsumerStopped('REBUILD.DROPPED', `The new build of ${projection} was dropped`)
      progress?.(await this.#progress(build, charge, started))
      await pause(this.#clock, PROGRESS_MS, this.#stopped.signal)
      if (this.#stopped.signal.aborted)
        throw new Unavailable('REBUILD.INTERRUPTED', 'The rebuild goes on later')
    }
  }

  /** Whether every build of the code's versions has reached the end of the log, or another runner feeds it live. */
  isLevel(): boolean {
    const charges = [...this.#charges.values()]
    return (
      this.options.definitions.every(({ name }) =>
        charges.some((charge) => charge.name.projection === name),
      ) &&
      charges.every(({ feed, building, state }) =>
        feed ? this.#follower.isLevel(feed) : !building && state === 'standby',
      )
    )
  }

  async #progress(build: BuildState, charge: Charge | undefined, started: number): Promise<RebuildProgress> {
    const seconds = Math.max(this.#clock.now() - started, 1) / 1000
    const position = charge?.feed?.position ?? build.checkpoint?.position ?? LOG_START
    const events = charge?.feed?.handled ?? 0
    // Positions rise with the log's length in both shapes; only as such, and only for people, are they computed with.
    const share = Math.min(1, Number(position) / Math.max(1, Number(await this.options.eventStore.head())))
    return {
      position,
      events,
      eventsPerSecond: events / seconds,
      share,
      secondsLeft: share > 0 ? (seconds * (1 - share)) / share : undefined,
    }
  }

  /** A round now and then: take what is free, keep what we have, let go of what is gone. */
  async #tend(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#nudge = new AbortController()
      await pause(this.#clock, Math.min(1000, this.#leaseMilliseconds / 5), this.#nudge.signal)
      if (!this.#stopped.signal.aborted) await this.#tendAll()
    }
  }

  async #tendAll(): Promise<void> {
    await this.#changes.run(async () => {
      try {
        const builds = await this.options.readStore.builds()
        for (const definition of this.options.definitions) await this.#tendOne(definition, builds)
      } catch (error) {
        this.#notice({ level: 'warn', message: `The read store can't be tended: ${reasonOf(error)}`, error })
      }
    })
  }

  async #tendOne(definition: ReadModelDefinition, builds: readonly BuildState[]): Promise<void> {
    const { readStore, takeOver = true, only } = this.options
    const { name, version } = definition
    const plan = (all: readonly BuildState[]) =>
      planBuilds(
        version,
        all.filter(({ projection }) => projection === name),
        this.#clock.now(),
      )
    let { create, freeze, feed, drop, superseded } = plan(builds)
    if (freeze && takeOver) await readStore.freeze(freeze)
    if (create) {
      await readStore.createBuild({ projection: name, version }, collectionsOf(definition))
      ;({ feed, drop, superseded } = plan(await readStore.builds()))
    }
    if (superseded) this.#warnSuperseded(name)
    feed = feed.filter(
      ({ status }) => only === undefined || (only === 'building') === (status === 'building'),
    )
    await this.#forgetOthers(name, feed)
    for (const leftOver of drop) await readStore.drop(leftOver)
    for (const build of feed) await this.#tendBuild(definition, build)
  }

  #warnSuperseded(projection: string): void {
    if (this.#superseded.has(projection)) return
    this.#superseded.add(projection)
    const message = `${projection}: a newer release's version answers; this one keeps away`
    this.#notice({ level: 'warn', projection, code: 'PROJECTION.SUPERSEDED', message })
  }

  /** Lets go of builds that were dropped, or that a later rebuild has made pointless. */
  async #forgetOthers(projection: string, wanted: readonly BuildName[]): Promise<void> {
    const keys = new Set(wanted.map(buildKey))
    for (const charge of [...this.#charges.values()]) {
      if (charge.name.projection !== projection || keys.has(buildKey(charge.name))) continue
      await this.#letGo(charge)
      this.#charges.delete(buildKey(charge.name))
    }
  }

  async #tendBuild(definition: ReadModelDefinition, build: BuildState): Promise<void> {
    const charge = this.#charge(definition, build)
    const due = charge.state !== 'stopped' && charge.retryAt <= this.#clock.now()
    if (charge.feed === undefined && due) await this.#open(charge)
  }

  #charge(definition: ReadModelDefinition, build: BuildState): Charge {
    const { projection, version } = build
    const key = buildKey(build)
    let charge = this.#charges.get(key)
    if (charge === undefined) {
      charge = {
        definition,
        name: { projection, version, build: build.build },
        building: false,
        state: 'standby',
        retryAt: 0,
        failures: 0,
      }
      this.#charges.set(key, charge)
    }
    charge.building = build.status === 'building'
    return charge
  }

  async #open(charge: Charge): Promise<void> {
    const { definition, building } = charge
    const { eventStore, readStore, cacheDocuments = 10_000 } = this.options
    try {
      const writer = await readStore.openForWriting(charge.name, {
        owner: this.options.owner,
        leaseMilliseconds: this.#leaseMilliseconds,
        bulkLoad: building,
      })
      const settings = { logId: eventStore.logId, cacheDocuments, building }
      const feed =
        definition.kind === 'projection'
          ? await ProjectionFeed.open(definition, writer, settings)
          : await ViewFeed.open(definition, writer, settings)
      if (!(await isOfThisLog(eventStore, feed.checkpoint))) {
        await feed.close()
        return this.#stop(charge, foreignCheckpoint(charge.name.projection))
      }
      charge.feed = feed
      charge.state = 'catching up'
      charge.code = charge.message = undefined
      this.#follower.add(feed)
    } catch (error) {
      if (error instanceof LeaseHeld) charge.state = 'standby'
      else this.#postpone(charge, error)
    }
  }

  /** A bulk load ends with its indexes, during which the log went on. */
  async #finishLoading(feed: Feed): Promise<boolean> {
    if (!feed.loading) return false
    await feed.finishLoading()
    return true
  }

  /** The new build stands level with the old one: from now on it answers. */
  async #takeOver(feed: Feed): Promise<void> {
    const charge = this.#chargeOf(feed)
    if (!charge) return
    charge.failures = 0
    if (!charge.building || this.options.takeOver === false) return
    const { projection, version, build } = charge.name
    await this.#changes.run(async () => {
      await this.#forgetOthers(projection, [charge.name])
      await this.options.readStore.makeLive(charge.name)
      charge.building = false
      feed.goLive()
      if (this.options.only === 'building') await this.#forgetOthers(projection, [])
    })
    const message = `${projection}: build ${build} of version ${version} answers now`
    this.#notice({ level: 'info', projection, message })
  }

  /** After a failure in a batch. The feed's memory can't be trusted any more. */
  #dropOut(feed: Feed, error: unknown): void {
    const charge = this.#chargeOf(feed)
    if (!charge) return
    charge.feed = undefined
    feed.close().catch(() => {
      // Its lease runs out by itself.
    })
    if (error instanceof ConsumerStopped) this.#stop(charge, error)
    else this.#postpone(charge, error)
  }

  #stop(charge: Charge, reason: ConsumerStopped): void {
    charge.state = 'stopped'
    charge.code = reason.code
    charge.message = reason.message
    const { projection } = charge.name
    this.#notice({ level: 'error', projection, code: reason.code, message: reason.message })
  }

  #postpone(charge: Charge, error: unknown): void {
    const lost = error instanceof LeaseLost
    charge.state = lost ? 'standby' : 'retrying'
    charge.message = lost ? undefined : reasonOf(error)
    charge.failures++
    charge.retryAt = this.#clock.now() + Math.min(100 * 2 ** Math.min(charge.failures, 6), 5_000)
    const { projection } = charge.name
    this.#notice({
      level: 'warn',
      projection,
      message: lost
        ? `${projection}: another runner has taken over build ${charge.name.build}`
        : `${projection} is tried again: ${reasonOf(error)}`,
      error,
    })
  }

  #revive(charge: Charge): void {
    charge.state = 'retrying'
    charge.code = charge.message = undefined
    charge.retryAt = 0
    this.refresh()
  }

  async #letGo(charge: Charge): Promise<void> {
    const { feed } = charge
    if (!feed) return
    charge.feed = undefined
    this.#follower.remove(feed)
    await feed.close().catch((error: unknown) => {
      const { projection } = charge.name
      this.#notice({ level: 'warn', projection, message: `Lease not released: ${reasonOf(error)}`, error })
    })
  }

  #chargeOf(feed: Feed): Charge | undefined {
    const charge = this.#charges.get(buildKey(feed.name))
    return charge?.feed === feed ? charge : undefined
  }

  async #storedPosition(name: BuildName): Promise<Position> {
    const build = (await this.options.readStore.builds()).find((state) => buildKey(state) === buildKey(name))
    return build?.checkpoint?.position ?? LOG_START
  }

  #definition(projection: string): ReadModelDefinition {
    const definition = this.options.definitions.find(({ name }) => name === projection)
    if (definition) return definition
    const names = this.options.definitions.map(({ name }) => name).join(', ')
    throw new NotFound('PROJECTION.UNKNOWN', `There is no projection "${projection}"; there are: ${names}`)
  }

  #notice(notice: Notice): void {
    this.options.notice?.(notice)
  }
}

const PROGRESS_MS = 250

function collectionsOf(definition: ReadModelDefinition): CollectionSchema[] {
  return [...collectionSchemas(definition), parkedSchema]
}

function foreignCheckpoint(projection: string): ConsumerStopped {
  return new ConsumerStopped(
    'CHECKPOINT.FOREIGN',
    `${projection} was built from another log, or from a history that a restore took back. ` +
      `Build it anew: ledgerdesk projections rebuild ${projection}`,
  )
}
