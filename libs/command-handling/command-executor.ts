import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Principal } from '#libs/access'
import {
  type Command,
  type CommandMetadata,
  type Decider,
  type DomainEvent,
  eventIds,
  type Fact,
  type FactQuestion,
  Forbidden,
  KeyReused,
  LedgerdeskError,
  type NewEvent,
  type RecordedEvent,
  StaleRevision,
  type StreamFold,
  Unavailable,
} from '#libs/event-sourcing'
import type { Appended, AppendOutcome, EventStore, ExpectedRevision, NumberSeries } from '#libs/event-store'
import type { FactSource } from './fact-source.js'
import { foldLater, foldStream, type LoadedStream, type StreamCache } from './stream-cache.js'

/** What a caller learns of a command; built from stored events only, so a repeat of the command gives the same. */
export interface CommandReceipt {
  /** The record's number or id. */
  readonly id: string
  readonly stream: string
  /** Revision of the command's last event: the record's new ETag. */
  readonly revision: number
  readonly position: string
  /** `repeated`: the command id was found, nothing new was written. `unchanged`: there was nothing to do. */
  readonly outcome: 'appended' | 'repeated' | 'unchanged'
}

/** A kind of record: its rules and, when its records are numbered by us, the series of its numbers. */
export interface RecordType<State, C extends Command, E extends DomainEvent, Facts extends object> {
  readonly decider: Decider<State, C, E, Facts>
  readonly numbers?: NumberSeries
  /**
   * Type of the command that makes a record under an id of the caller's choice. Its command id belongs to the whole
   * collection, so a key first claims the id that it stands for.
   */
  readonly creates?: C['type']
  /**
   * Whether the principal may do this to the record as it is.
   * @returns id of the grant relied on, for `metadata.grant`
   * @throws Forbidden; NotFound when the principal may not know of the record
   */
  rights(principal: Principal, command: C, state: State): string | undefined
  /**
   * The same for what else the decision looks at: whoever decides about a second record must be allowed to know of it.
   * @throws what a record that is not there would give
   */
  factRights?(principal: Principal, command: C, facts: Facts): void
  /**
   * What others must be able to read before the command is decided for good. It is written once the command would be carried out;
   * then the command is decided again.
   */
  announces?(command: C): Announcement | undefined
}

/** An event of a stream beside the record's. */
export interface Announcement {
  readonly stream: string
  readonly event: DomainEvent
}

// biome-ignore lint/suspicious/noExplicitAny: registries hold record types of many states and events
export type AnyRecordType = RecordType<any, any, any, any>

export interface CommandExecutorOptions {
  store: EventStore
  facts: FactSource
  cache: StreamCache
  /** The actor with the rights of this moment; undefined: unknown or deactivated. */
  principal(id: string): Principal | undefined
  /** Schema version that a type is written with (the event catalogue's). */
  schemaVersion(type: string): number
  /** Told of all that this process appended, stream by stream, before the command answers. */
  onAppended?(stream: string, appended: Appended): void
  /** How often a command is decided again after somebody else was first. Default 20. */
  maxAttempts?: number
}

/** How long an unknown outcome is asked after: a cluster's election was seen to take 6.5 s. */
const SETTLE_MS = 10_000
const LONGEST_PAUSE_MS = 500

/** What follows from a command, and the grant that allows it. */
interface Verdict<E extends DomainEvent> {
  readonly grant: string | undefined
  readonly events: readonly E[]
}

/**
 * Runs commands: load · facts · decide · append. Commands on one stream queue up within this process; against other
 * processes a definite conflict leads to a fresh read and a new decision, unless the stream already holds the command.
 */
export class CommandExecutor {
  private readonly queues = new Map<string, Promise<unknown>>()

  constructor(private readonly options: CommandExecutorOptions) {}

  /**
   * @throws the decider's refusals; StaleRevision, KeyReused; Unavailable when the store is away or the outcome stays unknown
   */
  async execute<S, C extends Command, E extends DomainEvent, F extends object>(
    recordType: RecordType<S, C, E, F>,
    command: C,
  ): Promise<CommandReceipt> {
    if (command.id === undefined) return this.create(recordType, command)
    const { decider } = recordType
    const { id, metadata } = command
    const stream = decider.streamPrefix + id
    const claiming = metadata.keyed && command.type === recordType.creates
    if (claiming) await this.requireUnclaimed(metadata)
    return this.enqueue(stream, () => this.change(recordType, command, id as string, stream, claiming))
  }

