import * as fc from 'fast-check'
import { LOG_START } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import {
  type BuildName,
  type Checkpoint,
  type DocumentWrite,
  LeaseLost,
  type ProjectionReader,
  type ReadStore,
} from '#libs/read-store'
import {
  appendEvents,
  CrashingReadStore,
  eventually,
  InMemoryEventStore,
  InMemoryReadStore,
} from '#libs/testing'
import { mongodbServers, temporaryMongodbReadStore } from '../testing/mongodb-servers.js'
import { temporaryReadStore } from '../testing/temporary-read-store.js'
import type { BuildFeed } from './build-feed.js'
import { systemClock } from './clock.js'
import { collectionSchemas, type Pace, type ReadModelDefinition } from './definitions.js'
import { parkedSchema } from './parking.js'
import { ProjectionFeed } from './projection-feed.js'
import { ProjectionRunner } from './projection-runner.js'
import { poison, stays, type TicketEvent, tickets } from './ticket-projections.fixture.js'
import { ViewFeed } from './view-feed.js'

/** The law of projections: cut batches anywhere, kill between any two writes, and the result equals one big batch. */

const number = fc.integer({ min: 1, max: 4 }).map((n) => `ticket-${n}`)
const group = fc.constantFrom('red', 'green', 'blue')
const anEvent: fc.Arbitrary<TicketEvent> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.string({ maxLength: 3 }).map((title): TicketEvent => ({ type: 'Opened', data: { title } })),
  },
  { weight: 4, arbitrary: group.map((to): TicketEvent => ({ type: 'Moved', data: { group: to } })) },
  { weight: 2, arbitrary: number.map((other): TicketEvent => ({ type: 'Linked', data: { other } })) },
  { weight: 1, arbitrary: fc.constant<TicketEvent>({ type: 'Closed', data: {} }) },
  { weight: 1, arbitrary: fc.constant<TicketEvent>({ type: 'Broken', data: { at: 'evolve' } }) },
)
const aHistory = fc.array(fc.tuple(fc.oneof(number, fc.constant('other-1')), anEvent), { maxLength: 40 })
/** Sizes of batches, used round and round; and which of the crash points, counted from the first, kill the process. */
const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 })
const crashes = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 8 })

const fewCrashes = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 3 })

class Killed extends Error {}

interface DisposableStore {
  store: ReadStore
  dispose(): Promise<void>
}

const theModel = (): DisposableStore => ({ store: new InMemoryReadStore(), dispose: async () => {} })

/** Each with the share of the runs that its speed allows. */
const stores: [string, number, () => DisposableStore][] = [
  ['the model', 1, theModel],
  ['SQLite', 0.3, temporaryReadStore],
  ...mongodbServers().map((server): [string, number, () => DisposableStore] => [
    `MongoDB, ${server.name}`,
    0.1,
    () => temporaryMongodbReadStore(server),
  ]),
]

describe.each(stores)('on %s', (_, scale, makeStore) => {
  describe.each([tickets, stays])('the batch law for $name', (definition) => {
    // A view stops at a poisoned event, and has then nothing to compare.
    const poisons = definition.kind === 'projection' ? [true, false] : [false]

    it.each(poisons)('holds under any cut and any kill (poisoned events throw: %s)', async (throws) => {
      const property = fc.asyncProperty(
        aHistory,
        cuts,
        crashes,
        fc.integer({ min: 1, max: 5 }),
        async (history, sizes, kills, cache) => {
          poison.on = throws
          const log = await recorded(history)
          const expected = await foldAll(definition, log, { sizes: [1000], cache: 1000 })
          expect(await foldAll(definition, log, { sizes, cache, crash: killing(kills) }, makeStore)).toEqual(
            expected,
          )
        },
      )
      await fc.assert(property, { numRuns: 150 * scale })
    })

    it.each(poisons)(
      'holds for two runners whose commits die (poisoned events throw: %s)',
      async (throws) => {
        const property = fc.asyncProperty(
          aHistory,
          fewCrashes,
          fc.integer({ min: 1, max: 5 }),
          fc.constantFrom<Pace>('live', 'unhurried'),
          async (history, kills, batchSize, pace) => {
            poison.on = throws
            const log = await recorded(history)
            const expected = await foldAll(definition, log, { sizes: [1000], cache: 1000 })
            expect(await runTwo({ ...definition, pace }, log, { kills, batchSize }, makeStore)).toEqual(
              expected,
            )
          },
        )
        await fc.assert(property, { numRuns: 10 * scale })
      },
    )
  })
})

