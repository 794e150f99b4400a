import { toPosition } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { systemClock } from './clock.js'
import { lagsOf } from './freshness.js'

it('asks the log once for all consumers that stand at one place', async () => {
  const asked: string[] = []
  const log = {
    head: async () => toPosition(9),
    recordedAfter: async (position: string) => {
      asked.push(position)
      return new Date(systemClock.now() - 60_000).toISOString()
    },
  }
  const lagAt = lagsOf(log as unknown as EventStore, systemClock)
  const lags = await Promise.all([3, 3, 5, 3, 9].map((position) => lagAt(toPosition(position))))
  expect(asked).toEqual([toPosition(3), toPosition(5)])
  expect(lags.map((lag) => lag >= 60)).toEqual([true, true, true, true, false])
})
