import { writeSync } from 'node:fs'
import { PublisherRunner } from '#libs/event-publisher'
import { KafkaEventPublisher } from '#libs/event-publisher/kafka'
import { openSqliteEventStore } from '#libs/event-store/sqlite'
import { publishedTopics } from '../../src/topics.js'

/** A program: a publisher in a process of its own, for tests that kill, freeze and double it. */
export interface PublisherProcessOptions {
  file: string
  brokers: readonly string[]
  namespace: string
  partitions: number
  batchSize: number
  sessionMilliseconds: number
}

/** A line of its output. */
export type PublisherLine =
  | { kind: 'published'; events: number }
  | { kind: 'state'; state: string }
  | { kind: 'notice'; message: string }

const say = (line: PublisherLine) => writeSync(1, `${JSON.stringify(line)}\n`)

async function main(options: PublisherProcessOptions): Promise<void> {
  const { file, brokers, namespace, partitions, batchSize, sessionMilliseconds } = options
  const eventStore = await openSqliteEventStore({ file })
  const runner = new PublisherRunner({
    eventStore,
    publisher: new KafkaEventPublisher({
      brokers,
      clientId: `publisher-${process.pid}`,
      sessionMilliseconds,
      requestMilliseconds: 3_000,
    }),
    topics: publishedTopics({ namespace, partitions, logId: eventStore.logId }),
    batchSize,
    onPublished: (_, events) => say({ kind: 'published', events }),
    notice: ({ message }) => say({ kind: 'notice', message }),
  })
  runner.start()
  let last = ''
  const watching = setInterval(async () => {
    const [status] = await runner.status()
    if (!status || status.state === last) return
    last = status.state
    say({ kind: 'state', state: last })
  }, 20)
  process.once('SIGTERM', async () => {
    clearInterval(watching)
    await runner.stop()
    await eventStore.close()
    // As the server does: a connection that kafkajs was opening while it was told to disconnect stays open
    process.exit()
  })
}

void main(JSON.parse(process.argv[2] ?? '{}'))
