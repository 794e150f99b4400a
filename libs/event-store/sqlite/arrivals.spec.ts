import { LOG_START, toPosition } from '#libs/event-sourcing'
import { Arrivals, POLL_MS } from './arrivals.js'

describe('Arrivals', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  /** One that waits for a log of which other connections wrote `head`, until it is looked for. */
  function waiting() {
    const arrivals: Arrivals = new Arrivals(() => arrivals.wake(toPosition(1)))
    const seen = { arrived: false }
    const after = arrivals.after(LOG_START).then(() => {
      seen.arrived = true
    })
    return { arrivals, seen, after }
  }

  it('are looked for as often as the port promises, and not before', async () => {
    expect(POLL_MS).toBeLessThanOrEqual(20)
    const { seen, after } = waiting()
    await jest.advanceTimersByTimeAsync(POLL_MS - 1)
    expect(seen.arrived).toBe(false)
    await jest.advanceTimersByTimeAsync(1)
    await after
    expect(seen.arrived).toBe(true)
    expect(jest.getTimerCount()).toBe(0)
  })

  it('of this process are known at once to those whom they may concern, and to the others with the next look', async () => {
    const { arrivals, seen, after } = waiting()
    const others = { arrived: false }
    const later = arrivals
      .after(LOG_START, undefined, () => false)
      .then(() => {
        others.arrived = true
      })
    arrivals.committed(toPosition(1))
    await after
    await Promise.resolve()
    expect([seen.arrived, others.arrived]).toEqual([true, false])
    await jest.advanceTimersByTimeAsync(POLL_MS)
    await later
    expect(jest.getTimerCount()).toBe(0)
  })

  it('are known without any time passing to those who are woken', async () => {
    const { arrivals, seen, after } = waiting()
    arrivals.wake(LOG_START)
    await Promise.resolve()
    expect(seen.arrived).toBe(false)
    arrivals.wake(toPosition(1))
    await after
    expect(seen.arrived).toBe(true)
    expect(jest.getTimerCount()).toBe(0)
  })
})
