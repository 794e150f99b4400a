import type { Command, DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import type { PolicyDefinition, Reaction } from '#libs/projections-runtime'
import { commandMetadata } from './decider-spec.js'
import { deepFreeze } from './deep-freeze.js'

/**
 * Given / when / then for a policy; reactions to what is given have happened (its timers are armed):
 *
 *     policySpec(autoClose).given(resolved).whenDue('auto-close').thenCommands({ type: 'Close', id: 'INC0000001', data })
 */
export function policySpec<State extends object, E extends DomainEvent>(
  definition: PolicyDefinition<State, E>,
) {
  return { given: (...events: readonly RecordedEvent<E>[]) => new PolicyStory(definition, events) }
}

/** A timer that is armed: its name, its key and when it is due (ISO 8601). */
export interface ToldTimer {
  name: string
  key: string
  at: string
}

type ToldCommand = Pick<Command, 'type' | 'id' | 'data'>

export class PolicyStory<State extends object, E extends DomainEvent> {
  readonly #states = new Map<string, State>()
  readonly #timers = new Map<string, ToldTimer>()

  constructor(
    private readonly policy: PolicyDefinition<State, E>,
    events: readonly RecordedEvent<E>[],
  ) {
    for (const event of events) this.#tell(event)
  }

  /** The armed timers, in the order in which they fall due. */
  get timers(): ToldTimer[] {
    return [...this.#timers.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  }

  state(key: string): State {
    return this.#states.get(key) ?? this.policy.initial
  }

  /** What follows from an event. */
  when(event: RecordedEvent<E>): PolicyReactions {
    return new PolicyReactions(this.#tell(event), this.timers)
  }

  /**
   * What follows when the armed timer of this name falls due.
   * @param key needed only when several keys have one
   * @throws Error when none is armed
   */
  whenDue(name: string, key?: string): PolicyReactions {
    const armed = this.timers.filter(
      (timer) => timer.name === name && (key === undefined || timer.key === key),
    )
    const [timer] = armed
    if (!timer || armed.length > 1)
      throw new Error(`${armed.length} timers "${name}" are armed; all: ${JSON.stringify(this.timers)}`)
    this.#timers.delete(timerKey(timer.key, name))
    const fired = { name, key: timer.key, dueAt: timer.at }
    const reactions = this.policy.onTimer?.(fired, this.state(timer.key)) ?? []
    this.#take(timer.key, reactions)
    return new PolicyReactions(reactions, this.timers)
  }

  #tell(event: RecordedEvent<E>): readonly Reaction[] {
    const { from, key: keyOf, evolve, react, initial } = this.policy
    if (!from.some((prefix) => event.stream.startsWith(prefix))) return []
    const key = keyOf(event)
    if (key === undefined) return []
    const after = evolve(this.state(key), event)
    if (after === null) {
      this.#states.delete(key)
      for (const timer of this.timers) if (timer.key === key) this.#timers.delete(timerKey(key, timer.name))
    } else this.#states.set(key, deepFreeze(after))
    if (event.metadata.channel === 'import') return []
    const reactions = react(event, after ?? initial)
    this.#take(key, reactions)
    return reactions
  }

  #take(key: string, reactions: readonly Reaction[]): void {
    for (const reaction of reactions) {
      if (reaction.kind === 'command') continue
      const { name } = reaction
      if (reaction.kind === 'cancelTimer') this.#timers.delete(timerKey(key, name))
      else this.#timers.set(timerKey(key, name), { name, key, at: reaction.at })
    }
  }
}

export class PolicyReactions {
  constructor(
    private readonly reactions: readonly Reaction[],
    private readonly armed: readonly ToldTimer[],
  ) {}

  get commands(): Command[] {
    return this.reactions.flatMap((reaction) =>
      reaction.kind === 'command'
        ? reaction.build(
            commandMetadata({ actor: 'system:spec', channel: 'policy', reason: reaction.reason }),
          )
        : [],
    )
  }

  /** Exactly these commands, in this order. */
  thenCommands(...expected: readonly ToldCommand[]): this {
    const told = this.commands.map(({ type, id, data }) => ({ type, id, data }))
    expect(told).toEqual(expected.map(({ type, id, data }) => ({ type, id, data })))
    return this
  }

  /** Exactly these timers are armed afterwards, by when they are due. */
  thenArmed(...expected: readonly Omit<ToldTimer, 'key'>[]): this {
    expect(this.armed.map(({ name, at }) => ({ name, at }))).toEqual(expected)
    return this
  }

  thenNothing(): this {
    expect(this.reactions).toEqual([])
    return this
  }
}

const timerKey = (key: string, name: string): string => JSON.stringify([key, name])
