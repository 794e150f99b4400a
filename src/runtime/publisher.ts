import type { TopicStatus } from '#libs/event-publisher'
import type { EventStore } from '#libs/event-store'
import type { Closer, HealthCheck, Logger, Metrics } from '#libs/platform'
import type { FeedState } from '#libs/projections-runtime'
import type { PublishingSettings } from './publishing.js'
import { logNotice } from './rebuilder.js'
import { SupervisedThread, type ThreadData } from './threads.js'

/** What the publisher's thread is told at its start. */
export interface PublisherThreadData extends ThreadData {
  publishing: PublishingSettings
}

const STATES = [
  'standby',
  'catching up',
  'following',
  'retrying',
  'stopped',
] as const satisfies readonly FeedState[]

export interface PublisherOptions {
  eventStore: EventStore
  data: PublisherThreadData
  logger: Pick<Logger, 'info' | 'warn' | 'error'>
  metrics: Metrics
}

/** Puts the log on topics, on a thread of its own. Nothing waits for it: a broker that is away makes lag, not errors. */
export class Publisher {
  readonly #thread: SupervisedThread

  constructor({ eventStore, data, logger, metrics }: PublisherOptions) {
    const script = new URL('./publisher-thread.js', import.meta.url)
    this.#thread = new SupervisedThread(script, data, logger, {
      notice: logNotice(logger),
      published: (topic: string, events: number) => metrics.publishedEvents.inc({ topic }, events),
    })
    eventStore.onAppended(() => this.#thread.tell('appended'))
  }

  status(): Promise<TopicStatus[]> {
    return this.#thread.call('status')
  }

  checks(): Record<string, HealthCheck> {
    return { topics: () => this.#missing() }
  }

  /** Why events do not reach their topics; undefined: they do, from here or from another publisher. */
  async #missing(): Promise<string | undefined> {
    if (!this.#thread.alive) return 'the publisher is being started'
    const reasons = (await this.status()).flatMap(({ topic, state, code, message }) => {
      if (state === 'stopped') return [message ?? `${topic} has stopped`]
      // Its message holds addresses.
      return state === 'retrying' ? [`${topic} is tried again: ${code ?? 'failed'}`] : []
    })
    return reasons.length === 0 ? undefined : reasons.join(' ')
  }

  async reportTo({ publisherLag, publisherState }: Metrics): Promise<void> {
    publisherLag.reset()
    publisherState.reset()
    // Being started again: nobody knows, and all else can still be told
    for (const { topic, state: current, lagSeconds } of await this.status().catch(() => [])) {
      if (lagSeconds !== undefined) publisherLag.set({ topic }, lagSeconds)
      for (const state of STATES) publisherState.set({ topic, state }, state === current ? 1 : 0)
    }
  }

  closers(): Closer[] {
    return [{ name: 'publisher', close: () => this.#thread.stop() }]
  }
}
