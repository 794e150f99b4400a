import { parentPort, workerData } from 'node:worker_threads'
import { LogWriteBack } from '#libs/event-store/sqlite'
import { WriteBack } from '#libs/read-store/sqlite'
import { Remote } from './remote.js'
import { dataPaths } from './stores.js'
import type { ThreadData } from './threads.js'

/** Waits for the disk, so that neither appends nor the projector need to. Seldom: a page that changed often goes once. */
const ROUND_MS = 1_000

const paths = dataPaths(workerData as ThreadData)
const log = new LogWriteBack(paths.log)
const readModels = new WriteBack(paths.readModels)
const rounds = setInterval(() => {
  log.run()
  readModels.run()
}, ROUND_MS)
const main = new Remote(parentPort!, {
  stop() {
    clearInterval(rounds)
    log.close()
    readModels.close()
    setImmediate(() => parentPort!.close())
  },
})
main.tell('started')
