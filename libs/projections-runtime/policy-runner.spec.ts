import * as fc from 'fast-check'
import type { Command, RecordedEvent } from '#libs/event-sourcing'
import type { ReadStore } from '#libs/read-store'
import {
  appendEvents,
  CrashingReadStore,
  FakeClock,
  InMemoryEventStore,
  InMemoryReadStore,
} from '#libs/testing'
import { temporaryReadStore } from '../testing/temporary-read-store.js'
import type { Notice } from './build-keeper.js'
import type { AnyPolicy } from './definitions.js'
import type { Dispatch } from './policy-feed.js'
import { PolicyRunner, type PolicyRunnerOptions } from './policy-runner.js'
import { HOUR_MS, type ServedTicketEvent, service, ticketDesk } from './ticket-policy.fixture.js'

const opened: ServedTicketEvent = { type: 'Opened', data: {} }
const reopened: ServedTicketEvent = { type: 'Reopened', data: {} }
const activated: ServedTicketEvent = { type: 'Activated', data: {} }
const DAY_MS = 24 * HOUR_MS

/** A log, a read store and policies on a clock of their own. */
class Desk {
  readonly clock = new FakeClock()
  readonly log = new InMemoryEventStore('log', () => this.clock.now())
  readonly readStore: CrashingReadStore
  readonly sent: Command[] = []
  readonly notices: Notice[] = []
  dispatch: Dispatch = ticketDesk(this.log, this.sent)
  readonly #runners: PolicyRunner[] = []

  constructor(readonly memory: ReadStore = new InMemoryReadStore()) {
    this.readStore = new CrashingReadStore(memory)
  }

  runner(options: Partial<PolicyRunnerOptions> = {}): PolicyRunner {
    const runner = new PolicyRunner({
      eventStore: this.log,
      readStore: this.readStore,
      clock: this.clock,
      owner: 'spec',
      policies: [service],
      dispatch: (command) => this.dispatch(command),
      notice: (notice) => this.notices.push(notice),
      ...options,
    })
    this.#runners.push(runner)
    return runner
  }

  async started(options: Partial<PolicyRunnerOptions> = {}): Promise<PolicyRunner> {
    const runner = this.runner(options)
    await runner.start()
    await this.settle()
    return runner
  }

  resolved(after: number): ServedTicketEvent {
    return { type: 'Resolved', data: { closeAt: new Date(this.clock.now() + after).toISOString() } }
  }

  async tell(stream: string, ...events: ServedTicketEvent[]): Promise<void> {
    await appendEvents(this.log, stream, events)
    await this.settle()
  }

  /** Lets everything that can happen now happen; time stands (almost) still: long enough for the pause between two batches. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 24; turn++) {
      this.clock.advance(3)
      for (let tick = 0; tick < 4; tick++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async pass(milliseconds: number, steps = 4): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.clock.advance(milliseconds / steps)
      await this.settle()
    }
  }

  async types(stream: string): Promise<string[]> {
    return (await this.log.readStream(stream)).map(({ type }) => type)
  }

  get sentTypes(): string[] {
    return this.sent.map(({ type }) => type)
  }

  /** As if whoever has a lease had been silent for longer than it lasts; leaves stores alone that go by real time. */
  expireLeases(): void {
    if (this.memory instanceof InMemoryReadStore) this.memory.expireLeases()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#runners.splice(0).map((runner) => runner.stop()))
  }
}

