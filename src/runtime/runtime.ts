import type { CommandBus } from '@nestjs/cqrs'
import type { BlobStore } from '#libs/blob-store'
import type { EventStore } from '#libs/event-store'
import {
  type Closer,
  type Configuration,
  closeAll,
  type HealthCheck,
  type HealthChecks,
  type Logger,
  type Metrics,
} from '#libs/platform'
import { leaseOwner } from '#libs/read-store'
import type { ReadModelKeeper } from '../operation/read-model-keeper.js'
import { Dispatcher } from './dispatcher.js'
import { DistantProjector } from './distant-projector.js'
import { LocalProjector } from './local-projector.js'
import { ProcessOutbox, tellsAnybody } from './outbox.js'
import { OutboxBacklog } from './outbox-backlog.js'
import { Publisher } from './publisher.js'
import { publishingSettings } from './publishing.js'
import { QueryThreads } from './query-threads.js'
import {
  areFiles,
  awaitStore,
  openBlobStore,
  openEventStore,
  openReadStore,
  pageTokenKey,
  storeSettings,
} from './stores.js'
import { SupervisedThread } from './threads.js'
import { type WriteSide, writeSide } from './write-side.js'

/** A part of the process: what readiness asks of it, what it tells Prometheus, and what it has to close, in order. */
interface Part {
  checks?(): Record<string, HealthCheck>
  reportTo?(metrics: Metrics): Promise<void>
  closers(): Closer[]
}

/** What the API answers with. */
export interface Serving {
  write: WriteSide
  queries: QueryThreads
  blobs: BlobStore
  keeper: ReadModelKeeper
}

/**
 * What a process does, by its role:
 *
 * | role | commands over HTTP | queries | read models and policies | topics |
 * |---|---|---|---|---|
 * | `all` | yes | yes | yes | when Kafka is set |
 * | `api` | yes | yes | by other processes | no |
 * | `projector` | none, but carries out those of policies | no | yes | no |
 * | `publisher` | none | no | no | yes |
 */
export class Runtime {
  private constructor(
    readonly eventStore: EventStore,
    /** What carries out commands; `publisher` has none. */
    readonly write: WriteSide | undefined,
    /** `all` and `api`. */
    readonly serving: Serving | undefined,
    /** Tells people of what happens; there is one where commands are carried out. */
    readonly outbox: ProcessOutbox | undefined,
    private readonly dispatcher: Dispatcher,
    /** Those who send commands first. */
    private readonly parts: readonly Part[],
  ) {}

  /** @throws ConfigurationError before anything is opened; whatever it throws, nothing is left open */
  static async start(configuration: Configuration, logger: Logger, metrics: Metrics): Promise<Runtime> {
    const { role } = configuration
    const publishes = configuration.kafkaBrokers && (role === 'all' || role === 'publisher')
    const publishing = publishes ? publishingSettings(configuration) : undefined
    const stores = await storeSettings(configuration)
    const data = (thread: string) => ({ stores, owner: leaseOwner(thread) })
    const away = (err: Error) => logger.warn({ err }, 'a store is away; waiting for it')
    const eventStore = await awaitStore(
      () =>
        openEventStore(stores, {
          onCommit(events, seconds) {
            metrics.appendGroupEvents.observe(events)
            metrics.appendDuration.observe(seconds)
          },
          onForeign: (event) =>
            logger.warn({ event }, 'somebody else writes under our prefix; it is skipped'),
        }),
      stores,
      away,
    )
    const parts: Part[] = []
    let write: WriteSide | undefined
    try {
      write = role === 'publisher' ? undefined : await writeSide(eventStore, logger)
      const dispatcher = new Dispatcher(metrics)
      const outbox = write && (await ProcessOutbox.open(configuration, write, { logger, metrics }))
      if (outbox) parts.push(outbox)

      const projector =
        role === 'all' || role === 'projector'
          ? new LocalProjector({
              eventStore,
              dispatcher,
              data,
              reports: !areFiles(stores),
              notifies: tellsAnybody(configuration),
              logger,
            })
          : undefined
      if (projector) parts.push(projector)

      if (publishing) {
        parts.push(
          new Publisher({
            eventStore,
            data: { ...data('publisher'), publishing },
            logger,
            metrics,
          }),
        )
      }

      let serving: Serving | undefined
      if (write && (role === 'all' || role === 'api')) {
        const key = await awaitStore(() => pageTokenKey(stores), stores, away)
        const { queryThreads, projectionWaitMs } = configuration
        const queries = new QueryThreads(
          Array.from({ length: queryThreads }, (_, i) => ({
            ...data(`queries-${i + 1}`),
            pageTokenKey: key,
            projectionWaitMs,
          })),
          logger,
          async (projection, position) => projector?.hurry(projection, position),
        )
        parts.push(queries)
        await queries.ready()
        parts.push(new OutboxBacklog(queries))
        const blobs = await openBlobStore(stores)
        parts.push({ closers: () => [{ name: 'blobs', close: () => blobs.close() }] })
        const keeper = projector ?? new DistantProjector(await openReadStore(stores))
        if (keeper instanceof DistantProjector) parts.push(keeper)
        serving = { write, queries, blobs, keeper }
      }
      await projector?.ready
      if (write && areFiles(stores)) {
        const script = new URL('./upkeep-thread.js', import.meta.url)
        const upkeep = new SupervisedThread(script, data('upkeep'), logger)
        parts.push({ closers: () => [{ name: 'upkeep', close: () => upkeep.stop() }] })
      }
      return new Runtime(eventStore, write, serving, outbox, dispatcher, parts)
    } catch (error) {
      await closeAll(closersOf(parts, write ?? eventStore), logger)
      throw error
    }
  }

  /** From now on policies' commands are carried out by this bus. */
  connect(bus: CommandBus): void {
    this.dispatcher.bus = bus
  }

  /**
   * Lets readiness and metrics ask every part. To serve, a process needs the log for commands and its own threads for queries.
   * What else is missing is only told: every process that serves lacks it then, and no load balancer must take them all out.
   */
  register(health: HealthChecks, metrics: Metrics): void {
    for (const part of this.parts) {
      const decides = !this.serving || part === this.serving.queries
      for (const [name, check] of Object.entries(part.checks?.() ?? {}))
        health.register(name, check, { decides })
      metrics.beforeReading(() => part.reportTo?.(metrics))
    }
    health.register('log', async () => void (await this.eventStore.head()))
  }

  /** In the order in which things must end: first who sends commands, last the log. */
  closers(): Closer[] {
    return closersOf(this.parts, this.write ?? this.eventStore)
  }
}

function closersOf(parts: readonly Part[], log: Pick<EventStore, 'close'>): Closer[] {
  return [...parts.flatMap((part) => part.closers()), { name: 'log', close: () => log.close() }]
}
