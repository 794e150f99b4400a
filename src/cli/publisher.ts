import { Command, InvalidArgumentError } from 'commander'
import type { EventPublisher, PublishedTopic, TopicState } from '#libs/event-publisher'
import { LOG_START, NotFound, type Position } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { type Configuration, readConfiguration } from '#libs/platform'
import { lagSeconds, systemClock } from '#libs/projections-runtime'
import { leaseOwner } from '#libs/read-store'
import { openPublisher, publishingSettings, topicsOf } from '../runtime/publishing.js'
import { openEventStore, storeSettings } from '../runtime/stores.js'
import { print, printTable } from './output.js'

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
      'Remove a topic and where its publisher stood; a running publisher makes it again and publishes the log from its ' +
        'beginning within half a minute',
    )
    .action(reset)
  return publisher
}

function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError('Give a number of seconds from 0.')
}

async function list(): Promise<void> {
  await withTopics(async ({ eventStore, publisher, topics }) => {
    const rows: string[][] = []
    for (const { settings } of topics) {
      const state = await publisher.look(settings)
      const behind = await lagOf(eventStore, state)
      rows.push(
        state
          ? [
              settings.name,
              `${state.partitions}`,
              `${state.messages}`,
              positionOf(state),
              `${behind.toFixed(1)} s`,
              state.publishers.join(', ') || 'nobody',
            ]
          : [settings.name, '-', '-', '-', `${behind.toFixed(1)} s`, 'nobody: not made yet'],
      )
    }
    printTable(['topic', 'partitions', 'messages', 'position', 'lag', 'published by'], rows)
  })
}

async function lag({ limit }: { limit: number }): Promise<void> {
  await withTopics(async ({ eventStore, publisher, topics }) => {
    for (const { settings } of topics) {
      const behind = await lagOf(eventStore, await publisher.look(settings))
      print(`${settings.name}\t${behind.toFixed(3)}`)
      if (behind > limit) process.exitCode = 1
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
    await publisher.reset(topic.settings)
    print(`${name} is removed; the publisher makes it again and publishes the log from its beginning`)
  })
}

/** The last that is known to be on the topic, or left out on purpose. */
function positionOf({ checkpoint, tails }: TopicState): Position {
  const known = [checkpoint?.position ?? LOG_START, ...tails.map(({ position }) => position)]
  return known.sort().at(-1)!
}

function lagOf(eventStore: EventStore, state: TopicState | undefined): Promise<number> {
  return lagSeconds(eventStore, state ? positionOf(state) : LOG_START, systemClock)
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
  const eventStore = await openEventStore(storeSettings(configuration), { readOnly: true })
  try {
    await work({ eventStore, publisher, topics: topicsOf(publishing, eventStore.logId) })
  } finally {
    await publisher.close()
    await eventStore.close()
  }
}
