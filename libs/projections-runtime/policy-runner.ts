import { NotFound, type Position, Unavailable } from '#libs/event-sourcing'
import { type BuildName, type BuildState, LeaseHeld, type ProjectionWriter } from '#libs/read-store'
import { BuildKeeper, type BuildKeeperOptions, type Charge, type FeedStatus } from './build-keeper.js'
import { buildKey } from './build-plan.js'
import { pause } from './clock.js'
import type { AnyPolicy } from './definitions.js'
import { isOfThisLog } from './freshness.js'
import { type Dispatch, PolicyFeed, policySchemas } from './policy-feed.js'
import { policyStart, type RememberMetadata, startSchema } from './policy-start.js'

export interface PolicyRunnerOptions extends BuildKeeperOptions {
  policies: readonly AnyPolicy[]
  /** Runs a command. A rejected promise counts as `retry`. */
  dispatch: Dispatch
  /** Keeps a policy's start in the log's store, for threads that only read the log. Default: the event store does. */
  rememberStart?: RememberMetadata
}

export interface PolicyStatus extends FeedStatus {
  policy: string
  armedTimers: number
  /** ISO 8601. */
  nextTimerAt: string | undefined
}

type PolicyCharge = Charge<AnyPolicy, PolicyFeed>

/** A policy's state has no versions: what a change of its code means for records under way is for people to say. */
const VERSION = 1
/** Timers are looked at so often, lest a clock that is put forward goes unnoticed. */
const LONGEST_SLEEP_MS = 1_000
const REBUILD_POLL_MS = 100
/**
 * Between two batches under load. Thirty policies look at every event and few have to do with it: what a batch costs them
 * is mostly its own price, and nobody notices that something follows from an event a twentieth of a second later.
 */
const SHORTEST_PAUSE_MS = 50

/** Runs policies: one reading of the log for all, a lease and a checkpoint for each, and their timers. */
export class PolicyRunner extends BuildKeeper<AnyPolicy, PolicyFeed> {
  #cancelAlarm: (() => void) | undefined
  #firing: Promise<void> | undefined

  constructor(private readonly options: PolicyRunnerOptions) {
    super(options, options.policies, SHORTEST_PAUSE_MS)
  }

  override async stop(): Promise<void> {
    this.stopped.abort()
    this.#cancelAlarm?.()
    await this.#firing
    await super.stop()
  }

  status(): Promise<PolicyStatus[]> {
    return this.statuses(({ definition, feed }, status) => ({
      ...status,
      policy: definition.name,
      armedTimers: feed?.armedTimers ?? 0,
      nextTimerAt: feed?.nextDueAt,
    }))
  }

  /** Tries a policy that has stopped again. */
  resume(policy: string): void {
    const projection = policyBuildName(this.#definition(policy))
    for (const charge of this.charges.values()) if (charge.name.projection === projection) this.revive(charge)
  }

  /**
   * Folds states and timers anew from the log's beginning. Commands for what was handled before are not sent again.
   * Whichever runner has the lease does it; this one waits until the new build is in place.
   */
  async rebuild(policy: string): Promise<void> {
    const { readStore } = this.options
    const name = await this.#create(this.#definition(policy))
    this.refresh()
    for (;;) {
      const build = (await readStore.builds()).find((state) => buildKey(state) === buildKey(name))
      if (build?.status === 'live') return
      if (this.stopped.signal.aborted || !build)
        throw new Unavailable('REBUILD.INTERRUPTED', `The rebuild of ${policy} goes on when its runner does`)
      await pause(this.clock, REBUILD_POLL_MS, this.stopped.signal)
    }
  }

  protected buildsOf(definition: AnyPolicy): string {
    return policyBuildName(definition)
  }

  /** Another runner may make one as well: then one of the two is live, and replaced by the other. */
  protected async createMissing(definition: AnyPolicy, builds: readonly BuildState[]): Promise<boolean> {
    if (builds.some(({ status }) => status !== 'building')) return false
    await this.#create(definition)
    return true
  }

  protected async tendOne(definition: AnyPolicy, builds: readonly BuildState[]): Promise<void> {
    const live = builds.find(({ status }) => status !== 'building')
    const successor = builds.filter(({ status }) => status === 'building').at(-1)
    if (!live) return
    if (successor && (await this.#replace(definition, live, successor))) {
      await this.keep(definition, { ...successor, status: 'live' })
      return
    }
    await this.forgetOthers(live.projection, [live])
    await this.keep(definition, live)
  }

  protected async openFeed({ definition }: PolicyCharge, writer: ProjectionWriter): Promise<PolicyFeed> {
    const { eventStore, cacheDocuments = 10_000, dispatch, onProgress } = this.options
    return PolicyFeed.open(definition, writer, {
      logId: eventStore.logId,
      cacheDocuments,
      onProgress,
      clock: this.clock,
      dispatch,
      start: await this.#start(definition, writer),
      refused: (command, { code, message }) =>
        this.notice({
          level: 'info',
          consumer: definition.name,
          code,
          message: `${definition.name}: ${command.type} ${command.id ?? ''} was refused: ${message}`,
        }),
      timersChanged: () => this.#setAlarm(),
    })
  }

  protected async reachedEnd(): Promise<boolean> {
    return false
  }

  protected async joined(): Promise<void> {
    this.#setAlarm()
  }

  /**
   * Puts an empty build in place of the one there is, which tells up to where commands were sent. The old one stays
   * leased until it is gone, so that nobody else sends any meanwhile.
   */
  async #replace(definition: AnyPolicy, live: BuildState, successor: BuildState): Promise<boolean> {
    const charge = this.charges.get(buildKey(live))
    const feed = charge?.feed
    if (feed) this.follower.remove(feed)
    let held: ProjectionWriter | undefined
    let next: ProjectionWriter | undefined
    try {
      if (!feed) held = await this.lease(live, false)
      next = await this.lease(successor, false)
      const handledUpTo = feed
        ? await feed.exclusively(async () => feed.position)
        : await this.#handledUpTo(held!)
      await this.#start(definition, next, handledUpTo)
      await next.close()
      await this.options.readStore.makeLive(successor)
      return true
    } catch (error) {
      if (error instanceof LeaseHeld) return false
      throw error
    } finally {
      await Promise.allSettled([held?.close(), next?.close()])
      await this.forgetOthers(live.projection, [])
    }
  }

  /** A checkpoint of another history tells nothing: then all that is in this log counts as handled. */
  async #handledUpTo(writer: ProjectionWriter): Promise<Position | undefined> {
    const checkpoint = await writer.checkpoint()
    if (!checkpoint || !(await isOfThisLog(this.options.eventStore, checkpoint))) return undefined
    return checkpoint.position
  }

