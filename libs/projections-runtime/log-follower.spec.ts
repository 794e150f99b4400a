import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { LOG_START } from '#libs/event-sourcing'
import { appendEvents, eventually, FakeClock, InMemoryEventStore } from '#libs/testing'
import { type LogConsumer, LogFollower } from './log-follower.js'

const TURNS = 50

describe('between two batches of new events', () => {
  const log = new InMemoryEventStore()
  // It stands still, so that no pause ends by itself
  const clock = new FakeClock()
  const consumer = {
    position: LOG_START,
    hurried: false as boolean,
    async handle(_events: unknown, upTo: string) {
      consumer.position = upTo
    },
  } satisfies LogConsumer
  const follower = new LogFollower<LogConsumer>(
    log,
    {
      failed(_consumer, error) {
        throw error
      },
      logUnreadable(error) {
        throw error
      },
    },
    clock,
    100,
  )
  const append = async () =>
    (await appendEvents(log, 'ticket-1', [{ type: 'Opened', data: {} }]))[0]!.position
  const handled = (position: string) =>
    eventually('the event is handled', async () => consumer.position >= position)
  const leftAlone = async () => {
    for (let turn = 0; turn < TURNS; turn++) await turnOfTheLoop()
  }

  beforeAll(async () => {
    follower.add(consumer)
    await eventually('it is level', async () => follower.isLevel(consumer))
    await handled(await append())
  })
  afterAll(() => follower.stop())

  it('events gather, until somebody is hurried', async () => {
    const position = await append()
    await leftAlone()
    expect(consumer.position < position).toBe(true)
    follower.hurry()
    await handled(position)
  })

  it('none gather while somebody is hurried already', async () => {
    consumer.hurried = true
    follower.hurry()
    await handled(await append())
    await handled(await append())
    consumer.hurried = false
  })
})