  private async enqueue<T>(stream: string, task: () => Promise<T>): Promise<T> {
    const before = this.queues.get(stream)
    const run = before === undefined ? task() : before.then(task, task)
    this.queues.set(stream, run)
    try {
      return await run
    } finally {
      if (this.queues.get(stream) === run) this.queues.delete(stream)
    }
  }

  private async change<S, C extends Command, E extends DomainEvent, F extends object>(
    recordType: RecordType<S, C, E, F>,
    command: C,
    id: string,
    stream: string,
    claiming = false,
  ): Promise<CommandReceipt> {
    const { decider } = recordType
    const { cache, maxAttempts = 20 } = this.options
    let loaded = cache.get<S>(stream)
    let fresh = false
    let announcement = recordType.announces?.(command)
    for (let attempt = 1; ; attempt++) {
      if (loaded === undefined) {
        loaded = await this.load(decider, stream)
        fresh = true
      }
      const repeated = this.repeated(loaded, command.metadata, id, stream)
      if (repeated) return repeated
      const verdict = await this.decide(recordType, command, loaded)
      // What was decided on a cached state may be out of date: refuse, or do nothing, only on a fresh read.
      if (!fresh && (verdict instanceof Error || verdict.events.length === 0)) {
        loaded = undefined
        continue
      }
      if (verdict instanceof Error) throw verdict
      if (verdict.events.length === 0)
        return { id, stream, revision: loaded.revision, position: loaded.position, outcome: 'unchanged' }

      // Only now: what is refused anyway holds up nobody else.
      if (announcement) {
        await this.announce(announcement, command.metadata)
        announcement = undefined
        continue
      }
      // Only now: refusals and no-ops use no key up.
      if (claiming) await this.claim(id, command.metadata)
      const events = this.toNewEvents(verdict.events, stream, command.metadata, verdict.grant)
      const outcome = await this.append(stream, loaded.revision < 0 ? 'noStream' : loaded.revision, events)
      if (outcome.kind !== 'conflict')
        return this.appended(decider, loaded, outcome, { id, stream, metadata: command.metadata })
      if (attempt >= maxAttempts) {
        throw new Unavailable(
          'RECORD.BUSY',
          `${stream} is changed by others faster than this command could be decided`,
        )
      }
      cache.delete(stream)
      loaded = undefined
      await sleep(Math.random() * Math.min(50, 2 ** attempt))
    }
  }

