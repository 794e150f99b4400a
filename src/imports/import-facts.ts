import type { Command, Decider, Fact, FactQuestion, RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'

type Questions = { readonly [name: string]: FactQuestion<unknown> | undefined }

/**
 * What decisions ask of other streams, read once a run: rows are decided by the version of a setting that the run names,
 * and versions never change.
 */
export class ImportFacts {
  readonly #known = new Map<string, Map<unknown, Fact<unknown>>>()
  readonly #answered = new WeakMap<object, object>()
  readonly #unwritten: RecordedEvent[] = []

  constructor(private readonly store: EventStore) {}

  /** An event that a dry run would have written. */
  assume(event: RecordedEvent): void {
    this.#unwritten.push(event)
  }

  async of<S, C extends Command>(
    // biome-ignore lint/suspicious/noExplicitAny: the facts are the rules' own affair
    decider: Pick<Decider<S, C, never, any>, 'facts'>,
    command: C,
    state: S,
    // biome-ignore lint/suspicious/noExplicitAny: as above
  ): Promise<any> {
    const questions: Questions = decider.facts?.(command, state) ?? {}
    const answered = this.#answered.get(questions)
    if (answered) return answered
    const facts: Record<string, Fact<unknown>> = {}
    for (const [name, question] of Object.entries(questions)) {
      if (question) facts[name] = await this.#answer(question)
    }
    // Rules that ask the same for every row do so with one object.
    this.#answered.set(questions, facts)
    return facts
  }

  async #answer({ stream, fold }: FactQuestion<unknown>): Promise<Fact<unknown>> {
    const kept = this.#known.get(stream)?.get(fold)
    if (kept) return kept
    const events = await this.store.readStream(stream)
    events.push(...this.#unwritten.filter((event) => event.stream === stream))
    let value: unknown = fold.initial
    for (const event of events) value = fold.evolve(value, event)
    const answer = { value, stream, revision: events.length - 1 }
    this.#known.set(stream, new Map(this.#known.get(stream)).set(fold, answer))
    return answer
  }
}
