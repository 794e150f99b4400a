import { parentPort, workerData } from 'node:worker_threads'
import { LogWriteBack } from '#libs/event-store/sqlite'
import { BuildWriteBack } from '#libs/read-store/sqlite'
import { Remote } from './remote.js'
import { dataPaths } from './stores.js'
import type { ThreadData } from './threads.js'

/**
 * Waits for the disk, so that neither appends nor the projector need to. One file at a time, and at most one in this time:
 * an append's own sync waits behind whatever goes to the disk just then.
 */
const PAUSE_MS = 50

const paths = dataPaths((workerData as ThreadData).stores)
const log = new LogWriteBack(paths.log)
const readModels = new BuildWriteBack(paths.readModels)
const turns = rounds()
const pauses = setInterval(() => turns.next(), PAUSE_MS)
const main = new Remote(parentPort!, {
  stop() {
    clearInterval(pauses)
    log.close()
    readModels.close()
    setImmediate(() => parentPort!.close())
  },
})
main.tell('started')

function* rounds(): Generator<void, never> {
  for (;;) {
    log.run()
    yield
    yield* readModels.turns()
  }
}
