import { parentPort, workerData } from 'node:worker_threads'
import { ReadModels } from '#libs/projections-runtime'
import type { QueryFunction } from '#libs/query-handling'
import { PageTokens } from '#libs/read-store'
import { projectionRegistry } from '#projections/registry'
import { withCurrentPositions } from '../http/time-point.js'
import { queryRegistry } from '../queries.js'
import type { QueryThreadData } from './query-threads.js'
import { Remote } from './remote.js'
import { openEventStore, openReadStore } from './stores.js'

/** Queries on a thread of their own: a heavy list never delays a command. Answers cross as text, which is cheap to hand over. */
const { stores, pageTokenKey, projectionWaitMs } = workerData as QueryThreadData
const eventStore = await openEventStore(stores, { readOnly: true })
const readStore = await openReadStore(stores, { readOnly: true })
const models = new ReadModels({
  eventStore,
  readStore,
  definitions: projectionRegistry,
  hurry: (projection, position) => main.call('hurry', projection, position),
})
const dependencies = {
  eventStore,
  models,
  pageTokens: new PageTokens(pageTokenKey),
  waitMilliseconds: projectionWaitMs,
}

const main = new Remote(parentPort!, {
  ask: async (name: keyof typeof queryRegistry, args: never) =>
    (queryRegistry[name] as QueryFunction<never>)(await withCurrentPositions(eventStore, args), dependencies),
  async stop() {
    await eventStore.close()
    await readStore.close()
    setImmediate(() => parentPort!.close())
  },
})
main.tell('started')
