import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { CommandBus } from '@nestjs/cqrs'
import { isSystemId, SYSTEM_PREFIX, systemPrincipal } from '#libs/access'
import { type BlobStore } from '#libs/blob-store'
import { openFolderBlobStore } from '#libs/blob-store/folder'
import { CommandExecutor, FactSource, StreamCache } from '#libs/command-handling'
import { writeOnce } from '#libs/durable-files'
import { type Command, LedgerdeskError, Unavailable } from '#libs/event-sourcing'
import type { SqliteEventStore } from '#libs/event-store/sqlite'
import type { Closer, Configuration, Logger, Metrics } from '#libs/platform'
import type { ParkedEvent, RetryOutcome } from '#libs/projections-runtime'
import { type QueryAnswer, QueryRunner } from '#libs/query-handling'
import { leaseOwner } from '#libs/read-store/sqlite'
import { revive } from '../commands.js'
import { DIRECTORY_PREFIXES, Directory } from '../directory/directory.js'
import { type Follower, follow } from '../directory/follow.js'
import { schemaVersionOf } from '../event-catalog.js'
import type { ReadModelKeeper } from '../operation/read-model-keeper.js'
import type { ProjectorStatus } from './projector.js'
import { Publisher } from './publisher.js'
import { publishingSettings } from './publishing.js'
import { logNotice, Rebuilder } from './rebuilder.js'
import { toMessage } from './remote.js'
import { dataPaths, openEventStore } from './stores.js'
import { type DispatchAnswer, SupervisedThread, type ThreadData, ThreadPool } from './threads.js'

const SETTINGS_PREFIX = 'settings-'

/** What writes need, and nothing else: the command line uses it beside a running server. */
export interface WriteSide {
  eventStore: SqliteEventStore
  directory: Directory
  follower: Follower
  executor: CommandExecutor
  close(): Promise<void>
}

/** Opens the log and gets ready to run commands: rights and facts in memory, level with the log. */
export async function openWriteSide(
  configuration: Pick<Configuration, 'dataDir'>,
  logger: Pick<Logger, 'warn'>,
  onCommit?: (events: number, seconds: number) => void,
): Promise<WriteSide> {
  const eventStore = await openEventStore(configuration, { onCommit })
  const directory = new Directory()
  const facts = new FactSource(eventStore, [...DIRECTORY_PREFIXES, SETTINGS_PREFIX])
  const follower = follow(eventStore, {
    prefixes: [...DIRECTORY_PREFIXES, SETTINGS_PREFIX],
    apply(event) {
      directory.apply(event)
      facts.forget([event])
    },
    onError: (err) => logger.warn({ err }, 'the directory cannot follow the log; trying again'),
  })
  await follower.ready
  const executor = new CommandExecutor({
    store: eventStore,
    facts,
    cache: new StreamCache(),
    schemaVersion: schemaVersionOf,
    principal: (id) =>
      isSystemId(id) ? systemPrincipal(id.slice(SYSTEM_PREFIX.length)) : directory.principal(id),
    onAppended: (stream, appended) => {
      if (follower.concerns(stream)) follower.applyOwn(appended.events)
    },
  })
  return {
    eventStore,
    directory,
    follower,
    executor,
    async close() {
      await follower.stop()
      await eventStore.close()
    },
  }
}

/** The embedded shape: commands here, the projector and the queries on threads of their own. */
export class EmbeddedRuntime extends QueryRunner implements ReadModelKeeper {
  private constructor(
    readonly write: WriteSide,
    readonly blobs: BlobStore,
    private readonly projector: SupervisedThread,
    private readonly queryThreads: ThreadPool,
    private readonly dispatcher: Dispatcher,
    private readonly rebuilder: Rebuilder,
    private readonly upkeep: SupervisedThread,
    private readonly publisher: Publisher | undefined,
  ) {
    super()
  }

  static async start(
    configuration: Configuration,
    logger: Logger,
    metrics: Metrics,
  ): Promise<EmbeddedRuntime> {
    const write = await openWriteSide(configuration, logger, (events, seconds) => {
      metrics.appendGroupEvents.observe(events)
      metrics.appendDuration.observe(seconds)
    })
    const dispatcher = new Dispatcher(metrics)
    const data = threadData(configuration)
    const projector = new SupervisedThread(
      new URL('./projector-thread.js', import.meta.url),
      data('projector'),
      logger,
      {
        dispatch: (command: Command) => dispatcher.dispatch(command),
        notice: logNotice(logger),
        building: (projections: readonly string[]) => rebuilder.start(projections),
        rememberStart: (stream: string, metadata: Record<string, unknown>) =>
          write.eventStore.setStreamMetadata(stream, metadata),
      },
    )
    const rebuilder = new Rebuilder(data, logger)
    const publisher =
      configuration.kafkaBrokers &&
      new Publisher({ ...data('publisher'), publishing: publishingSettings(configuration) }, logger, metrics)
    write.eventStore.onAppended(() => {
      projector.tell('appended')
      rebuilder.tell('appended')
      publisher?.wake()
    })
    const queryThreads = new ThreadPool(
      Array.from({ length: configuration.queryThreads }, (_, i) => {
        const script = new URL('./query-thread.js', import.meta.url)
        return new SupervisedThread(script, data(`queries-${i + 1}`), logger)
      }),
    )
    const blobs = openFolderBlobStore(dataPaths(configuration).blobs)
    await Promise.all([projector.ready, queryThreads.ready()])
    const upkeepScript = new URL('./upkeep-thread.js', import.meta.url)
    const upkeep = new SupervisedThread(upkeepScript, data('upkeep'), logger)
    return new EmbeddedRuntime(
      write,
      blobs,
      projector,
      queryThreads,
      dispatcher,
      rebuilder,
      upkeep,
      publisher,
    )
  }