  #start(definition: AnyPolicy, writer: ProjectionWriter, handledUpTo?: Position) {
    const { eventStore } = this.options
    const remember: RememberMetadata =
      this.options.rememberStart ?? ((stream, metadata) => eventStore.setStreamMetadata(stream, metadata))
    return policyStart(definition.name, writer, eventStore, remember, handledUpTo)
  }

  #create(definition: AnyPolicy): Promise<BuildName> {
    const name = { projection: policyBuildName(definition), version: VERSION }
    return this.options.readStore.createBuild(name, [...policySchemas, startSchema])
  }

  /** Wakes up when the next timer falls due. Only who has all events fires timers: a later event may have cancelled one. */
  #setAlarm(): void {
    if (this.#firing || this.stopped.signal.aborted) return
    this.#cancelAlarm?.()
    this.#cancelAlarm = undefined
    const next = this.#nextDueAt()
    if (next === undefined) return
    const wait = Date.parse(next) - this.clock.now()
    if (wait <= 0) this.#fire()
    else this.#cancelAlarm = this.clock.after(Math.min(wait, LONGEST_SLEEP_MS), () => this.#setAlarm())
  }

  /** When the first timer of all falls due (ISO 8601); undefined: none is armed. Looked for once a second while one waits. */
  #nextDueAt(): string | undefined {
    let next: string | undefined
    for (const { nextDueAt: dueAt } of this.#levelFeeds()) {
      if (dueAt !== undefined && (next === undefined || dueAt < next)) next = dueAt
    }
    return next
  }

  #fire(): void {
    this.#firing = Promise.all([...this.#levelFeeds()].map((feed) => this.#fireAll(feed))).then(() => {
      this.#firing = undefined
      this.#setAlarm()
    })
  }

  async #fireAll(feed: PolicyFeed): Promise<void> {
    try {
      while (!this.stopped.signal.aborted && (await feed.fireDue()));
    } catch (error) {
      this.dropOut(feed, error)
    }
  }

  *#levelFeeds(): Generator<PolicyFeed> {
    for (const { feed } of this.charges.values()) if (feed && this.follower.isLevel(feed)) yield feed
  }

  #definition(policy: string): AnyPolicy {
    const definition = this.definitions.find((one) => one.name === policy || policyBuildName(one) === policy)
    if (definition) return definition
    const names = this.definitions.map(({ name }) => name).join(', ')
    throw new NotFound('POLICY.UNKNOWN', `There is no policy "${policy}"; there are: ${names}`)
  }
}

/** As the builds of a policy are called among those of projections. */
export function policyBuildName({ name }: Pick<AnyPolicy, 'name'>): string {
  return `policy_${name}`
}
