import { LRUCache } from 'lru-cache'
import type { Fact, FactQuestion, RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'

/**
 * Answers what a decision asks of other streams. Answers about streams with a followed prefix are kept until an event of
 * that stream is seen (own ones at once, those of other processes as fast as the store's subscription tells); others are
 * read anew each time.
 */
export class FactSource {
  private readonly known: LRUCache<string, Map<unknown, Fact<unknown>>>

  /** @param followed stream prefixes whose events reach {@link forget} */
  constructor(
    private readonly store: EventStore,
    private readonly followed: readonly string[],
    maxStreams = 10_000,
  ) {
    this.known = new LRUCache({ max: maxStreams })
  }

  /** The answer, where it is kept: nearly always, and then nothing has to wait for a promise. */
  kept<Value>({ stream, fold }: FactQuestion<Value>): Fact<Value> | undefined {
    return this.known.get(stream)?.get(fold) as Fact<Value> | undefined
  }

  async answer<Value>(question: FactQuestion<Value>): Promise<Fact<Value>> {
    const { stream, fold } = question
    if (!this.followed.some((prefix) => stream.startsWith(prefix))) return this.read(question)
    const kept = this.kept(question)
    if (kept) return kept
    const answers = new Map<unknown, Fact<unknown>>(this.known.get(stream))
    // Set before reading: an event that arrives meanwhile drops the entry, and the late answer goes nowhere.
    this.known.set(stream, answers)
    const answer = await this.read(question)
    answers.set(fold, answer)
    return answer
  }

  /** Drops what was known of the streams of these events. */
  forget(events: readonly RecordedEvent[]): void {
    for (const { stream } of events) this.known.delete(stream)
  }

  private async read<Value>({ stream, fold }: FactQuestion<Value>): Promise<Fact<Value>> {
    let value = fold.initial
    const events = await this.store.readStream(stream)
    for (const event of events) value = fold.evolve(value, event)
    return { value, stream, revision: events.at(-1)?.revision ?? -1 }
  }
}
