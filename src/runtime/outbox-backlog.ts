import type { Closer, Metrics } from '#libs/platform'
import type { QueryRunner } from '#libs/query-handling'
import { type Backlog, outboxBacklog } from '../notifications/notification.queries.js'

type Gauges = Pick<Metrics, 'notificationDeadLetters' | 'notificationsPending' | 'notificationOldestPending'>

/** Tells Prometheus what of the outbox waits and what was given up: by the read model, whichever process delivers. */
export class OutboxBacklog {
  constructor(
    private readonly queries: QueryRunner,
    private readonly clock: () => number = Date.now,
  ) {}

  async reportTo(gauges: Gauges): Promise<void> {
    const { notificationDeadLetters, notificationsPending, notificationOldestPending } = gauges
    // Not built yet: nobody knows, and all else can still be told
    const answer = await this.queries.ask(outboxBacklog.name, {}).catch(() => undefined)
    for (const gauge of [notificationDeadLetters, notificationsPending, notificationOldestPending])
      gauge.reset()
    for (const { channel, deadLetters, pending, oldestQueuedAt } of backlogs(answer?.json)) {
      notificationDeadLetters.set({ channel }, deadLetters)
      notificationsPending.set({ channel }, pending)
      const age = oldestQueuedAt === undefined ? 0 : this.clock() - Date.parse(oldestQueuedAt)
      notificationOldestPending.set({ channel }, Math.max(0, age / 1000))
    }
  }

  closers(): Closer[] {
    return []
  }
}

function backlogs(json: string | undefined): Backlog[] {
  return json === undefined ? [] : JSON.parse(json)
}
