import { LOG_START, type Position, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import {
  type BuildName,
  type BuildState,
  isGone,
  LeaseHeld,
  LeaseLost,
  type ProjectionWriter,
  type ReadStore,
} from '#libs/read-store'
import { type BuildFeed, ConsumerStopped } from './build-feed.js'
import { buildKey } from './build-plan.js'
import { type Clock, pause, systemClock } from './clock.js'
import { isOfThisLog, lagsOf } from './freshness.js'
import { LogFollower } from './log-follower.js'
import { Mutex } from './mutex.js'
import { reasonOf } from './parking.js'

/** Something that people running the system may want to know. */
export interface Notice {
  level: 'info' | 'warn' | 'error'
  message: string
  /** Name of the projection, view or policy. */
  consumer?: string
  /** Stable, for machines. */
  code?: string
  error?: unknown
}

export interface BuildKeeperOptions {
  eventStore: EventStore
  readStore: ReadStore
  /** Names this process and thread in leases. */
  owner: string
  clock?: Clock
  /** How long others wait for a runner that went silent. Default 5,000. */
  leaseMilliseconds?: number
  /** Documents kept in memory per collection, default 10,000. */
  cacheDocuments?: number
  /** Most events folded in one batch, default 4,096. */
  batchSize?: number
  notice?(notice: Notice): void
  /** The build has handled the log up to here, durably. */
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

export interface FeedStatus extends BuildName {
  state: FeedState
  position: Position
  lagSeconds: number
  /** Events handled by this runner since it opened the build. */
  handled: number
  code?: string
  message?: string
}

/** A build that a runner cares for, whether it has the lease or not. */
export interface Charge<Definition, Feed> {
  readonly definition: Definition
  readonly name: BuildName
  building: boolean
  /** Where it stood in the store when last looked at, at most a second ago. */
  stored: Position
  /** Present while we hold the lease. */
  feed?: Feed
  state: FeedState
  code?: string
  message?: string
  retryAt: number
  failures: number
}

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000

/**
 * Takes and keeps the leases of builds and feeds the log to them. Whatever goes wrong with a build, its feed is thrown
 * away and opened again from what the store says, so that nothing is lost and nothing counts twice.
 */
export abstract class BuildKeeper<Definition extends { readonly name: string }, Feed extends BuildFeed> {
  protected readonly charges = new Map<string, Charge<Definition, Feed>>()
  protected readonly follower: LogFollower<Feed>
  protected readonly clock: Clock
  protected readonly stopped = new AbortController()
  /** Who may change which builds there are: a round, or a build that takes over. */
  protected readonly changes = new Mutex()
  readonly #leaseMilliseconds: number
  readonly #retries = new Set<() => void>()
  #tending: Promise<void> | undefined
  #nudge: AbortController | undefined

  constructor(
    protected readonly keeping: BuildKeeperOptions,
    protected readonly definitions: readonly Definition[],
    /** Between two batches of new events; default: as the follower thinks fit. */
    shortestPauseMs?: number,
  ) {
    this.clock = keeping.clock ?? systemClock
    this.#leaseMilliseconds = keeping.leaseMilliseconds ?? 5_000
    this.follower = new LogFollower<Feed>(
      keeping.eventStore,
      {
        reachedEnd: (feed) => this.reachedEnd(feed),
        joined: async (feed) => {
          const charge = this.chargeOf(feed)
          if (!charge) return
          charge.failures = 0
          charge.state = 'following'
          await this.joined(feed, charge)
        },
        fellBehind: (feed) => {
          const charge = this.chargeOf(feed)
          if (charge) charge.state = 'catching up'
        },
        failed: (feed, error) => this.dropOut(feed, error),
        logUnreadable: (error) => this.logUnreadable(error),
      },
      this.clock,
      keeping.batchSize ?? 4_096,
      shortestPauseMs,
    )
  }

  /** Makes a build when the definition needs one, given those of it that there are. @returns whether it did */
  protected abstract createMissing(definition: Definition, builds: readonly BuildState[]): Promise<boolean>
  /** What is to be done about one definition, given the builds of it that there are. */
  protected abstract tendOne(definition: Definition, builds: readonly BuildState[]): Promise<void>
  protected abstract buildsOf(definition: Definition): string
  /** All has been tended once more, about a second after the last time. Nothing waits for what this begins. */
  protected tended(): void {}
  /** Makes the feed once we have the lease. */
  protected abstract openFeed(charge: Charge<Definition, Feed>, writer: ProjectionWriter): Promise<Feed>
  /** It has reached the end of the log; true: that took a while, catch up once more. */
  protected abstract reachedEnd(feed: Feed): Promise<boolean>
  /** It gets every new event from now on. */
  protected abstract joined(feed: Feed, charge: Charge<Definition, Feed>): Promise<void>

  /** Opens what can be opened, and goes on doing so until `stop`. Resolves after the first round. */
  async start(): Promise<void> {
    await this.#tendAll()
    this.#tending = this.#tend()
  }

  /** Finishes the batches under way and lets go of the leases. */
  async stop(): Promise<void> {
    this.stopped.abort()
    this.#nudge?.abort()
    for (const cancel of this.#retries) cancel()
    await this.follower.stop()
    await this.#tending
    await Promise.all([...this.charges.values()].map((charge) => this.letGo(charge)))
  }

  /** Looks now for builds to feed, rather than within a second. */
  refresh(): void {
    this.#nudge?.abort()
  }

  /** How every charge stands, all at one moment. */
  protected statuses<Status>(
    told: (charge: Charge<Definition, Feed>, status: FeedStatus) => Status,
  ): Promise<Status[]> {
    const lagAt = lagsOf(this.keeping.eventStore, this.clock)
    const charges = [...this.charges.values()]
    return Promise.all(charges.map(async (charge) => told(charge, await statusOf(charge, lagAt))))
  }

  /** Takes the lease of a build and feeds it, unless another has it or it waits for something. */
  protected async keep(definition: Definition, build: BuildState): Promise<void> {
    const charge = this.#charge(definition, build)
    const due = charge.state !== 'stopped' && charge.retryAt <= this.clock.now()
    if (charge.feed !== undefined || !due) return
    if (build.lease && !isGone(build.lease.owner, this.keeping.owner)) {
      charge.state = 'standby'
      return
    }
    try {
      await this.#open(charge)
    } catch (error) {
      if (error instanceof LeaseHeld) charge.state = 'standby'
      else if (error instanceof ConsumerStopped) this.#stop(charge, error)
      else this.#postpone(charge, error)
    }
  }

  async #open(charge: Charge<Definition, Feed>): Promise<void> {
    const writer = await this.lease(charge.name, charge.building)
    try {
      const checkpoint = await writer.checkpoint()
      if (checkpoint && !(await isOfThisLog(this.keeping.eventStore, checkpoint)))
        throw foreignCheckpoint(charge.name.projection)
      charge.feed = await this.openFeed(charge, writer)
    } catch (error) {
      await writer.close()
      throw error
    }
    charge.state = 'catching up'
    charge.code = charge.message = undefined
    this.follower.add(charge.feed)
  }

  /** @throws LeaseHeld */
  protected lease(name: BuildName, bulkLoad: boolean): Promise<ProjectionWriter> {
    const { owner, readStore } = this.keeping
    const leaseMilliseconds = this.#leaseMilliseconds
    return readStore.openForWriting(name, { owner, leaseMilliseconds, bulkLoad })
  }

  /** Lets go of all other builds of that projection. */
  protected async forgetOthers(projection: string, wanted: readonly BuildName[]): Promise<void> {
    const keys = new Set(wanted.map(buildKey))
    for (const charge of [...this.charges.values()]) {
      if (charge.name.projection !== projection || keys.has(buildKey(charge.name))) continue
      await this.letGo(charge)
      this.charges.delete(buildKey(charge.name))
    }
  }

  /** After a failure. The feed's memory can't be trusted any more. */
  protected dropOut(feed: Feed, error: unknown): void {
    const charge = this.chargeOf(feed)
    if (!charge) return
    this.follower.remove(feed)
    charge.feed = undefined
    feed.close().catch(() => {
      // Its lease runs out by itself.
    })
    if (error instanceof ConsumerStopped) this.#stop(charge, error)
    else this.#postpone(charge, error)
  }

  protected async letGo(charge: Charge<Definition, Feed>): Promise<void> {
    const { feed } = charge
    if (!feed) return
    charge.feed = undefined
    charge.state = 'standby'
    this.follower.remove(feed)
    await feed.close().catch((error: unknown) => {
      const consumer = charge.name.projection
      this.notice({ level: 'warn', consumer, message: `Lease not released: ${reasonOf(error)}`, error })
    })
  }

  /** Tries a stopped build again. */
  protected revive(charge: Charge<Definition, Feed>): void {
    if (charge.state !== 'stopped') return
    charge.state = 'retrying'
    charge.code = charge.message = undefined
    charge.retryAt = 0
    this.refresh()
  }

  protected chargeOf(feed: Feed): Charge<Definition, Feed> | undefined {
    const charge = this.charges.get(buildKey(feed.name))
    return charge?.feed === feed ? charge : undefined
  }

  protected notice(notice: Notice): void {
    this.keeping.notice?.(notice)
  }

  protected logUnreadable(error: unknown): void {
    this.notice({ level: 'warn', message: `The log can't be read: ${reasonOf(error)}`, error })
  }

  #charge(definition: Definition, build: BuildState): Charge<Definition, Feed> {
    const key = buildKey(build)
    let charge = this.charges.get(key)
    if (charge === undefined) {
      const { projection, version } = build
      const name = { projection, version, build: build.build }
      charge = {
        definition,
        name,
        building: false,
        stored: LOG_START,
        state: 'standby',
        retryAt: 0,
        failures: 0,
      }
      this.charges.set(key, charge)
    }
    charge.building = build.status === 'building'
    charge.stored = build.checkpoint?.position ?? LOG_START
    return charge
  }

  #stop(charge: Charge<Definition, Feed>, reason: ConsumerStopped): void {
    charge.state = 'stopped'
    charge.code = reason.code
    charge.message = reason.message
    const { code, message } = reason
    this.notice({ level: 'error', consumer: charge.name.projection, code, message })
  }

  #postpone(charge: Charge<Definition, Feed>, error: unknown): void {
    const lost = error instanceof LeaseLost
    charge.state = lost ? 'standby' : 'retrying'
    charge.message = lost ? undefined : reasonOf(error)
    const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(charge.failures++, 6), LAST_RETRY_MS)
    charge.retryAt = this.clock.now() + wait
    this.#refreshAfter(wait)
    const { projection, build } = charge.name
    const message = lost
      ? `${projection}: another runner has taken over build ${build}`
      : `${projection} is tried again in ${wait} ms: ${reasonOf(error)}`
    this.notice({ level: 'warn', consumer: projection, message, error })
  }

  #refreshAfter(milliseconds: number): void {
    if (this.stopped.signal.aborted) return
    const cancel = this.clock.after(milliseconds, () => {
      this.#retries.delete(cancel)
      this.refresh()
    })
    this.#retries.add(cancel)
  }

  /** A round now and then: take what is free, keep what we have, let go of what is gone. */
  async #tend(): Promise<void> {
    this.#nudge = new AbortController()
    while (!this.stopped.signal.aborted) {
      await pause(this.clock, Math.min(1000, this.#leaseMilliseconds / 5), this.#nudge.signal)
      // Whoever nudges during a round may have come too late for it: the next one follows at once
      this.#nudge = new AbortController()
      if (!this.stopped.signal.aborted) await this.#tendAll()
    }
  }

  async #tendAll(): Promise<void> {
    await this.changes.run(async () => {
      try {
        for (const [definition, builds] of await this.#buildsWithMissing())
          await this.#apart(definition, () => this.tendOne(definition, builds))
      } catch (error) {
        this.notice({ level: 'warn', message: `The read store can't be tended: ${reasonOf(error)}`, error })
      }
    })
    this.tended()
  }

  /** The builds of each definition. All that are missing are made before the store is asked again, lest it be asked for each of them. */
  async #buildsWithMissing(): Promise<Map<Definition, readonly BuildState[]>> {
    const found = await this.#buildsByDefinition()
    let created = false
    for (const [definition, builds] of found) {
      if (await this.#apart(definition, () => this.createMissing(definition, builds))) created = true
    }
    return created ? this.#buildsByDefinition() : found
  }

  async #buildsByDefinition(): Promise<Map<Definition, readonly BuildState[]>> {
    const all = await this.keeping.readStore.builds()
    return new Map(
      this.definitions.map((definition) => {
        const consumer = this.buildsOf(definition)
        return [definition, all.filter(({ projection }) => projection === consumer)]
      }),
    )
  }

  /** One definition's trouble is its own; that the store is away is everybody's. @returns what came of the work; undefined: trouble */
  async #apart<Result>(definition: Definition, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Unavailable) throw error
      const consumer = this.buildsOf(definition)
      const message = `${consumer} can't be tended: ${reasonOf(error)}`
      this.notice({ level: 'warn', consumer, message, error })
      return undefined
    }
  }
}

/** @param lagAt seconds behind the log at a position */
async function statusOf(
  { name, feed, stored, state, code, message }: Charge<unknown, BuildFeed>,
  lagAt: (position: Position) => Promise<number>,
): Promise<FeedStatus> {
  const position = feed?.position ?? stored
  return {
    ...name,
    state,
    position,
    lagSeconds: await lagAt(position),
    handled: feed?.handled ?? 0,
    code,
    message,
  }
}

function foreignCheckpoint(projection: string): ConsumerStopped {
  return new ConsumerStopped(
    'CHECKPOINT.FOREIGN',
    `${projection} was built from another log, or from a history that a restore took back. ` +
      `Build it anew: ledgerdesk projections rebuild ${projection}`,
  )
}