describe('policy runner', () => {
  let desk: Desk
  beforeEach(() => {
    desk = new Desk()
  })
  afterEach(() => desk.stop())

  it("sends a command that follows from an event, as itself, on the event's account", async () => {
    await desk.started()
    await desk.tell('ticket-1', opened)
    const [first, greeted] = (await desk.log.readStream('ticket-1')) as RecordedEvent<ServedTicketEvent>[]
    expect(greeted).toMatchObject({
      type: 'Greeted',
      metadata: { actor: 'system:service', channel: 'policy', causationId: first!.id },
    })
    expect(desk.sent[0]!.metadata).toMatchObject({
      keyed: true,
      correlationId: first!.metadata.correlationId,
    })
  })

  it('fires timers when they fall due, and not before', async () => {
    await desk.started()
    await desk.tell('ticket-1', opened, desk.resolved(DAY_MS))
    await desk.pass(DAY_MS - 2 * HOUR_MS)
    expect(await desk.types('ticket-1')).toEqual(['Opened', 'Resolved', 'Greeted'])
    await desk.pass(3 * HOUR_MS, 24)
    const reminded = ['Reminded', 'Reminded', 'Reminded', 'Reminded']
    expect(await desk.types('ticket-1')).toEqual(['Opened', 'Resolved', 'Greeted', ...reminded, 'Closed'])
  })

  it('fires a timer at once that was set for the past', async () => {
    await desk.started()
    await desk.tell('ticket-1', opened, desk.resolved(-DAY_MS))
    expect(await desk.types('ticket-1')).toContain('Closed')
  })

  it('lets the state decide when a timer fires, and forgets the timers of a forgotten key', async () => {
    const runner = await desk.started()
    await desk.tell('ticket-1', opened, desk.resolved(DAY_MS), reopened)
    expect((await runner.status())[0]).toMatchObject({ armedTimers: 1 })
    await desk.pass(2 * DAY_MS)
    expect(await desk.types('ticket-1')).toEqual(['Opened', 'Resolved', 'Reopened', 'Greeted'])

    await desk.tell('ticket-2', opened, desk.resolved(DAY_MS), { type: 'Closed', data: {} })
    expect((await runner.status())[0]).toMatchObject({ armedTimers: 0, nextTimerAt: undefined })
  })

  it('fires after a restart what fell due meanwhile, once', async () => {
    const first = await desk.started()
    await desk.tell('ticket-1', opened, desk.resolved(2 * HOUR_MS))
    await first.stop()
    desk.clock.jumpTo('2026-03-01T00:00:00.000Z')
    await desk.started()
    await desk.settle()
    await (await desk.started()).stop()
    expect((await desk.types('ticket-1')).filter((type) => type === 'Closed')).toHaveLength(1)
  })

  it('logs a refusal and goes on; sends again under the same id while the target is away', async () => {
    await desk.started()
    const real = desk.dispatch
    let away = 2
    desk.dispatch = async (command) => {
      if (command.type === 'Greet' && away-- > 0) {
        desk.sent.push(command)
        return { outcome: 'retry', reason: 'the log is away' }
      }
      return real(command)
    }
    await desk.tell('ticket-1', opened)
    await desk.pass(5_000, 20)
    expect(await desk.types('ticket-1')).toEqual(['Opened', 'Greeted'])
    expect(new Set(desk.sent.map(({ metadata }) => metadata.commandId)).size).toBe(1)
    expect(desk.sent).toHaveLength(3)
    expect(desk.notices.some(({ message }) => message.includes('the log is away'))).toBe(true)

    desk.dispatch = real
    await desk.tell('ticket-2', desk.resolved(HOUR_MS / 2))
    await appendEvents(desk.log, 'ticket-2', [reopened])
    await desk.pass(HOUR_MS)
    expect(desk.notices.some(({ code }) => code === 'TICKET.NOT_RESOLVED')).toBe(true)
    await desk.tell('ticket-3', opened)
    expect(await desk.types('ticket-3')).toEqual(['Opened', 'Greeted'])
  })

  it("stops at an event that it can't handle, keeps what came before, and goes on once mended", async () => {
    let broken = true
    const fragile: AnyPolicy = {
      ...service,
      react: (event, state) => {
        if (broken && event.type === 'Activated') throw new Error('poisoned')
        return service.react(event, state)
      },
    }
    const runner = await desk.started({ policies: [fragile] })
    await appendEvents(desk.log, 'ticket-1', [opened, activated])
    await desk.tell('ticket-2', opened)
    expect((await runner.status())[0]).toMatchObject({ state: 'stopped', code: 'POLICY.POISONED' })
    expect(await desk.types('ticket-1')).toEqual(['Opened', 'Activated', 'Greeted'])
    broken = false
    runner.resume('service')
    await desk.settle()
    expect(await desk.types('ticket-2')).toEqual(['Opened', 'Greeted'])
  })

  describe('where a policy starts', () => {
    it('a new one reacts to nothing that came before it, but knows it', async () => {
      await desk.tell('ticket-1', opened, desk.resolved(DAY_MS))
      const runner = await desk.started()
      expect((await runner.status())[0]).toMatchObject({ armedTimers: 0 })
      await desk.tell('ticket-1', activated)
      expect((await runner.status())[0]).toMatchObject({ armedTimers: 2 })
      expect(desk.sent).toEqual([])
    })

    it('imported events arm nothing until they are activated; what is overdue by then fires at once', async () => {
      await desk.started()
      await appendEvents(desk.log, 'ticket-1', [opened, desk.resolved(-2 * HOUR_MS)], { channel: 'import' })
      await desk.pass(DAY_MS)
      expect(desk.sent).toEqual([])
      await desk.tell('ticket-1', activated)
      expect((await desk.types('ticket-1')).at(-1)).toBe('Closed')
    })

    it('is remembered when it goes down before its first event, and when the read store is lost', async () => {
      const first = await desk.started()
      await first.stop()
      await appendEvents(desk.log, 'ticket-1', [opened])
      await (await desk.started()).stop()
      expect(await desk.types('ticket-1')).toEqual(['Opened', 'Greeted'])

      await appendEvents(desk.log, 'ticket-2', [desk.resolved(DAY_MS)])
      const [before] = [desk.sent.length]
      const runner = await desk.started({ readStore: new InMemoryReadStore() })
      expect(desk.sent).toHaveLength(before)
      expect((await runner.status())[0]).toMatchObject({ armedTimers: 2 })
      await desk.tell('ticket-3', opened)
      expect(await desk.types('ticket-3')).toEqual(['Opened', 'Greeted'])
    })

    it('goes on where the build of another store stopped, once, when its log says where', async () => {
      await (await desk.started()).stop()
      await appendEvents(desk.log, 'ticket-1', [opened])
      await (await desk.started()).stop()
      const handledUpTo = await desk.log.head()
      await appendEvents(desk.log, 'ticket-2', [opened])
      const metadata = await desk.log.getStreamMetadata('policy-service')
      await desk.log.setStreamMetadata('policy-service', { ...metadata, handledUpTo })

      const first = await desk.started({ readStore: new InMemoryReadStore() })
      expect(desk.sent).toHaveLength(2)
      expect(await desk.types('ticket-2')).toEqual(['Opened', 'Greeted'])
      await first.stop()
      expect(await desk.log.getStreamMetadata('policy-service')).toEqual(metadata)
      await desk.started({ readStore: new InMemoryReadStore() })
      expect(desk.sent).toHaveLength(2)
    })
  })

  it('emits nothing when it is built anew, and ends with the same timers', async () => {
    const runner = await desk.started()
    await desk.tell('ticket-1', opened, desk.resolved(2 * HOUR_MS))
    await desk.pass(1.4 * HOUR_MS, 8)
    await desk.tell('ticket-2', opened, desk.resolved(DAY_MS))
    const timers = async () => {
      const reader = await desk.readStore.liveReader('policy_service')
      const found = await reader!.find<{ id: string; dueAt: string }>('timers', { orderBy: [], limit: 99 })
      return found.map(({ document }) => document)
    }
    const [sent, armed] = [desk.sent.length, await timers()]
    expect(desk.sentTypes).toContain('Remind')
    expect(armed.length).toBe(4)
    const rebuilt = runner.rebuild('service')
    await desk.pass(2_000, 20)
    await rebuilt
    expect(await timers()).toEqual(armed)
    expect(desk.sent).toHaveLength(sent)
    await desk.pass(2 * HOUR_MS, 16)
    expect((await desk.types('ticket-1')).filter((type) => type === 'Closed')).toHaveLength(1)
  })

  it('is left alone by a second runner, which takes over when the lease runs out', async () => {
    const first = await desk.started({ owner: 'first' })
    const second = await desk.started({ owner: 'second' })
    expect((await second.status())[0]).toMatchObject({ state: 'standby' })
    desk.expireLeases()
    await desk.pass(2_000)
    expect((await second.status())[0]).toMatchObject({ state: 'following' })
    await desk.tell('ticket-1', opened)
    expect(await desk.types('ticket-1')).toEqual(['Opened', 'Greeted'])
    expect((await first.status())[0]).toMatchObject({ state: 'standby' })
  })

  it('is fed while another cannot be, whatever that one lacks', async () => {
    const createBuild = desk.readStore.createBuild.bind(desk.readStore)
    desk.readStore.createBuild = async (name, collections) => {
      if (name.projection === 'policy_broken') throw new Error('refused')
      return createBuild(name, collections)
    }
    await desk.started({ policies: [{ ...service, name: 'broken' }, service] })
    await desk.tell('ticket-1', opened)
    expect(await desk.types('ticket-1')).toEqual(['Opened', 'Greeted'])
    expect(desk.notices).toContainEqual(
      expect.objectContaining({ consumer: 'policy_broken', message: expect.stringContaining('refused') }),
    )
  })

  it('is fed by one of two runners that made a build each at the same moment, whichever of these is live', async () => {
    const sqlite = temporaryReadStore()
    desk = new Desk(sqlite.store)
    const builds = desk.readStore.builds.bind(desk.readStore)
    // As where the one that was named first came second
    desk.readStore.builds = async () => (await builds()).toReversed()
    const runners = [desk.runner({ owner: 'first' }), desk.runner({ owner: 'second' })]
    await Promise.all(runners.map((runner) => runner.start()))
    expect(await builds()).toContainEqual(expect.objectContaining({ build: 2 }))
    await desk.pass(4_000, 8)
    expect(await builds()).toMatchObject([{ status: 'live' }])
    await desk.tell('ticket-1', opened)
    expect(await desk.types('ticket-1')).toEqual(['Opened', 'Greeted'])
    await desk.stop()
    await sqlite.dispose()
  })
})

