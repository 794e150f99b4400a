import { getEventListeners } from 'node:events'
import { type Clock, pause, systemClock } from './clock.js'

const A_MINUTE = 60_000

/** A clock that stands until it is told to ring; `set`: how many wait for it. */
function standingClock() {
  const wakes = new Set<() => void>()
  const clock: Clock = {
    now: () => 0,
    after(_, wake) {
      wakes.add(wake)
      return () => wakes.delete(wake)
    },
  }
  return { clock, set: () => wakes.size, ring: () => [...wakes].map((wake) => wake()) }
}

describe('a pause', () => {
  it('ends when its time is over', async () => {
    await expect(pause(systemClock, 1, new AbortController().signal)).resolves.toBeUndefined()
  })

  it('ends at once when its signal has aborted', async () => {
    await expect(pause(systemClock, A_MINUTE, AbortSignal.abort())).resolves.toBeUndefined()
  })

  it('shares the one listener of its signal with all others, and all end when it aborts', async () => {
    const { clock, set } = standingClock()
    const stopping = new AbortController()
    const pauses = Array.from({ length: 40 }, () => pause(clock, A_MINUTE, stopping.signal))
    expect(getEventListeners(stopping.signal, 'abort')).toHaveLength(1)
    stopping.abort()
    await Promise.all(pauses)
    expect(set()).toBe(0)
  })

  it('that ended by its time is not woken again, and those after it add no listener', async () => {
    const { clock, ring } = standingClock()
    const stopping = new AbortController()
    for (let n = 0; n < 40; n++) {
      const paused = pause(clock, A_MINUTE, stopping.signal)
      ring()
      await paused
    }
    expect(getEventListeners(stopping.signal, 'abort')).toHaveLength(1)
    const last = pause(clock, A_MINUTE, stopping.signal)
    stopping.abort()
    await expect(last).resolves.toBeUndefined()
  })
})
