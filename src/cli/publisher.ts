import { Command } from 'commander'
import {
  type EventPublisher,
  type PublishedTopic,
  type TopicState,
  topicStanding,
} from '#libs/event-publisher'
import { LOG_START, NotFound, type Position, Refused } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { type Configuration, readConfiguration } from '#libs/platform/configuration'
import { ConsumerStopped, lagSeconds, systemClock } from '#libs/projections-runtime'
import { leaseOwner } from '#libs/read-store'
import { openPublisher } from '../runtime/open-publisher.js'
import { publishingSettings, topicsOf } from '../runtime/publishing.js'
import { openEventStore, storeSettings } from '../runtime/stores.js'
import { print, printTable } from './output.js'
import { seconds } from './seconds.js'

export function publisherCommand(): Command {
  const publisher = new Command('publisher').description(
    'Topics: what is on them, how far, and publishing anew',
  )
  publisher
    .command('list')
    .description('Every topic, with its messages, position, lag and who publishes it')
    .action(list)
  publisher
    .command('lag')
    .description('Seconds that each topic is behind the log; exits with 1 beyond the limit')
    .option('--limit <seconds>', 'most that is fine', seconds, 60)
    .action(lag)
  publisher
    .command('reset <topic>')
    .description(
      'Remove a topic and where its publisher stood, while no publisher has it; the next one makes it again and ' +
        'publishes the log from its beginning',
    )
    .action(reset)
  return publisher
}

async function list(): Promise<void> {
  await withTopics(async ({ eventStore, publisher, topics }) => {
    const rows: string[][] = []
    for (const { settings, from } of topics) {
      const state = await publisher.look(settings)
      const { position = '-', behind, stopped } = await standing(eventStore, settings.name, state, from)
      const lag = behind === undefined ? '-' : `${behind.toFixed(1)} s`
      rows.push(
        state
          ? [
              settings.name,
              `${state.partitions}`,
              `${state.messages}`,
              position,
              lag,
              stopped?.code ?? (state.publishers.join(', ') || 'nobody'),
            ]
          : [settings.name, '-', '-', '-', lag, 'nobody: not made yet'],
      )
    }
    printTable(['topic', 'partitions', 'messages', 'position', 'lag', 'published by'], rows)
  })
}

async function lag({ limit }: { limit: number }): Promise<void> {
  await withTopics(async ({ eventStore, publisher, topics }) => {
    for (const { settings, from } of topics) {
      const state = await publisher.look(settings)
      const { behind, stopped } = await standing(eventStore, settings.name, state, from)
      print(`${settings.name}\t${stopped?.code ?? behind?.toFixed(3)}`)
      if (stopped) console.error(stopped.message)
      if (behind === undefined || behind > limit) process.exitCode = 1
    }
  })
}

async function reset(name: string): Promise<void> {
  await withTopics(async ({ publisher, topics }) => {
    const topic = topics.find(({ settings }) => settings.name === name)
    if (!topic) {
      const names = topics.map(({ settings }) => settings.name).join(', ')
      throw new NotFound('TOPIC.UNKNOWN', `There is no topic "${name}"; there are: ${names}`)
    }
    // One that has it goes on from what it remembers, and would not notice until it sends again.
    const holders = (await publisher.look(topic.settings))?.publishers ?? []
    if (holders.length > 0) {
      throw new Refused(
        'TOPIC.IN_USE',
        `${holders.join(', ')} has ${name}: stop all publishers first; one that was killed is forgotten after some seconds`,
      )
    }
    await publisher.reset(topic.settings)
    print(`${name} is removed; the next publisher makes it again and publishes the log from its beginning`)
  })
}

/** How far a topic is, or why that can't be said. */
interface Standing {
  /** The last that is known to be on the topic, or left out on purpose. */
  position?: Position
  /** Seconds. */
  behind?: number
  /** What is on the topic is not of this log. */
  stopped?: ConsumerStopped
}

async function standing(
  eventStore: EventStore,
  topic: string,
  state: TopicState | undefined,
  prefixes: readonly string[],
): Promise<Standing> {
  try {
    const { handled, tails } = state
      ? await topicStanding(eventStore, topic, state)
      : { handled: LOG_START, tails: [] }
    const position = [handled, ...tails.map((tail) => tail.position)].sort().at(-1)!
    return { position, behind: await lagSeconds(eventStore, position, systemClock, prefixes) }
  } catch (error) {
    if (error instanceof ConsumerStopped) return { stopped: error }
    throw error
  }
}

interface Topics {
  eventStore: EventStore
  publisher: EventPublisher
  topics: readonly PublishedTopic[]
}

async function withTopics(work: (topics: Topics) => Promise<void>): Promise<void> {
  const configuration: Configuration = readConfiguration(process.env)
  const publishing = publishingSettings(configuration)
  const publisher = openPublisher(publishing, leaseOwner('command-line'))
  const eventStore = await openEventStore(await storeSettings(configuration), { readOnly: true })
  try {
    await work({ eventStore, publisher, topics: topicsOf(publishing, eventStore.logId) })
  } finally {
    await publisher.close()
    await eventStore.close()
  }
}
