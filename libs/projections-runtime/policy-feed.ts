import { systemPrincipal } from '#libs/access'
import {
  type Command,
  derivedId,
  type LedgerdeskError,
  LOG_START,
  type Position,
  type RecordedEvent,
} from '#libs/event-sourcing'
import {
  all,
  type Checkpoint,
  type CollectionSchema,
  type DocumentWrite,
  type ProjectionReader,
  type ProjectionWriter,
} from '#libs/read-store'
import { BuildFeed, type BuildFeedOptions, ConsumerStopped, PoisonedEvent } from './build-feed.js'
import { toIso } from './clock.js'
import type { AnyPolicy, Reaction } from './definitions.js'
import { DocumentCache, type Slot } from './document-cache.js'
import { reasonOf } from './parking.js'
import { type ArmedTimer, TimerQueue } from './timer-queue.js'

/** What became of a policy's command. */
export type DispatchOutcome =
  | { outcome: 'done' }
  /** A rule forbade it: that is an outcome like another. */
  | { outcome: 'refused'; error: LedgerdeskError }
  /** Something is away, or somebody else was quicker: the same command is sent again later. */
  | { outcome: 'retry'; reason?: string }

export type Dispatch = (command: Command) => Promise<DispatchOutcome>

/** From where on a policy acts. */
export interface PolicyStart {
  /** Events up to here arm nothing and cause no commands: the policy is younger than they. */
  startedAfter: Position
  /** Events up to here cause no commands, for they did so before this build; but they arm timers. */
  silentUpTo: Position
}

export interface PolicyFeedOptions extends BuildFeedOptions {
  dispatch: Dispatch
  start: PolicyStart
  /** A command was refused. */
  refused(command: Command, error: LedgerdeskError): void
  /** The armed timers have changed. */
  timersChanged(): void
}

const STATES = 'states'
const TIMERS = 'timers'

export const policySchemas: readonly CollectionSchema[] = [
  { name: STATES, columns: {}, indexes: [] },
  { name: TIMERS, columns: { dueAt: 'timestamp', key: 'string' }, indexes: [['dueAt'], ['key']] },
]

/** Events whose commands are sent before the next commit, and timers that fire in one go. */
const ACTING_BATCH = 256
/** Commands of different keys that are under way at once. */
const CONCURRENT_KEYS = 16

/** Something is away: the batch is not committed, and all of it is done again later, with the same command ids. */
export class RetryLater extends Error {}

/** A command that follows, with the key that it must stay in order for. */
interface PlannedCommand {
  key: string
  build(occurredAt: string): Command
}

/** What reactions follow from: an event, or a timer that fell due. */
interface Cause {
  /** Id of the event or timer. */
  id: string
  causationId: string
  correlationId: string
}

/**
 * Folds a policy's states and timers, and sends the commands that follow. Commands go out before the commit: whatever
 * happens in between, they go out again under the same id, and their target knows them.
 */
export class PolicyFeed extends BuildFeed {
  /** Nobody waits for a policy's position. */
  protected readonly recordPassedAfterMs = 1_000
  readonly #states: DocumentCache
  #timers: TimerQueue
  /** Writes of the batch, by timer. */
  readonly #timerWrites = new Map<string, DocumentWrite>()

  static async open(
    definition: AnyPolicy,
    writer: ProjectionWriter,
    options: PolicyFeedOptions,
  ): Promise<PolicyFeed> {
    const checkpoint = await writer.checkpoint()
    return new PolicyFeed(definition, writer, options, checkpoint, await storedTimers(writer))
  }

  private constructor(
    private readonly definition: AnyPolicy,
    writer: ProjectionWriter,
    private readonly policy: PolicyFeedOptions,
    checkpoint: Checkpoint | undefined,
    timers: TimerQueue,
  ) {
    super(writer, definition.from, policy, checkpoint)
    const { cacheDocuments: capacity } = policy
    this.#states = new DocumentCache(writer, STATES, { capacity, fresh: this.position === LOG_START })
    this.#timers = timers
  }

  get armedTimers(): number {
    return this.#timers.size
  }

  /** When the next timer falls due, ISO 8601; undefined when none is armed. */
  get nextDueAt(): string | undefined {
    return this.#timers.earliest()?.dueAt
  }

