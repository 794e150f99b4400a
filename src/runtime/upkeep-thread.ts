import { parentPort, workerData } from 'node:worker_threads'
import { WriteBack } from '#libs/read-store/sqlite'
import { Remote } from './remote.js'
import { dataPaths } from './stores.js'
import type { ThreadData } from './threads.js'

/** Waits for the disk, so that the projector need not. */
const ROUND_MS = 200

const writeBack = new WriteBack(dataPaths(workerData as ThreadData).readModels)
const rounds = setInterval(() => writeBack.run(), ROUND_MS)
const main = new Remote(parentPort!, {
  stop() {
    clearInterval(rounds)
    writeBack.close()
    setImmediate(() => parentPort!.close())
  },
})
main.tell('started')