  ask(name: string, args: unknown): Promise<QueryAnswer> {
    return this.queryThreads.call('ask', name, args)
  }

  /** From now on policies' commands are carried out by this bus. */
  connect(bus: CommandBus): void {
    this.dispatcher.bus = bus
  }

  projectorStatus(): Promise<ProjectorStatus> {
    return this.projector.call('status')
  }

  /** Events that wait in a projection because one of their key could not be folded. */
  parked(projection: string): Promise<ParkedEvent[]> {
    return this.projector.call('parked', projection)
  }

  retryParked(projection: string, key?: string): Promise<RetryOutcome> {
    return this.projector.call('retryParked', projection, key)
  }

  /** Asks for a projection to be built anew beside the one that answers; it takes over by itself. */
  rebuild(projection: string): Promise<void> {
    return this.projector.call('rebuild', projection)
  }

  /** What is missing for readiness; undefined: nothing. */
  missing(): string | undefined {
    if (!this.projector.alive) return 'the projector is being started'
    return this.queryThreads.alive ? undefined : 'the query threads are being started'
  }

  /** Read models and policies that have stopped, and what to do about it; undefined: none. */
  async standingStill(): Promise<string | undefined> {
    const { projections, policies } = await this.projectorStatus()
    const stopped = [...projections, ...policies].filter(({ state }) => state === 'stopped')
    return stopped.length === 0 ? undefined : stopped.map(({ message }) => message).join(' ')
  }

  async reportTo(metrics: Metrics): Promise<void> {
    await this.publisher?.report()
    const status = await this.projectorStatus().catch(() => undefined)
    if (!status) {
      // Being started again: nobody knows, and all else can still be told
      metrics.projectionLag.reset()
      return
    }
    const { projections, policies } = status
    for (const { projection, status, lagSeconds, parkedKeys } of projections) {
      if (status === 'building') continue
      metrics.projectionLag.set({ projection }, lagSeconds)
      metrics.projectionParkedKeys.set({ projection }, parkedKeys)
    }
    for (const { policy, lagSeconds } of policies)
      metrics.projectionLag.set({ projection: policy }, lagSeconds)
  }

  /** In the order in which things must end: first who sends commands, last the log. */
  closers(): Closer[] {
    return [
      { name: 'rebuilder', close: () => this.rebuilder.stop() },
      { name: 'publisher', close: async () => this.publisher?.stop() },
      { name: 'projector', close: () => this.projector.stop() },
      { name: 'upkeep', close: () => this.upkeep.stop() },
      { name: 'queries', close: () => this.queryThreads.stop() },
      { name: 'blobs', close: () => this.blobs.close() },
      { name: 'log', close: () => this.write.close() },
    ]
  }
}

/** Carries out policies' commands once the application is there. */
class Dispatcher {
  bus: CommandBus | undefined

  constructor(private readonly metrics: Metrics) {}

  async dispatch(command: Command): Promise<DispatchAnswer> {
    const answer = await this.carryOut(command)
    const policy = command.metadata.actor.replace(/^system:/, '')
    this.metrics.policyCommands.inc({ policy, outcome: answer.outcome })
    return answer
  }

  private async carryOut(command: Command): Promise<DispatchAnswer> {
    if (!this.bus) return { outcome: 'retry', reason: 'the server is starting' }
    try {
      await this.bus.execute(revive(command) as never)
      return { outcome: 'done' }
    } catch (error) {
      if (error instanceof Unavailable || !(error instanceof LedgerdeskError)) {
        return { outcome: 'retry', reason: error instanceof Error ? error.message : String(error) }
      }
      return { outcome: 'refused', error: toMessage(error) }
    }
  }
}

function threadData(configuration: Configuration): (name: string) => ThreadData {
  const pageTokenKey = loadPageTokenKey(dataPaths(configuration).pageTokenKey)
  const { dataDir, projectionWaitMs } = configuration
  return (name) => ({
    dataDir,
    owner: leaseOwner(name),
    pageTokenKey,
    projectionWaitMs,
  })
}

/** The key that seals page tokens; made once, readable by the owner only. */
function loadPageTokenKey(file: string): Uint8Array {
  if (!existsSync(file)) writeOnce(file, randomBytes(32), 0o600)
  return readFileSync(file)
}