  /** Fires what is due now; the answer says whether more may be. */
  fireDue(): Promise<boolean> {
    return this.exclusively(async () => {
      const due = this.#timers.due(toIso(this.policy.clock.now()), ACTING_BATCH)
      if (due.length === 0) return false
      const slots = due.map(({ key }) => this.#states.slot(key))
      await this.#states.load()
      const commands: PlannedCommand[] = []
      for (const [index, timer] of due.entries()) {
        // An earlier one of this batch may have moved or cancelled it.
        if (!this.#timers.isArmed(timer)) continue
        this.#timers.cancel(timer.key, timer.name)
        this.#fire(timer, slots[index]!, this.checkpoint.position, commands)
      }
      await this.#actAndCommit(commands)
      return due.length === ACTING_BATCH
    })
  }

  protected async apply(events: readonly RecordedEvent[]): Promise<void> {
    const silent = events.filter(({ position }) => position <= this.policy.start.silentUpTo).length
    if (silent > 0) await this.#applyPart(events.slice(0, silent))
    for (let at = silent; at < events.length; at += ACTING_BATCH)
      await this.#applyPart(events.slice(at, at + ACTING_BATCH))
  }

  async #applyPart(events: readonly RecordedEvent[]): Promise<void> {
    try {
      const commands = await this.#fold(events)
      await this.#actAndCommit(commands, events.at(-1))
    } catch (error) {
      if (!(error instanceof PoisonedEvent)) throw error
      await this.#stop(events, error)
    }
  }

  /** Keeps and does what came before the poisoned event, then stops. */
  async #stop(events: readonly RecordedEvent[], { event, reason }: PoisonedEvent): Promise<never> {
    this.#states.clear()
    this.#timerWrites.clear()
    this.#timers = await storedTimers(this.writer)
    const before = events.slice(0, events.indexOf(event))
    if (before.length > 0) await this.#applyPart(before)
    throw this.#poisoned(`event ${event.id} (${event.type}, position ${event.position})`, reason)
  }