  private async announce({ stream, event }: Announcement, metadata: CommandMetadata): Promise<void> {
    const { maxAttempts = 20, store } = this.options
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const [last] = await store.readStream(stream, { direction: 'backwards', limit: 1 })
      // Anew each time: a repeat of the command announces it again
      const events = this.toNewEvents([event], stream, { ...metadata, keyed: false, commandId: randomUUID() })
      const outcome = await this.append(stream, last?.revision ?? 'noStream', events)
      if (outcome.kind !== 'conflict') return
    }
    throw new Unavailable('RECORD.BUSY', `${stream} is written by others faster than this command`)
  }

  private async decide<S, C extends Command, E extends DomainEvent, F extends object>(
    { decider, rights, factRights }: RecordType<S, C, E, F>,
    command: C,
    loaded: LoadedStream<S>,
  ): Promise<Verdict<E> | LedgerdeskError> {
    const { actor, expectedRevision } = command.metadata
    try {
      const principal = this.options.principal(actor)
      if (!principal)
        throw new Forbidden('ACTOR.UNKNOWN', `${actor} is not an active member of the directory`)
      const grant = rights(principal, command, loaded.state)
      if (expectedRevision !== undefined && expectedRevision !== loaded.revision)
        throw new StaleRevision(loaded.revision)
      const facts = await this.factsFor(decider, command, loaded.state)
      factRights?.(principal, command, facts)
      return { grant, events: decider.decide(command, loaded.state, facts) }
    } catch (error) {
      if (error instanceof LedgerdeskError) return error
      throw error
    }
  }

  private async factsFor<S, C extends Command, E extends DomainEvent, F extends object>(
    decider: Decider<S, C, E, F>,
    command: C,
    state: S,
  ): Promise<F> {
    const facts: Record<string, Fact<unknown>> = {}
    const questions = decider.facts?.(command, state)
    if (questions) await this.answer(questions, facts)
    while (decider.furtherFacts) {
      const further = decider.furtherFacts(command, state, facts as Partial<F>)
      if (!(await this.answer(further, facts))) break
    }
    return facts as F
  }

  /** Adds the answers that are not known yet; false: all were. Nearly always they are kept, and no promise is needed. */
  private answer(
    questions: { readonly [name: string]: FactQuestion<unknown> | undefined },
    facts: Record<string, Fact<unknown>>,
  ): boolean | Promise<boolean> {
    let asked = false
    const toBeRead: [name: string, question: FactQuestion<unknown>][] = []
    for (const name in questions) {
      const question = questions[name]
      if (!question || name in facts) continue
      const kept = this.options.facts.kept(question)
      if (kept) facts[name] = kept
      else toBeRead.push([name, question])
      asked = true
    }
    return toBeRead.length === 0 ? asked : this.read(toBeRead, facts)
  }

  /** At once: where the store is a server, a decision waits for one answer, and not for as many as it asks questions. */
  private async read(
    questions: readonly [name: string, question: FactQuestion<unknown>][],
    facts: Record<string, Fact<unknown>>,
  ): Promise<true> {
    const answers = await Promise.all(questions.map(([, question]) => this.options.facts.answer(question)))
    for (const [index, [name]] of questions.entries()) facts[name] = answers[index]!
    return true
  }

  private async create<S, C extends Command, E extends DomainEvent, F extends object>(
    recordType: RecordType<S, C, E, F>,
    command: C,
  ): Promise<CommandReceipt> {
    const { decider, numbers } = recordType
    if (!numbers)
      throw new Error(`${command.type} has no id, and ${decider.streamPrefix} records are not numbered`)
    const { metadata } = command
    const claimStream = claimStreamOf(metadata)
    const verdict = await this.decide(recordType, command, foldStream(decider, []))
    if (verdict instanceof Error) {
      const known = metadata.keyed ? await this.claimedReceipt(decider, claimStream, metadata) : undefined
      if (known) return known
      throw verdict
    }
    const append = () =>
      this.options.store.appendNumbered({
        series: numbers,
        claim: metadata.keyed
          ? {
              stream: claimStream,
              event: (number) => this.claimOf(number, metadata),
            }
          : undefined,
        events: (number) =>
          this.toNewEvents(verdict.events, decider.streamPrefix + number, metadata, verdict.grant),
      })
    // Without a claim a repeat would be given another number: an unknown outcome stays unknown.
    const outcome = await this.settle(append, metadata.keyed)
    const stream = decider.streamPrefix + outcome.number
    if (outcome.kind === 'appended')
      return this.appended(decider, undefined, outcome, { id: outcome.number, stream, metadata })
    return this.enqueue(stream, () => this.change(recordType, command, outcome.number, stream))
  }

  private async claimedReceipt<S, E extends DomainEvent>(
    decider: StreamFold<S, E> & { readonly streamPrefix: string },
    claimStream: string,
    metadata: CommandMetadata,
  ): Promise<CommandReceipt | undefined> {
    // The last one holds: an earlier one may name a number that turned out to be taken.
    const [claim] = await this.options.store.readStream(claimStream, { direction: 'backwards', limit: 1 })
    if (!claim) return undefined
    const number = (claim.data as { number: string }).number
    const stream = decider.streamPrefix + number
    return this.repeated(await this.load(decider, stream), metadata, number, stream)
  }

  /** @throws KeyReused when the key stands for another request to this collection */
  private async requireUnclaimed(metadata: CommandMetadata): Promise<void> {
    const [claim] = await this.options.store.readStream(claimStreamOf(metadata), { limit: 1 })
    if (claim && claim.metadata.requestHash !== metadata.requestHash) throw new KeyReused()
  }

  /**
   * Binds the key to the id. Its own append, before that of the record: a repeat after a crash between the two finds
   * its claim and goes on. Of two requests at once, one claims; event ids say nothing of an id, so the hash tells.
   * @throws KeyReused when another request was first
   */
  private async claim(id: string, metadata: CommandMetadata): Promise<void> {
    const outcome = await this.append(claimStreamOf(metadata), 'noStream', [this.claimOf(id, metadata)])
    if (outcome.kind !== 'appended') await this.requireUnclaimed(metadata)
  }

  private claimOf(number: string, metadata: CommandMetadata): NewEvent {
    return this.toNewEvents(
      [{ type: 'NumberClaimed', data: { number } }],
      claimStreamOf(metadata),
      metadata,
    )[0]!
  }

  private async load<S, E extends DomainEvent>(
    decider: StreamFold<S, E>,
    stream: string,
  ): Promise<LoadedStream<S>> {
    const loaded = foldStream(decider, (await this.options.store.readStream(stream)) as RecordedEvent<E>[])
    if (loaded.revision >= 0) this.options.cache.set(stream, loaded)
    return loaded
  }

  private repeated(
    loaded: LoadedStream<unknown>,
    metadata: CommandMetadata,
    id: string,
    stream: string,
  ): CommandReceipt | undefined {
    if (!metadata.keyed) return undefined
    const earlier = loaded.commands.get(metadata.commandId)
    if (!earlier) return undefined
    if (earlier.requestHash !== metadata.requestHash) throw new KeyReused()
    return { id, stream, revision: earlier.revision, position: earlier.position, outcome: 'repeated' }
  }

  private appended<S, E extends DomainEvent>(
    decider: StreamFold<S, E>,
    before: LoadedStream<S> | undefined,
    outcome: Appended & { kind: 'appended' | 'alreadyAppended' },
    { id, stream, metadata }: { id: string; stream: string; metadata: CommandMetadata },
  ): CommandReceipt {
    // A store that knows events by their ids alone takes another request under the same key for a repeat of the first.
    const { keyed, requestHash } = metadata
    if (
      keyed &&
      outcome.kind === 'alreadyAppended' &&
      outcome.events.some((e) => e.metadata.requestHash !== requestHash)
    ) {
      this.options.cache.delete(stream)
      throw new KeyReused()
    }
    this.options.cache.set(stream, foldLater(decider, outcome, before, keyed))
    this.options.onAppended?.(stream, outcome)
    return { id, stream, ...outcome.last, outcome: outcome.kind === 'appended' ? 'appended' : 'repeated' }
  }

  private append(
    stream: string,
    expectedRevision: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<Exclude<AppendOutcome, { kind: 'unknown' }>> {
    return this.settle(() => this.options.store.append({ stream, expectedRevision, events }))
  }

  /** An unknown outcome is resolved by repeating the very same append: same ids, same expected revision. */
  private async settle<O extends { kind: string }>(
    attempt: () => Promise<O>,
    repeatable = true,
  ): Promise<Exclude<O, { kind: 'unknown' }>> {
    const end = performance.now() + SETTLE_MS
    for (let delay = 20; performance.now() < end; delay = Math.min(2 * delay, LONGEST_PAUSE_MS)) {
      const outcome = await attempt()
      if (outcome.kind !== 'unknown') return outcome as Exclude<O, { kind: 'unknown' }>
      if (!repeatable) break
      await sleep(delay * (0.5 + Math.random() / 2))
    }
    throw new Unavailable(
      'EVENT_STORE.OUTCOME_UNKNOWN',
      'The store did not say whether the command was recorded. Repeat it with the same Idempotency-Key to learn.',
    )
  }

  private toNewEvents(
    events: readonly DomainEvent[],
    stream: string,
    command: CommandMetadata,
    grant?: string,
  ): NewEvent[] {
    const { commandId } = command
    const idAt = eventIds(commandId, stream)
    // Neighbours of one schema version share one object, which a codec may then encode once.
    let metadata: NewEvent['metadata'] | undefined
    return events.map(({ type, data }, index) => {
      const schemaVersion = this.options.schemaVersion(type)
      if (metadata?.schemaVersion !== schemaVersion) {
        metadata = {
          actor: command.actor,
          attributedTo: command.attributedTo,
          onBehalfOf: command.onBehalfOf,
          grant,
          channel: command.channel,
          reason: command.reason,
          occurredAt: command.occurredAt,
          commandId,
          requestHash: command.keyed ? command.requestHash : undefined,
          correlationId: command.correlationId,
          causationId: command.causationId,
          schemaVersion,
          source: command.source,
        }
      }
      return { id: idAt(index), type, data, metadata }
    })
  }
}

/** Where a keyed create is bound to the number or id that it got. */
function claimStreamOf({ commandId }: CommandMetadata): string {
  return `key-${commandId}`
}
