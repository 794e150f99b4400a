import type {
  Command,
  CommandMetadata,
  Decider,
  DomainEvent,
  EventMetadata,
  Fact,
  FactQuestion,
  RecordedEvent,
} from '#libs/event-sourcing'

/** An event of a story: metadata only where it matters. */
export type ToldEvent<E extends DomainEvent = DomainEvent> = E & {
  readonly metadata?: Partial<EventMetadata>
}

/** Metadata of a command in a story: sent by `agnes` over the API at 2026-01-05 09:00 unless said otherwise. */
export function commandMetadata(metadata: Partial<CommandMetadata> = {}): CommandMetadata {
  return {
    actor: 'agnes',
    channel: 'api',
    occurredAt: '2026-01-05T09:00:00.000Z',
    commandId: '00000000-0000-5000-8000-000000000000',
    keyed: false,
    correlationId: 'story',
    ...metadata,
  }
}

/** Events as they would stand in the log: revisions from 0, by `agnes` over the API at 2026-01-05 08:00 unless told otherwise. */
export function recorded<E extends DomainEvent>(
  stream: string,
  events: readonly ToldEvent<E>[],
  defaults: Partial<EventMetadata> = {},
): RecordedEvent<E>[] {
  return events.map((event, revision) => {
    const occurredAt = event.metadata?.occurredAt ?? defaults.occurredAt ?? '2026-01-05T08:00:00.000Z'
    return {
      ...event,
      id: `${stream}@${revision}`,
      stream,
      revision,
      position: String(revision + 1).padStart(20, '0'),
      metadata: {
        actor: 'agnes',
        channel: 'api',
        recordedAt: occurredAt,
        commandId: `${stream}@${revision}`,
        correlationId: 'story',
        schemaVersion: 1,
        ...defaults,
        ...event.metadata,
        occurredAt,
      },
    }
  })
}

/** What a decider asks, and what its answers lead to, as the command executor would answer it. */
export function factsOf<S, C extends Command, F extends object>(
  decider: Pick<Decider<S, C, never, F>, 'facts' | 'furtherFacts'>,
  command: C,
  state: S,
  streams: ReadonlyMap<string, readonly ToldEvent[]>,
): F {
  const facts = answerFacts<F>(decider.facts?.(command, state) ?? {}, streams)
  while (decider.furtherFacts) {
    const further = Object.entries(decider.furtherFacts(command, state, facts))
    const unknown = further.filter(([name]) => !(name in facts)) as [string, FactQuestion<unknown>][]
    if (unknown.length === 0) break
    Object.assign(facts, answerFacts(Object.fromEntries(unknown), streams))
  }
  return facts
}

/** Answers questions by folding the events told of other streams. */
export function answerFacts<Facts extends object>(
  questions: { readonly [name: string]: FactQuestion<unknown> | undefined },
  streams: ReadonlyMap<string, readonly ToldEvent[]>,
): Facts {
  const facts: Record<string, Fact<unknown>> = {}
  for (const [name, question] of Object.entries(questions)) {
    if (question === undefined) continue
    const events = recorded(question.stream, streams.get(question.stream) ?? [])
    const value = events.reduce(
      (state, event) => question.fold.evolve(state, event),
      question.fold.initial as unknown,
    )
    facts[name] = { value, stream: question.stream, revision: events.length - 1 }
  }
  return facts as Facts
}

/**
 * Given / when / then for a decider:
 *
 *     spec.given(opened).and('group-network', registered).when(new Accept('INC0000001', {}, commandMetadata())).thenEvents(accepted)
 *
 * `and` tells what stands in another stream; facts are folded from there as the command executor would.
 */
export function deciderSpec<S, C extends Command, E extends DomainEvent, F extends object>(
  decider: Decider<S, C, E, F>,
) {
  return {
    given: (...events: readonly ToldEvent<E>[]) => new GivenStory(decider, events, new Map()),
  }
}

export class GivenStory<S, C extends Command, E extends DomainEvent, F extends object> {
  constructor(
    private readonly decider: Decider<S, C, E, F>,
    private readonly events: readonly ToldEvent<E>[],
    private readonly others: ReadonlyMap<string, readonly ToldEvent[]>,
  ) {}

  /** What else stands in the log: events of another stream, after those told of it before. */
  and(stream: string, ...events: readonly ToldEvent[]): GivenStory<S, C, E, F> {
    const others = new Map(this.others).set(stream, [...(this.others.get(stream) ?? []), ...events])
    return new GivenStory(this.decider, this.events, others)
  }

  when(command: C): Outcome<S, E> {
    const { decider } = this
    const story = recorded(`${decider.streamPrefix}${command.id ?? 'new'}`, this.events)
    const state = story.reduce((before, event) => decider.evolve(before, event), decider.initial)
    try {
      const facts = factsOf(decider, command, state, this.others)
      return new Outcome(decider, state, command, decider.decide(command, state, facts))
    } catch (error) {
      return new Outcome<S, E>(decider, state, command, error as Error)
    }
  }
}

export class Outcome<S, E extends DomainEvent> {
  constructor(
    private readonly decider: Pick<Decider<S, never, E, never>, 'evolve' | 'streamPrefix'>,
    private readonly before: S,
    private readonly command: Command,
    private readonly verdict: readonly E[] | Error,
  ) {}

  /** The events that were decided. */
  get events(): readonly E[] {
    if (this.verdict instanceof Error) throw this.verdict
    return this.verdict
  }

  /** The state after these events, recorded with the command's metadata. */
  get state(): S {
    const { decider, command } = this
    const { actor, channel, occurredAt, source } = command.metadata
    const events = recorded(`${decider.streamPrefix}${command.id ?? 'new'}`, this.events as ToldEvent<E>[], {
      actor,
      channel,
      occurredAt,
      source,
    })
    return events.reduce((before, event) => decider.evolve(before, event), this.before)
  }

  /** Exactly these events, as the log would keep them: what is undefined is not there. */
  thenEvents(...expected: readonly E[]): void {
    expect(asStored(this.events)).toEqual(asStored(expected))
  }

  /** Events of these types, in this order. */
  thenTypes(...types: readonly E['type'][]): void {
    expect(this.events.map(({ type }) => type)).toEqual(types)
  }

  thenNothing(): void {
    this.thenEvents()
  }

  /** Refused with this stable code. */
  thenRefused(code: string): void {
    if (!(this.verdict instanceof Error))
      throw new Error(`expected ${code}, got ${JSON.stringify(this.verdict)}`)
    if ((this.verdict as { code?: string }).code === undefined) throw this.verdict
    expect((this.verdict as { code?: string }).code).toBe(code)
  }
}

function asStored(events: readonly DomainEvent[]): unknown {
  return JSON.parse(JSON.stringify(events))
}
