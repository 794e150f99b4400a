import { interruptible } from './interruptible.js'

const signals = ['SIGINT', 'SIGTERM'] as const

it.each(signals)('tells that work stopped because of %s', async (name) => {
  const finished = await interruptible(async (signal) => {
    process.emit(name)
    signal.throwIfAborted()
  })
  expect(finished).toBe(false)
})

it('does not tell a failure after a signal as an interruption', async () => {
  const work = interruptible(async () => {
    process.emit('SIGINT')
    throw new Error('the server is away')
  })
  await expect(work).rejects.toThrow('the server is away')
})

it('lets work come to its end in spite of a signal', async () => {
  expect(await interruptible(async () => void process.emit('SIGINT'))).toBe(true)
})

it('leaves a second signal to end the process, and all of them afterwards', async () => {
  const before = signals.map((name) => process.listenerCount(name))
  await interruptible(async () => {
    expect(signals.map((name) => process.listenerCount(name))).toEqual(before.map((count) => count + 1))
    process.emit('SIGTERM')
    expect(signals.map((name) => process.listenerCount(name))).toEqual(before)
  })
  await interruptible(async () => {})
  expect(signals.map((name) => process.listenerCount(name))).toEqual(before)
})
