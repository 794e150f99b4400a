import { Command } from 'commander'
import { LOG_START } from '#libs/event-sourcing'
import { readConfiguration } from '#libs/platform/configuration'
import { refuseUnknownTypes } from '../event-catalog.js'
import { toCloudEvent } from '../events/cloud-event.js'
import { openEventStore, storeSettings } from '../runtime/stores.js'

interface EventsOptions {
  after: string
  type?: string[]
  stream?: string[]
}

export function eventsCommand(): Command {
  const events = new Command('events').description('The log, as CloudEvents, one JSON object a line')
  const options = (command: Command): Command =>
    command
      .option('--after <position>', 'exclusive', LOG_START)
      .option('--type <type...>', 'event types')
      .option('--stream <prefix...>', 'stream prefixes, such as incident-')
  options(events.command('export').description('Everything up to the end of the log')).action(
    (given: EventsOptions) => write(given, false),
  )
  options(events.command('tail').description('Everything, then what comes, until it is interrupted')).action(
    (given: EventsOptions) => write(given, true),
  )
  return events
}

async function write(
  { after, type: types, stream: prefixes }: EventsOptions,
  follow: boolean,
): Promise<void> {
  refuseUnknownTypes(types)
  const store = await openEventStore(await storeSettings(readConfiguration(process.env)), { readOnly: true })
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  try {
    const from = await store.currentPosition(after)
    const batches = store.subscribe({ after: from, types, prefixes, signal: stop.signal })
    for await (const { events, end } of batches) {
      const lines = events.map((event) => `${JSON.stringify(toCloudEvent(event, store.logId))}\n`).join('')
      // Waits for a slow reader instead of piling up what it has not taken.
      if (!process.stdout.write(lines)) await new Promise((resolve) => process.stdout.once('drain', resolve))
      if (end && !follow) return
    }
  } finally {
    await store.close()
  }
}
