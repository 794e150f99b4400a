import { within } from './index.js'

const never = new Promise<never>(() => {})

describe('a time limit', () => {
  it('gives what comes in time, good or bad', async () => {
    expect(await within(1_000, Promise.resolve('done'), () => 'late')).toBe('done')
    await expect(within(1_000, Promise.reject(new Error('broken')), () => 'late')).rejects.toThrow('broken')
  })

  it('answers or throws what it is told to when the time is up', async () => {
    expect(await within(1, never, () => 'late')).toBe('late')
    const refuse = () => {
      throw new Error('late')
    }
    await expect(within(1, never, refuse)).rejects.toThrow('late')
  })
})
