import { systemPrincipal } from '#libs/access'
import type { RecordedEvent, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { all, eq } from '#libs/read-store'
import {
  appendEvents,
  CrashingReadStore,
  eventually,
  FakeClock,
  InMemoryEventStore,
  InMemoryReadStore,
} from '#libs/testing'
import { temporaryEventStore } from '../testing/temporary-event-store.js'
import { temporaryReadStore } from '../testing/temporary-read-store.js'
import type { Notice } from './build-keeper.js'
import { type AnyProjection, collectionSchemas } from './definitions.js'
import { parkedSchema } from './parking.js'
import { prepareProjections } from './prepare.js'
import { ProjectionRunner, type ProjectionRunnerOptions, requestRebuild } from './projection-runner.js'
import { storedBuilds } from './projection-status.js'
import { ReadModels, type ReadModelsOptions } from './read-models.js'
import { poison, stays, type Ticket, type TicketEvent, tickets } from './ticket-projections.fixture.js'

const agent = systemPrincipal('test')
const opened = (title: string): TicketEvent => ({ type: 'Opened', data: { title } })
const moved = (group: string): TicketEvent => ({ type: 'Moved', data: { group } })
const broken = (at: 'key' | 'evolve'): TicketEvent => ({ type: 'Broken', data: { at } })

const LATER = '9'.repeat(20)

const stores = {
  'in memory': async () => ({
    log: new InMemoryEventStore(),
    read: new InMemoryReadStore(),
    dispose: async () => {},
  }),
  'on SQLite': async () => {
    const [log, read] = [await temporaryEventStore(), temporaryReadStore()]
    const dispose = async () => {
      await log.dispose()
      await read.dispose()
    }
    return { log: log.store, read: read.store, dispose }
  },
}

describe.each(Object.entries(stores))('projection runner %s', (_, makeStores) => {
  let log: EventStore
  let readStore: CrashingReadStore
  let dispose: () => Promise<void>
  let notices: Notice[]
  const runners: ProjectionRunner[] = []

  beforeEach(async () => {
    const made = await makeStores()
    log = made.log
    readStore = new CrashingReadStore(made.read)
    dispose = made.dispose
    notices = []
    poison.on = false
  })
  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.stop()))
    await dispose()
  })

  function runner(options: Partial<ProjectionRunnerOptions> = {}): ProjectionRunner {
    const made = new ProjectionRunner({
      eventStore: log,
      readStore,
      definitions: [tickets, stays],
      owner: 'spec',
      leaseMilliseconds: 300,
      notice: (notice) => notices.push(notice),
      ...options,
    })
    runners.push(made)
    return made
  }
  const readModels = (definitions: (AnyProjection | typeof stays)[] = [tickets, stays]) =>
    new ReadModels({ eventStore: log, readStore, definitions })
  const ticket = async (number: string, minPosition?: string) =>
    (await readModels().of<Ticket>('tickets').get(number, { principal: agent, minPosition })).row
  const state = async (made: ProjectionRunner, projection: string, status = 'live') =>
    (await made.status()).find((one) => one.projection === projection && one.status === status)

  /** The log, which does some things in its own way. */
  const logThat = (own: Partial<EventStore>): EventStore =>
    new Proxy(log, {
      get: (target, key) => {
        const value = Reflect.get(own, key) ?? Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  /** The log, which gives no events until they are let through. */
  function heldLog(own: Partial<EventStore> = {}) {
    let letThrough = () => {}
    const held = new Promise<void>((resolve) => {
      letThrough = resolve
    })
    const readAll: EventStore['readAll'] = (request) => held.then(() => log.readAll(request))
    return { eventStore: logThat({ ...own, readAll }), letThrough: () => letThrough() }
  }
  const saidOfCatchUp = () =>
    notices.flatMap(({ code, message }) => (code === 'PROJECTION.CATCHING_UP' ? [message] : []))

  it('makes what was appended visible, at the position the command answered', async () => {
    await runner().start()
    const [event] = await appendEvents(log, 'ticket-1', [opened('printer'), moved('desk')])
    const answer = await readModels()
      .of<Ticket>('tickets')
      .get('ticket-1', { principal: agent, minPosition: event!.position })
    expect(answer.row?.document.title).toBe('printer')
    expect(answer.lag).toBe(0)
  })

  it('advances over events that no projection wants', async () => {
    await runner().start()
    const [event] = await appendEvents(log, 'other-1', [{ type: 'Unheard', data: {} }])
    await readModels().waitFor('tickets', event!.position)
    await readModels().waitFor('stays', event!.position)
  })

  describe('of a read model that nobody waits for', () => {
    const unhurried: AnyProjection = { ...tickets, pace: 'unhurried' }
    /** Opened once, so that it is no quiet moment. */
    const busy = async () => {
      const made = runner({ definitions: [unhurried, stays] })
      await made.start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      await readModels().waitFor('tickets', event!.position)
      return made
    }

    it('lets a quarter of a second pass, while the others follow at once', async () => {
      await busy()
      const [event] = await appendEvents(log, 'ticket-1', [moved('desk')])
      await readModels().waitFor('stays', event!.position)
      expect((await ticket('ticket-1'))?.document.group).toBe(null)
      expect((await ticket('ticket-1', event!.position))?.document.group).toBe('desk')
    })

    /** Milliseconds that questions for the position of three events take, one after the other. */
    async function waits(hurry?: (made: ProjectionRunner) => ReadModelsOptions['hurry']): Promise<number[]> {
      const made = await busy()
      const models = new ReadModels({
        eventStore: log,
        readStore,
        definitions: [unhurried],
        hurry: hurry?.(made),
      })
      const times: number[] = []
      for (const [stream, event] of [
        ['ticket-1', moved('desk')],
        ['other-1', { type: 'Unheard', data: {} }],
        ['ticket-1', moved('network')],
      ] as const) {
        const [appended] = await appendEvents(log, stream, [event])
        const asked = performance.now()
        await models.waitFor('tickets', appended!.position)
        times.push(performance.now() - asked)
      }
      expect((await ticket('ticket-1'))?.document.group).toBe('network')
      return times
    }

    // One of three tells, whatever else the machine does
    it('does not let who asks for a position wait', async () => {
      const times = await waits(
        (made) =>
          (...wish) =>
            made.hurry(...wish),
      )
      expect(Math.min(...times)).toBeLessThan(100)
    })

    it('would let them wait if nobody hurried it', async () => {
      expect(Math.max(...(await waits()))).toBeGreaterThan(100)
    })
  })

  describe('tells who waits for a position', () => {
    it('as soon as the read model stands there, also of one that the event does not concern', async () => {
      const made = runner()
      await made.start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      for (const projection of ['tickets', 'stays']) {
        await made.hurry(projection, event!.position)
        const checkpoint = await (await readStore.liveReader(projection))?.checkpoint()
        expect(checkpoint!.position >= event!.position).toBe(true)
      }
    })

    it('at once when it is not fed here, and when it will not get there', async () => {
      const made = runner()
      await made.start()
      await made.hurry('elsewhere', LATER)
      const waiting = made.hurry('tickets', LATER)
      await made.stop()
      await waiting
    })

    it('and questions wait for that, or look by themselves where nobody tells', async () => {
      await runner().start()
      const models = (hurry: ReadModelsOptions['hurry']) =>
        new ReadModels({ eventStore: log, readStore, definitions: [tickets], hurry })
      const away = () => Promise.reject(new Error('started again'))
      const never = () => new Promise<void>(() => {})
      for (const hurry of [away, never, async () => {}]) {
        const [event] = await appendEvents(log, 'ticket-1', [moved('desk')])
        await models(hurry).waitFor('tickets', event!.position)
      }
    })
  })

  it('goes on where it stopped', async () => {
    const first = runner()
    await first.start()
    const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
    await readModels().waitFor('tickets', event!.position)
    await first.stop()
    const [later] = await appendEvents(log, 'ticket-1', [moved('desk')])
    await runner().start()
    expect((await ticket('ticket-1', later!.position))?.document).toMatchObject({
      title: 'a',
      group: 'desk',
      moves: 1,
    })
  })

  it('shares the work: one runner holds a lease, the other takes over when it stops', async () => {
    const [first, second] = [runner({ owner: 'first' }), runner({ owner: 'second' })]
    await first.start()
    await second.start()
    expect((await state(second, 'tickets'))?.state).toBe('standby')
    await first.stop()
    const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
    await readModels().waitFor('tickets', event!.position)
    await eventually(
      'the second follows',
      async () => (await state(second, 'tickets'))?.state === 'following',
    )
  })

  it('survives a commit that fails, and one whose outcome is lost', async () => {
    await runner().start()
    for (const point of ['before commit', 'after commit']) {
      readStore.crash = (at) => {
        if (at !== point) return
        readStore.crash = () => {}
        throw new Error('the disk went away')
      }
      const [event] = await appendEvents(log, 'ticket-1', [opened('a'), moved('desk')])
      await readModels().waitFor('tickets', event!.position)
    }
    expect((await ticket('ticket-1'))?.document.moves).toBe(1)
    expect(notices.some(({ message }) => message.includes('the disk went away'))).toBe(true)
  })

  describe('a checkpoint of another history', () => {
    it('stops that projection, names the command that mends it, and lets the others go on', async () => {
      const name = await readStore.createBuild({ projection: 'tickets', version: 1 }, [
        ...collectionSchemas(tickets),
        parkedSchema,
      ])
      const writer = await readStore.openForWriting(name, { owner: 'x', leaseMilliseconds: 1 })
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      await writer.commit([], { logId: log.logId, position: event!.position, eventId: 'something else' })
      await writer.close()
      const made = runner()
      await made.start()
      expect(await state(made, 'tickets')).toMatchObject({ state: 'stopped', code: 'CHECKPOINT.FOREIGN' })
      expect((await state(made, 'tickets'))?.message).toContain('ledgerdesk projections rebuild tickets')
      await readModels().waitFor('stays', event!.position)
      await expect(ticket('ticket-1')).rejects.toMatchObject({ code: 'CHECKPOINT.FOREIGN' })

      await made.rebuild('tickets')
      expect((await ticket('ticket-1', event!.position))?.document.title).toBe('a')
    })
  })

  describe('a poisoned event', () => {
    it('parks its key: later events queue, the document is stale, other keys go on, retry replays in order', async () => {
      poison.on = true
      const made = runner({ definitions: [tickets] })
      await made.start()
      await appendEvents(log, 'ticket-1', [opened('a'), moved('one')])
      await appendEvents(log, 'ticket-1', [broken('evolve'), moved('two')])
      await appendEvents(log, 'ticket-1', [moved('three')])
      const [other] = await appendEvents(log, 'ticket-2', [opened('b')])
      expect((await ticket('ticket-2', other!.position))?.document.title).toBe('b')
      expect(await ticket('ticket-1')).toMatchObject({ stale: true, document: { group: 'one' } })
      expect((await made.parked('tickets')).map(({ eventType, reason }) => [eventType, reason])).toEqual([
        ['Broken', 'Error: poisoned'],
        ['Moved', undefined],
        ['Moved', undefined],
      ])
      expect(await made.retryParked('tickets')).toMatchObject({
        replayed: 0,
        stillParked: [{ key: 'ticket-1' }],
      })
      expect((await made.parked('tickets'))[0]).toMatchObject({ eventType: 'Broken', attempts: 1 })

      poison.on = false
      expect(await made.retryParked('tickets')).toEqual({ replayed: 3, stillParked: [] })
      expect(await ticket('ticket-1')).toMatchObject({ stale: false, document: { group: 'three', moves: 3 } })
      expect(await made.parked('tickets')).toEqual([])
    })

    it('stays parked over a restart', async () => {
      poison.on = true
      const first = runner({ definitions: [tickets] })
      await first.start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a'), broken('evolve')])
      await readModels().waitFor('tickets', event!.position)
      await first.stop()
      poison.on = false
      const second = runner({ definitions: [tickets] })
      await second.start()
      const [later] = await appendEvents(log, 'ticket-1', [moved('desk')])
      expect(await ticket('ticket-1', later!.position)).toMatchObject({
        stale: true,
        document: { group: null },
      })
      await eventually('the lease', async () => (await state(second, 'tickets'))?.state === 'following')
      await second.retryParked('tickets', 'ticket-1')
      expect(await ticket('ticket-1')).toMatchObject({ stale: false, document: { group: 'desk' } })
    })

    it('stops a view, which says so, while projections go on; retry resumes it', async () => {
      poison.on = true
      const made = runner()
      await made.start()
      const [, , bad] = await appendEvents(log, 'ticket-1', [opened('a'), moved('desk'), broken('evolve')])
      const [later] = await appendEvents(log, 'ticket-2', [opened('b'), moved('desk')])
      await readModels().waitFor('tickets', later!.position)
      const stopped = await eventually('the view stops', async () => {
        const status = await state(made, 'stays')
        return status?.state === 'stopped' && status
      })
      expect(stopped).toMatchObject({ code: 'PROJECTION.POISONED' })
      expect(stopped.message).toContain(bad!.id)
      expect(await made.parked('stays')).toMatchObject([
        { key: '*', eventId: bad!.id, reason: 'Error: poisoned' },
      ])
      const held = await readModels().of('stays', 'open_stays').list({ principal: agent, pageSize: 9 })
      expect(held.rows.map(({ id }) => id)).toEqual(['ticket-1'])

      poison.on = false
      await made.retryParked('stays')
      await readModels().waitFor('stays', later!.position)
      expect(await made.parked('stays')).toEqual([])
    })

    it('stops a projection whose key function throws, for nobody knows which documents are wrong', async () => {
      poison.on = true
      const made = runner({ definitions: [tickets] })
      await made.start()
      await appendEvents(log, 'ticket-1', [opened('a'), broken('key'), moved('desk')])
      await eventually('it stops', async () => (await state(made, 'tickets'))?.code === 'PROJECTION.POISONED')
      expect((await ticket('ticket-1'))?.document.group).toBe(null)
    })

    it('stops a rebuild, while the live build goes on answering and being fed', async () => {
      poison.on = true
      const made = runner({ definitions: [tickets] })
      await made.start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a'), broken('evolve')])
      await readModels().waitFor('tickets', event!.position)
      await expect(made.rebuild('tickets')).rejects.toMatchObject({ code: 'PROJECTION.POISONED' })
      const [later] = await appendEvents(log, 'ticket-2', [opened('b')])
      expect((await ticket('ticket-2', later!.position))?.document.title).toBe('b')
      poison.on = false
      await made.retryParked('tickets')
      await eventually('the rebuild takes over', async () => (await readStore.builds()).length === 1)
      expect(await ticket('ticket-1')).toMatchObject({ stale: false })
    })
  })

  it('says of those that are level that they are, and of one that has stopped once it goes on', async () => {
    poison.on = true
    await appendEvents(log, 'ticket-1', [opened('a'), broken('evolve')])
    const { eventStore, letThrough } = heldLog()
    const clock = new FakeClock()
    const made = runner({ eventStore, clock })
    await made.start()
    const said = (times: number) =>
      eventually(`${times} times something is said`, () => {
        clock.advance(1_000)
        return saidOfCatchUp().length >= times
      })
    const stands = (projection: string, as: string) =>
      eventually(`${projection} ${as}`, async () => (await state(made, projection))?.state === as)
    await said(1)
    letThrough()
    await stands('tickets', 'following')
    await stands('stays', 'stopped')
    await said(2)
    poison.on = false
    await made.retryParked('stays')
    await stands('stays', 'following')
    await said(3)
    expect(saidOfCatchUp()).toEqual([
      'Read models catch up with the log: tickets 0 %; stays 0 %',
      'Read models are level with the log: tickets',
      'Read models are level with the log: stays',
    ])
  })

  describe('asks the log where it ends, to tell how far those are that are behind,', () => {
    it('and keeps none waiting for the answer', async () => {
      const eventStore = logThat({ head: () => new Promise(() => {}) })
      await runner({ eventStore }).start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      await readModels().waitFor('tickets', event!.position)
      await requestRebuild(readStore, [tickets], 'tickets')
      await eventually('the new build takes over', async () =>
        (await readStore.builds()).some(({ build, status }) => build === 2 && status === 'live'),
      )
    })

    it('and says that it is the log which is away', async () => {
      const away = () => Promise.reject(new Error('the log went away'))
      // It stands still, so that there is only the first round
      const clock = new FakeClock()
      const { eventStore, letThrough } = heldLog({ head: away })
      await runner({ eventStore, clock }).start()
      await eventually('it says so', () => notices.length > 0)
      letThrough()
      expect(notices[0]).toMatchObject({
        level: 'warn',
        message: "The log can't be read: Error: the log went away",
      })
    })

    it('and not when none is', async () => {
      let asked = 0
      const head = () => {
        asked++
        return log.head()
      }
      const made = runner({ eventStore: logThat({ head }) })
      await made.start()
      await eventually('all are level', () => made.isLevel())
      const before = asked
      const builds = jest.spyOn(readStore, 'builds')
      await eventually('two more rounds', () => builds.mock.calls.length > 2)
      expect(asked).toBe(before)
    })
  })

  describe('rebuild', () => {
    it('feeds the live build meanwhile, then lets the new one take over', async () => {
      const made = runner()
      await made.start()
      for (let n = 0; n < 300; n++)
        await appendEvents(log, `ticket-${n % 20}`, [n < 20 ? opened(`t${n}`) : moved(`g${n}`)])
      const progress: number[] = []
      const rebuilt = made.rebuild('tickets', ({ share }) => progress.push(share))
      const [event] = await appendEvents(log, 'ticket-1', [moved('last')])
      expect((await ticket('ticket-1', event!.position))?.document.group).toBe('last')
      await rebuilt
      expect(progress.length).toBeGreaterThan(0)
      expect((await readStore.builds()).filter(({ projection }) => projection === 'tickets')).toMatchObject([
        { build: 2, status: 'live' },
      ])
      expect((await ticket('ticket-1', event!.position))?.document.group).toBe('last')
    })

    it('can be left to a runner on another thread, which gives the lease back when it is done', async () => {
      const feeding = runner({ definitions: [tickets], only: 'live', owner: 'live' })
      await feeding.start()
      await runner({ definitions: [tickets], only: 'building', owner: 'builder' }).start()
      await appendEvents(log, 'ticket-1', [opened('a')])
      await feeding.rebuild('tickets')
      const [event] = await appendEvents(log, 'ticket-1', [moved('desk')])
      expect((await ticket('ticket-1', event!.position))?.document.group).toBe('desk')
      expect(await readStore.builds()).toMatchObject([{ build: 2, status: 'live', lease: { owner: 'live' } }])
    })

    it('is told of by a runner that feeds none of those that are to take over', async () => {
      const feeding = runner({ definitions: [tickets], only: 'live', owner: 'live' })
      await feeding.start()
      await appendEvents(log, 'ticket-1', [opened('a')])
      await requestRebuild(readStore, [tickets], 'tickets')
      const standing = async () =>
        (await feeding.status()).map(({ build, status, state }) => [build, status, state])
      expect(await standing()).toEqual([
        [1, 'live', expect.any(String)],
        [2, 'building', 'standby'],
      ])
      await runner({ definitions: [tickets], only: 'building', owner: 'builder' }).start()
      await eventually('nothing is told of it any more', async () =>
        (await standing()).every(([build, status]) => build === 2 && status === 'live'),
      )
    })

    it('tells when it has taken over, so that whoever feeds what answers need not wait for his next round', async () => {
      // It stands still, so that no round comes by itself
      const feeding = runner({ definitions: [tickets], only: 'live', owner: 'live', clock: new FakeClock() })
      await feeding.start()
      const told: string[] = []
      const onTakenOver = (projection: string) => {
        told.push(projection)
        feeding.refresh()
      }
      const building = { definitions: [tickets], only: 'building', owner: 'builder', onTakenOver } as const
      await requestRebuild(readStore, [tickets], 'tickets')
      await runner(building).start()
      await eventually('the new build is fed', async () =>
        (await readStore.builds()).every(({ build, lease }) => build === 2 && lease?.owner === 'live'),
      )
      expect(told).toEqual(['tickets'])
    })

    const second: AnyProjection = { ...tickets, version: 2 }

    it('of a new version: the old one answers, frozen, until the new one takes over', async () => {
      const first = runner()
      await first.start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      await readModels().waitFor('tickets', event!.position)
      await first.stop()
      const [later] = await appendEvents(log, 'ticket-1', [moved('desk')])
      const query = readModels([second, stays]).of<Ticket>('tickets')
      expect((await query.get('ticket-1', { principal: agent })).row?.document.group).toBe(null)
      await expect(
        query.get('ticket-1', { principal: agent, minPosition: later!.position }),
      ).rejects.toMatchObject({
        code: 'PROJECTION.FROZEN',
        retryAfter: 10,
      })
      // Says how far the new one is, once it is begun
      const building = await readStore.createBuild({ projection: 'tickets', version: 2 }, [])
      await expect(
        query.get('ticket-1', { principal: agent, minPosition: later!.position }),
      ).rejects.toMatchObject({ code: 'PROJECTION.FROZEN', extra: { share: 0 } })
      await readStore.drop(building)
      await runner({ definitions: [second, stays] }).start()
      await eventually('version 2 answers', async () =>
        (await readStore.builds()).some(({ version, status }) => version === 2 && status === 'live'),
      )
      expect((await query.get('ticket-1', { principal: agent })).row?.document.group).toBe('desk')
    })

    it('of a new version: who asks the old one for what only the new one has is told to come again', async () => {
      const first = runner()
      await first.start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      await readModels().waitFor('tickets', event!.position)
      await first.stop()
      const titled: AnyProjection = {
        ...second,
        columns: { ...tickets.columns, title: 'string' },
        indexes: [...tickets.indexes, ['title']],
      }
      const query = readModels([titled, stays]).of<Ticket>('tickets')
      const byTitle = { principal: agent, filter: eq('title', 'a'), pageSize: 9 }
      await expect(query.list(byTitle)).rejects.toMatchObject({ code: 'PROJECTION.FROZEN', retryAfter: 10 })
      expect(await query.count({ principal: agent })).toMatchObject({ count: 1 })
      await runner({ definitions: [titled, stays] }).start()
      await eventually('version 2 answers', () =>
        query.list(byTitle).then(
          ({ rows }) => rows.length === 1,
          () => false,
        ),
      )
      // Who is mistaken still hears so
      await expect(query.list({ ...byTitle, filter: eq('nothing', 'a') })).rejects.toMatchObject({
        code: 'QUERY.UNKNOWN_FIELD',
      })
    })

    it('prepared beside a running older release: answers only when the new release starts', async () => {
      await runner().start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      await readModels().waitFor('tickets', event!.position)
      await prepareProjections({
        eventStore: log,
        readStore,
        definitions: [second, stays],
        owner: 'cli',
        leaseMilliseconds: 300,
      })
      const states = async () => {
        const builds = (await readStore.builds()).filter(({ projection }) => projection === 'tickets')
        return builds.map(({ version, status }) => `${version} ${status}`)
      }
      expect(await states()).toEqual(['1 live', '2 building'])
      const [later] = await appendEvents(log, 'ticket-1', [moved('desk')])
      expect((await ticket('ticket-1', later!.position))?.document.group).toBe('desk')

      await runner({ definitions: [second, stays], owner: 'new release' }).start()
      await eventually('the take-over', async () => (await states()).join() === '2 live')
    })

    it('is never begun by an older release once a newer one answers', async () => {
      await runner({ definitions: [second] }).start()
      const old = runner({ definitions: [tickets] })
      await old.start()
      expect(notices).toContainEqual(expect.objectContaining({ code: 'PROJECTION.SUPERSEDED' }))
      expect(await readStore.builds()).toHaveLength(1)
    })
  })

  describe('queries', () => {
    it('refuse a position that the log never gave', async () => {
      await runner().start()
      const asked = readModels().waitFor('tickets', '00000000000000009999')
      await expect(asked).rejects.toMatchObject({ code: 'POSITION.UNKNOWN' })
    })

    it('say how long the first event that is not in the answer has been waiting', async () => {
      const first = runner()
      await first.start()
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      await readModels().waitFor('tickets', event!.position)
      await first.stop()
      await appendEvents(log, 'ticket-1', [moved('desk')])
      await new Promise((resolve) => setTimeout(resolve, 60))
      const late = await readModels().of<Ticket>('tickets').count({ principal: agent })
      expect(late).toMatchObject({ position: event!.position, count: 1 })
      expect(late.lag).toBeGreaterThanOrEqual(0.05)
      expect(late.lag).toBeLessThan(30)
      const stored = await storedBuilds(log, readStore)
      const { lagSeconds, ...build } = stored.find(({ projection }) => projection === 'tickets')!
      expect(build).toMatchObject({
        status: 'live',
        position: event!.position,
        owner: undefined,
        code: undefined,
      })
      expect(lagSeconds).toBeGreaterThanOrEqual(0.05)
    })

    it('give up waiting after the time-out and say where the projection stands', async () => {
      await readStore.createBuild({ projection: 'tickets', version: 1 }, [])
      const [event] = await appendEvents(log, 'ticket-1', [opened('a')])
      const asked = readModels().waitFor('tickets', event!.position, 30)
      await expect(asked).rejects.toMatchObject({
        code: 'PROJECTION.LAGGING',
        retryAfter: 1,
        extra: { share: 0, secondsLeft: undefined },
      })
    })

    it('are told to come again when the projection will be there, as far as its pace tells, and within a minute', async () => {
      const clock = new FakeClock()
      const name = await readStore.createBuild({ projection: 'tickets', version: 1 }, [])
      const writer = await readStore.openForWriting(name, { owner: 'spec', leaseMilliseconds: 60_000 })
      const events: RecordedEvent[] = []
      for (let n = 0; n < 10; n++) events.push(...(await appendEvents(log, 'ticket-1', [moved(`${n}`)])))
      const models = new ReadModels({ eventStore: log, readStore, definitions: [tickets], clock })
      const wanted = events.at(-1)!.position
      const waitAt = async ({ position, id: eventId }: RecordedEvent): Promise<unknown> => {
        await writer.commit([], { logId: log.logId, position, eventId })
        return models.waitFor('tickets', wanted, 0).catch(({ retryAfter }: Unavailable) => retryAfter)
      }
      try {
        expect(await waitAt(events[0]!)).toBe(1)
        clock.advance(10_000)
        expect(await waitAt(events[1]!)).toBe(60)
        clock.advance(49_000)
        expect(await waitAt(events[5]!)).toBe(48)
      } finally {
        await writer.close()
      }
    })

    it('are told to come again at once by one that was level since, however slowly events come', async () => {
      const clock = new FakeClock()
      const name = await readStore.createBuild({ projection: 'tickets', version: 1 }, [])
      const writer = await readStore.openForWriting(name, { owner: 'spec', leaseMilliseconds: 60_000 })
      const models = new ReadModels({ eventStore: log, readStore, definitions: [tickets], clock })
      const retryAfter: unknown[] = []
      try {
        for (let n = 0; n < 6; n++) {
          const [event] = await appendEvents(log, 'ticket-1', [moved(`${n}`)])
          const { position, id: eventId } = event!
          const late = n === 0 || n === 5
          if (late)
            await models
              .waitFor('tickets', position, 0)
              .catch((error: Unavailable) => retryAfter.push(error.retryAfter))
          await writer.commit([], { logId: log.logId, position, eventId })
          await models.waitFor('tickets', position)
          clock.advance(10_000)
        }
      } finally {
        await writer.close()
      }
      expect(retryAfter).toEqual([1, 1])
    })

    it('show each principal their rows and fields, in lists, counts and single documents alike', async () => {
      await runner().start()
      for (const [n, group] of ['red', 'blue', 'red', 'blue', 'red'].entries())
        await appendEvents(log, `ticket-${n}`, [opened(`t${n}`), moved(group)])
      const minPosition = await log.head()
      const red = { id: 'rita', grants: new Map(), groups: new Set(['red']) }
      const query = readModels().of<Ticket>('tickets')
      const orderBy = [{ column: 'moves', direction: 'asc' }] as const
      const page = await query.list({ principal: red, minPosition, orderBy, pageSize: 2 })
      expect(page.rows.map(({ id }) => id)).toEqual(['ticket-0', 'ticket-2'])
      expect(page.rows[0]!.document).not.toHaveProperty('secret')
      const rest = await query.list({ principal: red, minPosition, orderBy, pageSize: 2, after: page.next })
      expect(rest.rows.map(({ id }) => id)).toEqual(['ticket-4'])
      expect(rest.next).toBeUndefined()
      expect((await query.count({ principal: red })).count).toBe(3)
      expect((await query.groupCounts(['group'], { principal: red })).groups).toEqual([
        { values: ['red'], count: 3 },
      ])
      expect((await query.get('ticket-1', { principal: red })).row).toBeUndefined()
      expect((await query.get('ticket-1', { principal: agent })).row?.document.secret).toBe('t1!')
      expect((await query.count({ principal: agent, filter: all })).count).toBe(5)
    })
  })
})
