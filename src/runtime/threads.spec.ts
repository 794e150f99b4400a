import { SupervisedThread } from './threads.js'

/** A thread that takes its time to start, and says when it is asked to stop. */
const slow = (startsAfter: number) =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads'
    const tell = (name) => parentPort.postMessage({ kind: 'tell', name, args: [] })
    parentPort.on('message', ({ kind, id, name }) => {
      if (kind !== 'call' || name !== 'stop') return
      tell('asked')
      parentPort.postMessage({ kind: 'result', id })
      setImmediate(() => parentPort.close())
    })
    if (${startsAfter} === 0) process.exit(3)
    setTimeout(() => tell('started'), ${startsAfter})
  `)}`,
  )

describe('A thread that is stopped', () => {
  function threadOf(script: URL) {
    const told: string[] = []
    const note = (_: unknown, message?: string) => void told.push(message ?? '')
    const data = { stores: {} as never, owner: 'slow' }
    const thread = new SupervisedThread(
      script,
      data,
      { warn: note, error: note },
      { asked: () => told.push('asked to stop') },
    )
    return { thread, told }
  }

  it('while it starts is asked to end when it has started, and is not cut off', async () => {
    const { thread, told } = threadOf(slow(500))
    await thread.stop()
    expect(told).toEqual(['asked to stop'])
  })

  it('once it serves is asked to end', async () => {
    const { thread, told } = threadOf(slow(1))
    await thread.ready
    await thread.stop()
    expect(told).toEqual(['asked to stop'])
  })

  it('when it ended by itself is not started again, nor waited for', async () => {
    const { thread, told } = threadOf(slow(0))
    const began = performance.now()
    await thread.stop()
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(told).toEqual([])
    expect(thread.alive).toBe(false)
  })
})