describe('the law would notice', () => {
  type Commit = { writes: readonly DocumentWrite[]; checkpoint: Checkpoint }
  const lost = ({ checkpoint }: Commit) => ({ writes: [], checkpoint })
  const twice = ({ writes }: Commit, before: Checkpoint) => ({ writes, checkpoint: before })

  it.each([
    ['a batch that is lost', lost],
    ['documents that are written without their checkpoint', twice],
  ])('%s', async (_, sabotage) => {
    poison.on = false
    const moves = ['red', 'blue', 'red', 'green'].map(
      (to): TicketEvent => ({ type: 'Moved', data: { group: to } }),
    )
    const opened: TicketEvent = { type: 'Opened', data: { title: 'a' } }
    const log = await recorded([opened, ...moves].map((event) => ['ticket-1', event] as const))
    const expected = await foldAll(tickets, log, { sizes: [1000], cache: 9 })

    const readStore = new InMemoryReadStore()
    const name = await create(readStore, tickets)
    let feed = await open(readStore, log, tickets, name, 9)
    const feedNext = async (limit: number) => {
      const page = await log.readAll({ after: feed.position, limit })
      await feed.handle(page.events, page.position)
    }
    await feedNext(1)
    const before = feed.checkpoint
    const commit = feed.writer.commit.bind(feed.writer)
    feed.writer.commit = (writes, checkpoint) => {
      const bad = sabotage({ writes, checkpoint }, before)
      return commit(bad.writes, bad.checkpoint)
    }
    await feedNext(2)
    await feed.close()
    feed = await open(readStore, log, tickets, name, 9)
    await feedNext(9)
    expect(await contents(feed.writer, tickets)).not.toEqual(expected)
  })
})

it('a late writer is fenced', async () => {
  const log = await recorded([['ticket-1', { type: 'Opened', data: { title: 'a' } }]])
  const readStore = new InMemoryReadStore()
  const name = await create(readStore, tickets)
  const late = await open(readStore, log, tickets, name, 9)
  readStore.expireLeases()
  await open(readStore, log, tickets, name, 9)
  const { events, position } = await log.readAll({ after: LOG_START, limit: 9 })
  await expect(late.handle(events, position)).rejects.toThrow(LeaseLost)
})

async function recorded(history: readonly (readonly [string, TicketEvent])[]): Promise<InMemoryEventStore> {
  const log = new InMemoryEventStore('log', () => 0)
  for (const [stream, event] of history) await appendEvents(log, stream, [event])
  return log
}

/** Dies at the crash points of these numbers, counted from 0. */
function killing(kills: readonly number[]): () => void {
  let points = 0
  return () => {
    if (kills.includes(points++)) throw new Killed()
  }
}

/** Feeds the log in batches of these sizes; at a kill, all memory is lost and a new process opens the build. */
async function foldAll(
  definition: ReadModelDefinition,
  log: EventStore,
  { sizes, cache, crash }: { sizes: number[]; cache: number; crash?: () => void },
  makeStore: () => DisposableStore = theModel,
) {
  const { store, dispose } = makeStore()
  const readStore = new CrashingReadStore(store, crash)
  const name = await create(readStore, definition)
  let feed = await open(readStore, log, definition, name, cache)
  const head = await log.head()
  for (let batch = 0; feed.position < head; batch++) {
    const page = await log.readAll({ after: feed.position, limit: sizes[batch % sizes.length]! })
    try {
      await feed.handle(page.events, page.position)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      await feed.close()
      feed = await open(readStore, log, definition, name, cache)
    }
  }
  const result = await contents(feed.writer, definition)
  await dispose()
  return result
}

/** Lets two runners, as if in two processes, work on one read store until it has all of the log. */
async function runTwo(
  definition: ReadModelDefinition,
  log: EventStore,
  { kills, batchSize }: { kills: number[]; batchSize: number },
  makeStore: () => DisposableStore,
) {
  const { store, dispose } = makeStore()
  const readStore = new CrashingReadStore(store, killing(kills))
  const settings = { eventStore: log, readStore, definitions: [definition], leaseMilliseconds: 30, batchSize }
  const runners = ['a', 'b'].map((owner) => new ProjectionRunner({ ...settings, owner, cacheDocuments: 2 }))
  await Promise.all(runners.map((runner) => runner.start()))
  try {
    const head = await log.head()
    const atHead = async () => {
      const live = await readStore.liveReader(definition.name)
      return ((await live?.checkpoint())?.position ?? LOG_START) === head && live
    }
    return await contents(await eventually('the end of the log', atHead, 20_000), definition)
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()))
    await dispose()
  }
}

async function create(readStore: ReadStore, definition: ReadModelDefinition): Promise<BuildName> {
  const { name: projection, version } = definition
  return readStore.createBuild({ projection, version }, [...collectionSchemas(definition), parkedSchema])
}

async function open(
  readStore: ReadStore,
  log: EventStore,
  definition: ReadModelDefinition,
  name: BuildName,
  cacheDocuments: number,
): Promise<BuildFeed> {
  const writer = await readStore.openForWriting(name, { owner: 'spec', leaseMilliseconds: 60_000 })
  const options = { logId: log.logId, clock: systemClock, cacheDocuments, building: false }
  return definition.kind === 'projection'
    ? ProjectionFeed.open(definition, writer, options)
    : ViewFeed.open(definition, writer, options)
}

/** Everything that a build says, its parked events included. */
async function contents(reader: ProjectionReader, definition: ReadModelDefinition) {
  const names = [...collectionSchemas(definition), parkedSchema].map(({ name }) => name)
  const all = await Promise.all(names.map((name) => reader.find(name, { orderBy: [], limit: 10_000 })))
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      all[index]!.map(({ id, document, position, stale }) => ({ id, document, position, stale })),
    ]),
  )
}
