import * as fc from 'fast-check'
import { type ArmedTimer, TimerQueue } from './timer-queue.js'

const time = (hours: number) => new Date(Date.UTC(2026, 0, 1, hours)).toISOString()
let ids = 0
const timer = (key: string, name: string, hours: number): ArmedTimer => {
  const id = `timer-${String(ids++).padStart(6, '0')}`
  return { id, key, name, dueAt: time(hours), causationId: 'event', correlationId: 'story' }
}

describe('timer queue', () => {
  it('answers what a sorted list would, whatever is set, moved, cancelled and fired', () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const name = fc.constantFrom('x', 'y')
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key, name, hours: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ do: fc.constant('cancel' as const), key, name }),
      fc.record({ do: fc.constant('cancelAll' as const), key }),
      fc.record({ do: fc.constant('fire' as const), hours: fc.integer({ min: 0, max: 30 }) }),
    )
    const sorted = (model: Map<string, ArmedTimer>) =>
      [...model.values()].sort((a, b) => (a.dueAt + a.id < b.dueAt + b.id ? -1 : 1))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new TimerQueue()
        const model = new Map<string, ArmedTimer>()
        for (const act of steps) {
          if (act.do === 'set') {
            const next = timer(act.key, act.name, act.hours)
            expect(queue.set(next)).toBe(model.get(act.key + act.name))
            model.set(act.key + act.name, next)
          } else if (act.do === 'cancel') {
            expect(queue.cancel(act.key, act.name)).toBe(model.get(act.key + act.name))
            model.delete(act.key + act.name)
          } else if (act.do === 'cancelAll') {
            queue.cancelAll(act.key)
            for (const one of sorted(model)) if (one.key === act.key) model.delete(one.key + one.name)
          } else {
            const due = sorted(model).filter(({ dueAt }) => dueAt <= time(act.hours))
            expect(queue.due(time(act.hours), 2)).toEqual(due.slice(0, 2))
            expect(queue.due(time(act.hours), 99)).toEqual(due)
          }
          expect(queue.earliest()).toBe(sorted(model)[0])
          expect(queue.size).toBe(model.size)
        }
      }),
    )
  })
})
