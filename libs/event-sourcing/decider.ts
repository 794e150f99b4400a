import type { Command } from './command.js'
import type { DomainEvent, RecordedEvent } from './event.js'

/** A fold over one stream: what another stream says, for a decision or a read. */
export interface StreamFold<State, E extends DomainEvent = DomainEvent> {
  readonly initial: State
  evolve(state: State, event: RecordedEvent<E>): State
}

/** A question a decision asks of another stream. */
export interface FactQuestion<Value> {
  readonly stream: string
  // biome-ignore lint/suspicious/noExplicitAny: a question may fold any stream; `fact()` keeps value and fold in step
  readonly fold: StreamFold<Value, any>
}

/** The answer, with the revision it was read at so that the event can record what it relied on (-1: no such stream). */
export interface Fact<Value> {
  readonly value: Value
  readonly stream: string
  readonly revision: number
}

export type FactQuestions<Facts> = {
  readonly [Name in keyof Facts]: Facts[Name] extends Fact<infer Value> ? FactQuestion<Value> : never
}

/** Names a fact: the stream and how to fold it. */
export function fact<Value, E extends DomainEvent>(
  stream: string,
  fold: StreamFold<Value, E>,
): FactQuestion<Value> {
  return { stream, fold }
}

/**
 * The rules of one kind of record. Pure: time, ids and everything else come in as arguments.
 * `decide` gives the events that follow (none: nothing to do) or throws a `LedgerdeskError`.
 */
export interface Decider<
  State,
  C extends Command,
  E extends DomainEvent,
  Facts extends object = Record<never, never>,
> extends StreamFold<State, E> {
  /** Stream = `<streamPrefix><id>`, for instance `incident-INC0000001`. */
  readonly streamPrefix: string
  /** What else the decision needs; asked anew for every try. */
  facts?(command: C, state: State): Partial<FactQuestions<Facts>>
  /**
   * What the answers so far lead to: asked again and again, until it names nothing that is not known yet. For questions
   * that only an answer gives rise to (are those on call still active? who is the parent's parent?).
   */
  furtherFacts?(command: C, state: State, known: Partial<Facts>): Partial<FactQuestions<Facts>>
  decide(command: C, state: State, facts: Facts): readonly E[]
}
