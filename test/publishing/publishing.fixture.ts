import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Kafka } from 'kafkajs'
import { type PublishedTopic, PublisherRunner, type TopicStatus } from '#libs/event-publisher'
import { KafkaEventPublisher } from '#libs/event-publisher/kafka'
import { type DomainEvent, LOG_START, type NewEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { eventually } from '#libs/testing'
import { header, readTopic } from '../../libs/event-publisher/kafka/kafka-broker.fixture.js'
import { publishedTopics } from '../../src/topics.js'
import type { PublisherLine, PublisherProcessOptions } from './publisher-process.js'

export const PARTITIONS = 3
/** Events that are sent together. */
export const BATCH = 250
const REACHED_WITHIN_MS = 60_000

/** Appends incidents in turns, each opened and then commented; all of them public. */
export class Incidents {
  readonly #revisions = new Map<string, number>()

  constructor(
    private readonly log: EventStore,
    private readonly prefix = 'INC',
  ) {}

  async append(events: number, streams = 40): Promise<void> {
    const requests = Array.from({ length: events }, (_, n) => {
      const stream = `incident-${this.prefix}${String(n % streams).padStart(7, '0')}`
      const revision = this.#revisions.get(stream)
      this.#revisions.set(stream, (revision ?? -1) + 1)
      const event: DomainEvent =
        revision === undefined
          ? { type: 'IncidentOpened', data: { title: stream, audience: { kind: 'public' } } }
          : { type: 'CommentAdded', data: { text: `comment ${revision} of ${stream}` } }
      return { stream, expectedRevision: revision ?? ('noStream' as const), events: [newEvent(event)] }
    })
    const outcomes = await this.log.appendMany(requests)
    if (outcomes.some(({ kind }) => kind !== 'appended')) throw new Error('Not all were appended')
  }
}

export function newEvent({ type, data }: DomainEvent): NewEvent {
  const id = randomUUID()
  const metadata = { actor: 'ann', channel: 'api' as const, occurredAt: new Date().toISOString() }
  return { id, type, data, metadata: { ...metadata, commandId: id, correlationId: id, schemaVersion: 1 } }
}

/** What a reader of the topic finds, held against the log. */
export interface Tally {
  inLog: number
  onTopic: number
  /** Raw messages beyond the first of each event. */
  duplicates: number
  /** Events of the log that the topic lacks. */
  missing: number
  /** First occurrences, key by key, that are not in log order. */
  outOfOrder: number
}

export async function tally(kafka: Kafka, topic: string, log: EventStore): Promise<Tally> {
  const logged = (await log.readAll({ after: LOG_START, limit: 1_000_000, prefixes: ['incident-'] })).events
  const partitions = await readTopic(kafka, topic)
  const seen = new Set<string>()
  const lastOfKey = new Map<string, string>()
  let outOfOrder = 0
  for (const message of partitions.flat()) {
    const id = header(message, 'ce_id') ?? ''
    if (seen.has(id)) continue
    seen.add(id)
    const position = header(message, 'position') ?? ''
    const key = String(message.key)
    if (position < (lastOfKey.get(key) ?? '')) outOfOrder++
    lastOfKey.set(key, position)
  }
  const onTopic = partitions.flat().length
  return {
    inLog: logged.length,
    onTopic,
    duplicates: onTopic - seen.size,
    missing: logged.filter(({ id }) => !seen.has(id)).length,
    outOfOrder,
  }
}

/** What a tally of so many events says when all is as in the log. */
export const whole = (count: number) => ({ inLog: count, missing: 0, outOfOrder: 0 })

/** The topics that the program publishes. */
export function topicsOf({ logId }: EventStore, namespace: string): PublishedTopic[] {
  return publishedTopics({ namespace, partitions: PARTITIONS, logId })
}

/** A publisher in this process. */
export function startedRunner(
  eventStore: EventStore,
  brokers: readonly string[],
  topics: readonly PublishedTopic[],
): PublisherRunner {
  const publisher = new KafkaEventPublisher({
    brokers,
    clientId: 'spec',
    sessionMilliseconds: 3_000,
    requestMilliseconds: 1_000,
  })
  const runner = new PublisherRunner({ eventStore, publisher, topics, batchSize: BATCH })
  runner.start()
  return runner
}

/** How its first topic stands. */
export const statusOf = async (runner: PublisherRunner) => (await runner.status())[0]!

/** Waits until its first topic stands so, and there. */
export function reached(runner: PublisherRunner, state: string, position?: string): Promise<TopicStatus> {
  return eventually(
    state,
    async () => {
      const status = await statusOf(runner)
      return status.state === state && (position === undefined || status.position === position) && status
    },
    REACHED_WITHIN_MS,
  )
}

/** A publisher in a process of its own. */
export class PublisherProcess {
  readonly lines: PublisherLine[] = []
  readonly #process: ChildProcess
  readonly ended: Promise<void>

  constructor(program: string, options: PublisherProcessOptions) {
    this.#process = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.lines.push(JSON.parse(line)))
    this.ended = new Promise((resolve) => this.#process.once('close', () => resolve()))
  }

  get published(): number {
    return this.lines.reduce((sum, line) => sum + (line.kind === 'published' ? line.events : 0), 0)
  }

  get states(): string[] {
    return this.lines.flatMap((line) => (line.kind === 'state' ? [line.state] : []))
  }

  get notices(): string[] {
    return this.lines.flatMap((line) => (line.kind === 'notice' ? [line.message] : []))
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#process.kill(signal)
  }

  /** Orderly, or by SIGKILL. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<void> {
    this.signal(signal)
    await this.ended
  }
}

const SCRIPT = 'test/servers/kafka.sh'

/** A broker of the test's own, which it may stop, start and freeze; data and address stay. */
export class OwnBroker {
  #pid = 0

  private constructor(
    private readonly folder: string,
    readonly address: string,
  ) {}

  static async start(folder: string): Promise<OwnBroker> {
    const { KAFKA_BROKERS, KAFKA_PID } = await OwnBroker.#script('start', folder)
    const broker = new OwnBroker(folder, KAFKA_BROKERS ?? '')
    broker.#pid = Number(KAFKA_PID)
    return broker
  }

  async stop(): Promise<void> {
    await OwnBroker.#script('stop', this.folder)
  }

  async startAgain(): Promise<void> {
    const { KAFKA_PID } = await OwnBroker.#script('start', this.folder, this.address.split(':')[1] ?? '')
    this.#pid = Number(KAFKA_PID)
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#pid, signal)
  }

  static async #script(...args: string[]): Promise<Record<string, string>> {
    const { stdout } = await promisify(execFile)('bash', [SCRIPT, ...args], { cwd: `${__dirname}/../..` })
    return Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    )
  }
}