describe('whatever dies and whenever', () => {
  type Step =
    | { do: 'open' | 'resolve' | 'reopen' | 'import'; ticket: number }
    | { do: 'pass'; hours: number }
    | { do: 'expire leases' | 'restart' }
    | { do: 'kill'; at: 'before commit' | 'after commit' | 'before dispatch' | 'after dispatch' }

  const ticket = fc.integer({ min: 1, max: 3 })
  const aStep: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom('open', 'resolve', 'reopen', 'import'), ticket }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), hours: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('expire leases', 'restart') }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('kill'),
        at: fc.constantFrom('before commit', 'after commit', 'before dispatch', 'after dispatch'),
      }),
    },
  ) as fc.Arbitrary<Step>

  async function run(steps: readonly Step[], readStore?: ReadStore): Promise<Desk> {
    const desk = new Desk(readStore)
    const deaths: string[] = []
    const mayDie = (at: string) => {
      if (deaths[0] !== at) return
      deaths.shift()
      throw new Error(`killed ${at}`)
    }
    desk.readStore.crash = mayDie
    const real = desk.dispatch
    desk.dispatch = async (command) => {
      mayDie('before dispatch')
      const outcome = await real(command)
      mayDie('after dispatch')
      return outcome
    }
    let runners = [await desk.started({ owner: 'a' }), await desk.started({ owner: 'b' })]
    for (const step of steps) {
      switch (step.do) {
        case 'open':
          await desk.tell(`ticket-${step.ticket}`, opened)
          break
        case 'resolve':
          await desk.tell(`ticket-${step.ticket}`, desk.resolved(5 * HOUR_MS))
          break
        case 'reopen':
          await desk.tell(`ticket-${step.ticket}`, reopened)
          break
        case 'import':
          await appendEvents(desk.log, `ticket-${10 + step.ticket}`, [opened, desk.resolved(HOUR_MS)], {
            channel: 'import',
          })
          break
        case 'pass':
          await desk.pass(step.hours * HOUR_MS)
          break
        case 'expire leases':
          desk.expireLeases()
          break
        case 'restart':
          await Promise.all(runners.map((runner) => runner.stop()))
          runners = [await desk.started({ owner: 'a' }), await desk.started({ owner: 'b' })]
          break
        case 'kill':
          deaths.push(step.at)
      }
    }
    deaths.length = 0
    await desk.pass(60 * DAY_MS, 60)
    await desk.stop()
    return desk
  }

  /** Per stream: what policies appended, and what is still owed. */
  async function verdict(desk: Desk) {
    const faults: string[] = []
    const { events } = await desk.log.readAll({ after: '0'.repeat(20), limit: 10_000 })
    const commandIds = events
      .filter(({ metadata }) => metadata.channel === 'policy')
      .map(({ metadata }) => metadata.commandId)
    if (new Set(commandIds).size !== commandIds.length) faults.push('a command took effect twice')
    for (const stream of new Set(events.map((event) => event.stream))) {
      const own = events.filter((event) => event.stream === stream)
      const count = (type: string) =>
        own.filter((event) => event.type === type && event.metadata.channel !== 'import').length
      if (count('Opened') !== count('Greeted'))
        faults.push(`${stream}: ${count('Opened')} opened, ${count('Greeted')} greeted`)
      const last = own.filter(({ type }) => ['Resolved', 'Reopened', 'Closed'].includes(type)).at(-1)
      if (last?.type === 'Resolved' && last.metadata.channel !== 'import')
        faults.push(`${stream} was never closed`)
      if (
        own.every(({ metadata }) => metadata.channel !== 'api') &&
        own.some(({ metadata }) => metadata.channel === 'policy')
      )
        faults.push(`${stream}: a policy acted on an import`)
    }
    return faults
  }

  it('every command takes effect once, and none is forgotten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { maxLength: 14 }), async (steps) => {
        expect(await verdict(await run(steps))).toEqual([])
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  it('does not go on with what a failure left in memory', async () => {
    const desk = await run([
      { do: 'kill', at: 'after dispatch' },
      { do: 'resolve', ticket: 1 },
      { do: 'pass', hours: 10 },
    ])
    expect((await desk.types('ticket-1')).at(-1)).toBe('Closed')
  })

  it('also on SQLite', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { maxLength: 14 }), async (steps) => {
        const { store, dispose } = temporaryReadStore()
        const desk = await run(steps, store)
        await dispose()
        expect(await verdict(desk)).toEqual([])
      }),
      { numRuns: 8 },
    )
  }, 120_000)

  it('the verdict notices command ids that change from try to try', async () => {
    const { v4 } = jest.requireActual<{ v4(): string }>('uuid')
    const steps: Step[] = [
      { do: 'kill', at: 'after dispatch' },
      { do: 'open', ticket: 1 },
    ]
    const original = ticketDesk
    const desk = new Desk()
    const dispatch = original(desk.log, desk.sent)
    let die = true
    desk.dispatch = async (command) => {
      const outcome = await dispatch(
        Object.assign(command, { metadata: { ...command.metadata, commandId: v4() } }),
      )
      if (die) {
        die = false
        throw new Error('killed')
      }
      return outcome
    }
    await desk.started()
    await desk.tell('ticket-1', opened)
    await desk.pass(5_000, 20)
    await desk.stop()
    expect(await verdict(desk)).toEqual(['ticket-1: 1 opened, 2 greeted'])
    expect(await verdict(await run(steps))).toEqual([])
  })
})
