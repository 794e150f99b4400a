import { parentPort, workerData } from 'node:worker_threads'
import { ProjectionRunner } from '#libs/projections-runtime'
import { projectionRegistry } from '#projections/registry'
import type { RebuildThreadData } from './rebuilder.js'
import { Remote, toMessage } from './remote.js'
import { openEventStore, openReadStore } from './stores.js'
import { letOtherThreadsGoFirst, NICENESS } from './thread-priority.js'

/** Feeds builds that are to take over, on a thread of its own: loading and indexing must not hold up the live ones. */
const IDLE_CHECK_MS = 2_000

letOtherThreadsGoFirst(NICENESS.rebuild)

const { stores, owner, projections, batchSize } = workerData as RebuildThreadData
const eventStore = await openEventStore(stores, {
  readOnly: true,
  onDropped: (error) =>
    main.tell('notice', {
      level: 'info',
      message: 'A subscription to the log ended and is begun again',
      error: toMessage(error),
    }),
})
const readStore = await openReadStore(stores)
const runner = new ProjectionRunner({
  eventStore,
  readStore,
  owner,
  batchSize,
  definitions: projectionRegistry.filter(({ name }) => projections.includes(name)),
  only: 'building',
  onTakenOver: () => main.tell('takenOver'),
  notice: ({ error, ...notice }) => main.tell('notice', { ...notice, error: error && toMessage(error) }),
})
const main = new Remote(parentPort!, {
  appended: () => eventStore.wake(),
  status: () => runner.status(),
  async stop() {
    clearInterval(idleCheck)
    await runner.stop()
    await eventStore.close()
    await readStore.close()
    setImmediate(() => parentPort!.close())
  },
})
await runner.start()
main.tell('started')

const idleCheck = setInterval(tellIdle, IDLE_CHECK_MS)

async function tellIdle(): Promise<void> {
  try {
    const building = (await readStore.builds()).filter(({ status }) => status === 'building')
    if (!building.some(({ projection }) => projections.includes(projection))) main.tell('idle')
  } catch (error) {
    main.tell('notice', { level: 'warn', message: 'The builds cannot be listed', error: toMessage(error) })
  }
}