  #poisoned(cause: string, reason: unknown): ConsumerStopped {
    const policy = this.definition.name
    return new ConsumerStopped(
      'POLICY.POISONED',
      `${policy} stopped at ${cause}: ${reasonOf(reason)}. Mend the policy and start again.`,
      { policy, reason: reasonOf(reason) },
    )
  }

  async #fold(events: readonly RecordedEvent[]): Promise<PlannedCommand[]> {
    const touched: { event: RecordedEvent; slot: Slot }[] = []
    for (const event of events) {
      if (!this.wants(event)) continue
      const key = this.#guarded(event, () => this.definition.key(event))
      if (key !== undefined) touched.push({ event, slot: this.#states.slot(key) })
    }
    const last = events.at(-1)!
    const replays = last.position <= this.policy.start.silentUpTo
    if (replays) this.#announceDue(last.metadata.recordedAt)
    await this.#states.load()
    const commands: PlannedCommand[] = []
    for (const { event, slot } of touched) {
      if (replays) this.#replayTimers(event)
      this.#guarded(event, () => this.#step(event, slot, commands))
    }
    return commands
  }

  #guarded<Result>(event: RecordedEvent, work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      throw new PoisonedEvent(event, error)
    }
  }

  #step(event: RecordedEvent, slot: Slot, commands: PlannedCommand[]): void {
    const { initial, evolve, react } = this.definition
    const before = slot.document ?? initial
    const after: object | null = evolve(before, event)
    if (after === undefined)
      throw new TypeError('evolve returned nothing: return the state, or null to forget it')
    if (after === null) {
      for (const timer of this.#timers.cancelAll(slot.id)) this.#deleteTimer(timer, event.position)
      if (slot.document !== undefined) this.#states.change(slot, undefined, event.position)
    } else if (after !== before) this.#states.change(slot, after, event.position)
    if (event.position <= this.policy.start.startedAfter || event.metadata.channel === 'import') return
    const cause = { id: event.id, causationId: event.id, correlationId: event.metadata.correlationId }
    const reactions = react(event, after ?? initial)
    const planned = this.#take(reactions, slot.id, cause, event.position)
    if (event.position > this.policy.start.silentUpTo) commands.push(...planned)
  }

  #fire(timer: ArmedTimer, slot: Slot, position: Position, commands: PlannedCommand[]): void {
    this.#deleteTimer(timer, position)
    const { key, name, dueAt } = timer
    const state = slot.document ?? this.definition.initial
    try {
      const reactions = this.definition.onTimer?.({ key, name, dueAt }, state) ?? []
      commands.push(...this.#take(reactions, key, timer, position))
    } catch (error) {
      throw this.#poisoned(`timer ${name} of ${key}`, error)
    }
  }

  /**
   * While a policy's states are built anew, time is that of the events: a timer that fell due before an event fired
   * before it, and what it asked for was done then. Only timers that it set in turn are still wanted.
   */
  #replayTimers(event: RecordedEvent): void {
    const { recordedAt } = event.metadata
    for (
      let next = this.#timers.earliest();
      next && next.dueAt <= recordedAt;
      next = this.#timers.earliest()
    ) {
      this.#timers.cancel(next.key, next.name)
      this.#fire(next, this.#states.slot(next.key), event.position, [])
    }
  }

  /** The states that timers will look at when they fire during a replay. */
  #announceDue(until: string): void {
    for (const { key } of this.#timers.due(until, Number.POSITIVE_INFINITY)) this.#states.slot(key)
  }

  /** Sets and cancels timers; the answer is the commands. */
  #take(reactions: readonly Reaction[], key: string, cause: Cause, position: Position): PlannedCommand[] {
    const commands: PlannedCommand[] = []
    for (const [index, reaction] of reactions.entries()) {
      if (reaction.kind === 'command') commands.push(this.#plan(reaction, index, key, cause))
      else {
        const old =
          reaction.kind === 'cancelTimer'
            ? this.#timers.cancel(key, reaction.name)
            : this.#setTimer(reaction.name, reaction.at, key, cause)
        if (old) this.#deleteTimer(old, position)
      }
    }
    return commands
  }

  /** The answer is the timer that was replaced, unless it has the same id and so was overwritten. */
  #setTimer(name: string, at: string, key: string, { id: setBy, causationId, correlationId }: Cause) {
    const id = derivedId('timer', this.definition.name, key, name, setBy)
    const timer = { id, key, name, dueAt: toIso(Date.parse(at)), causationId, correlationId }
    const old = this.#timers.set(timer)
    // As of the log's start, so that its deletion is later whatever the log has done in between.
    this.#timerWrites.set(id, { collection: TIMERS, id, document: timer, position: LOG_START })
    return old?.id === id ? undefined : old
  }

  #deleteTimer({ id }: ArmedTimer, position: Position): void {
    if (this.#timerWrites.get(id)?.document) this.#timerWrites.delete(id)
    else this.#timerWrites.set(id, { collection: TIMERS, id, document: null, position })
  }

  #plan(
    reaction: Extract<Reaction, { kind: 'command' }>,
    index: number,
    key: string,
    cause: Cause,
  ): PlannedCommand {
    const { name } = this.definition
    return {
      key,
      build: (occurredAt) =>
        reaction.build({
          actor: systemPrincipal(name).id,
          channel: 'policy',
          reason: reaction.reason,
          occurredAt,
          commandId: derivedId(cause.id, name, index),
          keyed: true,
          correlationId: cause.correlationId,
          causationId: cause.causationId,
        }),
    }
  }

  async #actAndCommit(commands: readonly PlannedCommand[], last?: RecordedEvent): Promise<void> {
    if (commands.length > 0) {
      // Whoever has lost the lease learns it here, before it sends anything.
      await this.commit([])
      await this.#send(commands)
    }
    const timerWrites = [...this.#timerWrites.values()]
    const writes = [...timerWrites]
    this.#states.finish(writes)
    if (writes.length === 0 && commands.length === 0 && last) {
      await this.passOver(last)
      return
    }
    await this.commit(writes, last)
    this.#timerWrites.clear()
    if (timerWrites.length > 0) this.policy.timersChanged()
  }

  /** Commands of one key go out one after the other, those of different keys side by side. */
  async #send(commands: readonly PlannedCommand[]): Promise<void> {
    const byKey = new Map<string, PlannedCommand[]>()
    for (const command of commands) byKey.set(command.key, [...(byKey.get(command.key) ?? []), command])
    const queues = byKey.values()
    let failure: unknown
    const work = async () => {
      for (const queue of queues) {
        for (const command of queue) {
          if (failure !== undefined) return
          try {
            await this.#sendOne(command)
          } catch (error) {
            failure ??= error
          }
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(CONCURRENT_KEYS, byKey.size) }, work))
    if (failure !== undefined) throw failure
  }

  async #sendOne(planned: PlannedCommand): Promise<void> {
    const command = this.#build(planned)
    const answer = await this.policy.dispatch(command)
    if (answer.outcome === 'refused') this.policy.refused(command, answer.error)
    if (answer.outcome === 'retry') throw new RetryLater(answer.reason ?? `${command.type} could not be sent`)
  }

  #build({ key, build }: PlannedCommand): Command {
    try {
      return build(toIso(this.policy.clock.now()))
    } catch (error) {
      throw this.#poisoned(`a command for ${key}`, error)
    }
  }
}

async function storedTimers(reader: ProjectionReader): Promise<TimerQueue> {
  const timers = new TimerQueue()
  const limit = 1000
  for (let after: string | undefined; ; ) {
    const page = await reader.find<ArmedTimer>(TIMERS, {
      filter: all,
      orderBy: [],
      limit,
      after: after === undefined ? undefined : { values: [], id: after },
    })
    for (const { document } of page) timers.set(document)
    if (page.length < limit) return timers
    after = page.at(-1)!.id
  }
}
