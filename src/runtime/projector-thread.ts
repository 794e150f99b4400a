import { parentPort, workerData } from 'node:worker_threads'
import type { Command, LedgerdeskError } from '#libs/event-sourcing'
import type { DispatchOutcome } from '#libs/projections-runtime'
import { Projector } from './projector.js'
import { fromMessage, Remote, toMessage } from './remote.js'
import { openEventStore, openReadStore } from './stores.js'
import type { DispatchAnswer, ThreadData } from './threads.js'

/** The projector on a thread of its own: folds and writes here never delay a command. */
const { dataDir, owner, policies } = workerData as ThreadData
const eventStore = await openEventStore({ dataDir }, { readOnly: true })
const readStore = openReadStore({ dataDir })

const main = new Remote(parentPort!, {
  appended: () => eventStore.wake(),
  status: () => projector.status(),
  /** Asks for it and does not wait: the rebuild thread does the work. */
  rebuild(projection: string) {
    projector.projections.rebuild(projection).catch((error: unknown) => {
      const message = `the rebuild of ${projection} ended: ${error instanceof Error ? error.message : error}`
      main.tell('notice', { level: 'error', message, error: toMessage(error) })
    })
  },
  parked: (projection: string) => projector.projections.parked(projection),
  retryParked: (projection: string, key?: string) => projector.projections.retryParked(projection, key),
  async stop() {
    clearInterval(buildingCheck)
    await projector.stop()
    await eventStore.close()
    await readStore.close()
    setImmediate(() => parentPort!.close())
  },
})

const projector = new Projector({
  eventStore,
  readStore,
  owner,
  only: 'live',
  policies,
  rememberStart: (stream, metadata) => main.call('rememberStart', stream, metadata),
  notice: ({ error, ...notice }) => main.tell('notice', { ...notice, error: error && toMessage(error) }),
  dispatch: async ({ id, type, data, metadata }: Command): Promise<DispatchOutcome> => {
    const answer = await main.call<DispatchAnswer>('dispatch', { id, type, data, metadata })
    return answer.outcome === 'refused'
      ? { ...answer, error: fromMessage(answer.error) as LedgerdeskError }
      : answer
  },
})
await projector.start()
main.tell('started')

/** New versions and rebuilds, whoever asked for them, are fed on another thread. */
const BUILDING_CHECK_MS = 1_000
const buildingCheck = setInterval(tellBuilding, BUILDING_CHECK_MS)

async function tellBuilding(): Promise<void> {
  try {
    const building = (await readStore.builds()).filter(({ status }) => status === 'building')
    if (building.length > 0)
      main.tell(
        'building',
        building.map(({ projection }) => projection),
      )
  } catch (error) {
    main.tell('notice', { level: 'warn', message: 'The builds cannot be listed', error: toMessage(error) })
  }
}
