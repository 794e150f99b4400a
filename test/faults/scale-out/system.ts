import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { ReadStore } from '#libs/read-store'
import { header, kafkaClient, readTopic } from '../../../libs/event-publisher/kafka/kafka-broker.fixture.js'
import { openEventStore, openReadStore, type StoreSettings } from '../../../src/runtime/stores.js'
import { publishedTopics, topicName } from '../../../src/topics.js'
import { Ledgerdesk, type ServerProcess } from '../server/ledgerdesk-process.js'
import { BrokerServer, EventStoreServer, type FaultyServer, ReadStoreServer } from './servers.js'
import { type Placed, type TopicTally, tallyTopic } from './topic-check.js'

export type Role = 'api' | 'projector' | 'publisher'

/** Few, so that each has many keys and batches meet. */
const PARTITIONS = 3

/** The three servers and processes of ours in every role, in a name space of their own. */
export class ScaleOut {
  readonly namespace = `faults-${randomUUID().slice(0, 8)}`
  readonly #folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-scale-out-'))
  readonly #processes = new Map<ServerProcess, Role>()
  readonly stores: StoreSettings
  readonly #ledgerdesk: Ledgerdesk

  private constructor(
    readonly eventStore: FaultyServer,
    readonly readStore: ReadStoreServer,
    readonly broker: FaultyServer,
    compiled: Ledgerdesk,
  ) {
    const { namespace } = this
    this.stores = {
      dataDir: this.#folder,
      servers: { namespace, eventstoreUrl: eventStore.url, mongodbUrl: readStore.url },
    }
    this.#ledgerdesk = compiled
  }

  static async start(): Promise<ScaleOut> {
    const ledgerdesk = new Ledgerdesk()
    const [eventStore, readStore, broker] = await Promise.all([
      EventStoreServer.start(ledgerdesk.program('libs/testing/eventstoredb/double-process.ts')),
      ReadStoreServer.start(),
      BrokerServer.start(),
    ])
    return new ScaleOut(eventStore, readStore, broker, ledgerdesk)
  }

  get processes(): [ServerProcess, Role][] {
    return [...this.#processes]
  }

  of(role: Role): ServerProcess[] {
    return this.processes.flatMap(([one, its]) => (its === role ? [one] : []))
  }

  /** Starts a process and does not wait for it. */
  launch(role: Role): ServerProcess {
    const started = this.#ledgerdesk.launch(this.#folder, {
      LEDGERDESK_NAMESPACE: this.namespace,
      LEDGERDESK_ROLE: role,
      LEDGERDESK_EVENTSTORE_URL: this.eventStore.url,
      LEDGERDESK_MONGODB_URL: this.readStore.url,
      LEDGERDESK_KAFKA_BROKERS: this.broker.url,
      LEDGERDESK_KAFKA_PARTITIONS: String(PARTITIONS),
    })
    this.#processes.set(started, role)
    void started.exited.then(() => this.#processes.delete(started))
    return started
  }

  /** An API that serves, another at each call; none: an address where nobody is. */
  someApi(): string {
    const serving = this.of('api').filter(({ url }) => url !== '')
    const chosen = serving[Math.floor(Math.random() * serving.length)]
    return chosen?.url ?? 'http://127.0.0.1:1'
  }

  async withLog<Result>(work: (log: EventStore) => Promise<Result>): Promise<Result> {
    const log = await openEventStore(this.stores)
    try {
      return await work(log)
    } finally {
      await log.close()
    }
  }

  async withReadModels<Result>(work: (readModels: ReadStore) => Promise<Result>): Promise<Result> {
    const readModels = await openReadStore(this.stores)
    try {
      return await work(readModels)
    } finally {
      await readModels.close()
    }
  }

  /** The whole log. */
  events(): Promise<readonly RecordedEvent[]> {
    return this.withLog(async (log) => (await log.readAll({ after: LOG_START, limit: 1e7 })).events)
  }

  /** What the topic of incidents should hold, in log order. */
  expectedOnTopic(): Promise<Placed[]> {
    return this.withLog(async (log) => {
      const [topic] = publishedTopics({
        namespace: this.namespace,
        logId: log.logId,
        partitions: PARTITIONS,
      })
      const { events } = await log.readAll({ after: LOG_START, limit: 1e7, prefixes: topic!.from })
      const outgoing = await topic!.outgoing(events, log, true)
      return outgoing.map(({ id, partitionkey: key, sequence: position }) => ({ id, key, position }))
    })
  }

  /** What the topic of incidents holds, by partition. */
  async onTopic(): Promise<Placed[][]> {
    const name = topicName(this.namespace, 'incident')
    const partitions = await readTopic(kafkaClient([this.broker.url]), name)
    return partitions.map((messages) =>
      messages.map((message) => ({
        id: header(message, 'ce_id') ?? '',
        key: String(message.key),
        position: header(message, 'position') ?? '',
      })),
    )
  }

  async topicTally(): Promise<TopicTally> {
    return tallyTopic(await this.expectedOnTopic(), await this.onTopic())
  }

  async dispose(): Promise<void> {
    await this.#ledgerdesk.dispose()
    await Promise.all([this.eventStore.dispose(), this.readStore.dispose(), this.broker.dispose()])
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
