import { parentPort, workerData } from 'node:worker_threads'
import { PublisherRunner } from '#libs/event-publisher'
import { openPublisher } from './open-publisher.js'
import type { PublisherThreadData } from './publisher.js'
import { topicsOf } from './publishing.js'
import { Remote, toMessage } from './remote.js'
import { openEventStore } from './stores.js'

/** The publisher on a thread of its own: what it encodes and compresses never delays a command. */
const { publishing, stores, owner } = workerData as PublisherThreadData
const eventStore = await openEventStore(stores, {
  readOnly: true,
  onForeign: ({ stream }) =>
    main.tell('notice', { level: 'warn', message: `somebody else writes to ${stream}; it is skipped` }),
  onDropped: (error) =>
    main.tell('notice', {
      level: 'info',
      message: 'A subscription to the log ended and is begun again',
      error: toMessage(error),
    }),
})
const publisher = openPublisher(publishing, owner)
const runner = new PublisherRunner({
  eventStore,
  publisher,
  topics: topicsOf(publishing, eventStore.logId),
  onPublished: (topic, events) => main.tell('published', topic, events),
  notice: ({ error, ...notice }) => main.tell('notice', { ...notice, error: error && toMessage(error) }),
})

const main = new Remote(parentPort!, {
  appended: () => eventStore.wake(),
  status: () => runner.status(),
  async stop() {
    await runner.stop()
    await publisher.close()
    await eventStore.close()
    setImmediate(() => parentPort!.close())
  },
})
runner.start()
main.tell('started')
