import { FRUGAL_LIMITS, SupervisedThread } from './threads.js'

/** No wait ends because time has passed: who waits for what never comes, waits for ever. */
jest.mock('node:timers/promises', () => ({ setTimeout: () => new Promise(() => {}) }))

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
    await thread.stop()
    expect(told).toEqual([])
    expect(thread.alive).toBe(false)
  })
})

describe('A thread that is given limits', () => {
  const serving = (work: string) =>
    new URL(
      `data:text/javascript,${encodeURIComponent(`
      import { parentPort, resourceLimits } from 'node:worker_threads'
      const tell = (name, ...args) => parentPort.postMessage({ kind: 'tell', name, args })
      parentPort.on('message', ({ name }) => name === 'stop' && parentPort.close())
      tell('started')
      ${work}
    `)}`,
    )
  const data = { stores: {} as never, owner: 'limited' }

  it('is given them', async () => {
    const logger = { warn: () => {}, error: () => {} }
    let thread: SupervisedThread | undefined
    const given = await new Promise((resolve) => {
      const script = serving(`tell('limits', resourceLimits)`)
      thread = new SupervisedThread(script, data, logger, { limits: resolve }, FRUGAL_LIMITS)
    })
    await thread!.stop()
    expect(given).toMatchObject(FRUGAL_LIMITS)
  })

  it('is started again when it has come to hold more', async () => {
    const told: string[] = []
    let thread: SupervisedThread | undefined
    await new Promise<void>((resolve) => {
      const error = (_: unknown, message?: string) => {
        told.push(message ?? '')
        if (told.length === 2) resolve()
      }
      const script = serving('const held = []; for (;;) held.push(new Array(1_000).fill(0.5))')
      const limits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 16 }
      thread = new SupervisedThread(script, data, { warn: () => {}, error }, {}, limits)
    })
    await thread!.stop()
    expect(told).toEqual(['a thread failed', 'a thread ended and is started again'])
  })
})
