import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import { appendEvents, eventually, FakeClock, InMemoryEventStore } from '#libs/testing'
import { systemClock } from './clock.js'
import { type LogConsumer, LogFollower } from './log-follower.js'

const TURNS = 50

const unexpected = (error: unknown) => {
  throw error
}
const hooks = { failed: (_: LogConsumer, error: unknown) => unexpected(error), logUnreadable: unexpected }

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
  const follower = new LogFollower<LogConsumer>(log, hooks, clock, 100)
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

it('of a batch whoever is hurried gets his before the others begin', async () => {
  const log = new InMemoryEventStore()
  const follower = new LogFollower<LogConsumer>(log, hooks, new FakeClock(), 100)
  const told: string[] = []
  const consumerOf = (name: string, hurried: boolean) => {
    const consumer = {
      position: LOG_START,
      hurried,
      async handle(events: readonly unknown[], upTo: string) {
        if (events.length > 0) told.push(`${name} begins`)
        await turnOfTheLoop()
        if (events.length > 0) told.push(`${name} is done`)
        consumer.position = upTo
      },
    } satisfies LogConsumer
    return consumer
  }
  const consumers = [consumerOf('first', false), consumerOf('awaited', true), consumerOf('last', false)]
  for (const consumer of consumers) follower.add(consumer)
  await eventually('all are level', async () => consumers.every((consumer) => follower.isLevel(consumer)))
  await appendEvents(log, 'ticket-1', [{ type: 'Opened', data: {} }])
  await eventually('all are done', async () => told.length === 6)
  expect(told.slice(0, 2)).toEqual(['awaited begins', 'awaited is done'])
  expect(told.slice(2).sort()).toEqual(['first begins', 'first is done', 'last begins', 'last is done'])
  await follower.stop()
})

describe('one that does not keep up with new events', () => {
  const LARGEST_BATCH = 4
  const log = new InMemoryEventStore()
  const fellBehind: LogConsumer[] = []
  const follower = new LogFollower<LogConsumer>(
    log,
    { ...hooks, fellBehind: (consumer) => fellBehind.push(consumer) },
    systemClock,
    LARGEST_BATCH,
    0,
  )
  const recording = (pace: LogConsumer['pace'], ready: () => Promise<void> = async () => {}) => {
    const seen: string[] = []
    const consumer = {
      position: LOG_START,
      pace,
      async handle(events: readonly RecordedEvent[], upTo: string) {
        await ready()
        for (const { position } of events) if (position > consumer.position) seen.push(position)
        if (upTo > consumer.position) consumer.position = upTo
      },
    } satisfies LogConsumer
    return { consumer, seen }
  }
  const append = async (): Promise<string> => {
    const events = Array.from({ length: LARGEST_BATCH }, () => ({ type: 'Opened', data: {} }))
    return (await appendEvents(log, 'ticket-1', events)).at(-1)!.position
  }
  let letOn: () => void = () => {}
  let held: Promise<void> | undefined
  const live = recording('live')
  const slow = recording('unhurried', async () => held)

  afterAll(() => follower.stop())

  it('reads the log for itself again and misses nothing, while others are not held up', async () => {
    for (const { consumer } of [live, slow]) follower.add(consumer)
    await eventually('both are level', async () =>
      [live, slow].every(({ consumer }) => follower.isLevel(consumer)),
    )
    held = new Promise((resolve) => {
      letOn = resolve
    })
    let last = LOG_START
    for (let batch = 0; batch < 5; batch++) {
      last = await append()
      await eventually('the live one has it', async () => live.consumer.position >= last)
    }
    expect(fellBehind).toEqual([slow.consumer])
    expect(follower.isLevel(slow.consumer)).toBe(false)
    letOn()
    await eventually('the slow one is level again', async () => follower.isLevel(slow.consumer))
    expect(slow.seen).toEqual(live.seen)
    expect(slow.seen).toHaveLength(5 * LARGEST_BATCH)
  })

  it('gets new events as before once it has caught up', async () => {
    const position = await append()
    await eventually('it has them', async () => slow.consumer.position >= position)
    expect(fellBehind).toHaveLength(1)
  })
})
