import { once } from 'node:events'
import { getPriority, platform } from 'node:os'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { compiledCopy } from '../../libs/testing/compiled-copy.js'
import { NICENESS } from './thread-priority.js'

const SCRIPT = 'src/runtime/thread-priority.ts'

describe('a thread that lets others go first', () => {
  const onLinux = platform() === 'linux' ? it : it.skip

  onLinux('stands back alone: the others keep their priority', async () => {
    const before = getPriority()
    const copy = compiledCopy(SCRIPT)
    const worker = new Worker(
      `import(${JSON.stringify(pathToFileURL(copy.program(SCRIPT)))}).then(({ letOtherThreadsGoFirst }) => {
        letOtherThreadsGoFirst(${NICENESS.rebuild})
        require('node:worker_threads').parentPort.postMessage(require('node:os').getPriority())
      })`,
      { eval: true },
    )
    const [priority] = await once(worker, 'message')
    copy.dispose()
    expect(priority).toBe(Math.max(before, NICENESS.rebuild))
    expect(getPriority()).toBe(before)
  })
})
