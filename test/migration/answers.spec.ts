import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Principal } from '#libs/access'
import { openFolderBlobStore } from '#libs/blob-store/folder'
import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { openEventStoreDb } from '#libs/event-store/eventstoredb'
import { openSqliteEventStore } from '#libs/event-store/sqlite'
import { ProjectionRunner, ReadModels } from '#libs/projections-runtime'
import type { QueryDependencies, QueryFunction } from '#libs/query-handling'
import { PageTokens } from '#libs/read-store'
import { projectionRegistry } from '#projections/registry'
import { type EventStoreDouble, startEventStoreDouble } from '../../libs/testing/eventstoredb/index.js'
import { temporaryReadStore } from '../../libs/testing/temporary-read-store.js'
import { eventsPage } from '../../src/events/event.queries.js'
import { withCurrentPositions } from '../../src/http/time-point.js'
import { listIncidents, readHistory, readIncident } from '../../src/incidents/queries/incident.queries.js'
import { migrate } from '../../src/migration/migrate.js'
import { queuesOverview } from '../../src/queues/queue.queries.js'
import { allEvents, importInto, SERVICENOW } from '../imports/import.fixture.js'

const SAMPLE = join(__dirname, '../data/servicenow-incidents-sample.csv.gz')
const ROWS = 120

const auditor: Principal = {
  id: 'rita',
  grants: new Map([
    ['auditor', 'grant-1'],
    ['agent', 'grant-2'],
  ]),
  groups: new Set(),
}

/** A server's reading side over a log: its read models, level with it. */
async function readingSide(eventStore: EventStore) {
  const { store: readStore, dispose } = temporaryReadStore()
  const definitions = projectionRegistry
  const runner = new ProjectionRunner({ eventStore, readStore, owner: 'test', definitions })
  await runner.start()
  const models = new ReadModels({ eventStore, readStore, definitions })
  const pageTokens = new PageTokens(Buffer.alloc(32, 7))
  const dependencies: QueryDependencies = { eventStore, models, pageTokens, waitMilliseconds: 20_000 }
  return {
    dependencies,
    /** As the query thread asks. */
    async ask<Args extends object>(query: QueryFunction<Args>, args: Args) {
      const { json } = await query(await withCurrentPositions(eventStore, args), dependencies)
      return JSON.parse(json) as Record<string, unknown> & { nextPageToken?: string; items?: object[] }
    },
    async dispose() {
      await runner.stop()
      await dispose()
    },
  }
}

describe.each(['23.10', '26.1'] as const)('after a log has moved to a server of %s', (profile) => {
  let folder: string
  let double: EventStoreDouble
  let stores: EventStore[]
  let before: Awaited<ReturnType<typeof readingSide>>
  let after: Awaited<ReturnType<typeof readingSide>>
  let events: RecordedEvent[]
  /** A position in the middle of the log, as it was given before, and what held then and there. */
  let asOf: Position
  let validAt: string
  let number: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-answers-'))
    const rows = gunzipSync(readFileSync(SAMPLE)).toString().split('\n').slice(0, ROWS)
    const [file, log] = [join(folder, 'sample.csv'), join(folder, 'log.db')]
    writeFileSync(file, rows.join('\n'))
    const old = await openSqliteEventStore({ file: log })
    await importInto(old, file, { mapping: SERVICENOW })
    await old.close()

    double = await startEventStoreDouble({ profile })
    const namespace = `test-${randomUUID()}`
    const blobs = openFolderBlobStore(join(folder, 'copied'))
    await migrate({ from: { log, blobs: join(folder, 'blobs') }, to: { url: double.url, namespace, blobs } })
    stores = [
      await openSqliteEventStore({ file: log, readOnly: true }),
      await openEventStoreDb({ url: double.url, namespace }),
    ]
    before = await readingSide(stores[0]!)
    after = await readingSide(stores[1]!)
    events = await allEvents(stores[0]!)
    asOf = events[Math.floor(events.length / 2)]!.position
    validAt = events.find(({ position }) => position === asOf)!.metadata.occurredAt
    number = events.find(({ stream }) => stream.startsWith('incident-'))!.stream.replace('incident-', '')
  })
  afterAll(async () => {
    await before.dispose()
    await after.dispose()
    await Promise.all(stores.map((store) => store.close()))
    await double.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** An answer from before, with the positions of now; tokens and lag are of their time. */
  async function asOfNow({ nextPageToken: _, lag: __, ...answer }: Record<string, unknown>) {
    const text = JSON.stringify(answer)
    const now = new Map<string, string>()
    for (const [position] of text.matchAll(/\b\d{20}\b/g))
      now.set(position, await stores[1]!.currentPosition(position))
    return JSON.parse(text.replace(/\b\d{20}\b/g, (position) => now.get(position)!))
  }
  const shown = ({ nextPageToken: _, lag: __, ...answer }: Record<string, unknown>) => answer

  it('a record and its history are the same as of an earlier position', async () => {
    for (const query of [readIncident, readHistory]) {
      const args = { principal: auditor, number, asOf, validAt: '2030-01-01T00:00:00Z' }
      const answer = await before.ask(query, args)
      expect(shown(await after.ask(query, args))).toEqual(await asOfNow(answer))
      expect(answer.asOf).toBe(asOf)
    }
  })

  it('queues are the same as of an earlier position', async () => {
    const args = { principal: auditor, asOf, validAt, minPosition: events.at(-1)!.position }
    const answer = await before.ask(queuesOverview, args)
    expect(answer.items!.length).toBeGreaterThan(0)
    expect((await after.ask(queuesOverview, args)).items).toEqual(answer.items)
  })

  it.each([
    ['now', () => ({})],
    ['as of an earlier position', () => ({ asOf, validAt })],
  ])('a list (%s) is read on with the page tokens from before, to the same end', async (_, point) => {
    const args = { principal: auditor, pageSize: 1, minPosition: events.at(-1)!.position, ...point() }
    let pages = 0
    for (let pageToken: string | undefined; pages === 0 || pageToken !== undefined; pages++) {
      const page = await before.ask(listIncidents, { ...args, pageToken })
      const { items } = await after.ask(listIncidents, { ...args, pageToken })
      expect(items).toEqual(page.items)
      pageToken = page.nextPageToken
    }
    expect(pages).toBeGreaterThan(2)
  })

  it('a reader of the log goes on behind the position it had come to', async () => {
    const args = { principal: auditor, after: asOf, limit: 1_000 }
    const answer = await before.ask(eventsPage, args)
    expect(answer.items!.length).toBeGreaterThan(50)
    expect(shown(await after.ask(eventsPage, args))).toEqual(await asOfNow(answer))
    expect((await after.ask(eventsPage, { ...args, after: LOG_START })).items).toHaveLength(events.length)
  })

  it('would refuse all of that if positions were not translated', async () => {
    const { eventStore } = after.dependencies
    const { nextPageToken } = await before.ask(listIncidents, { principal: auditor, pageSize: 3 })
    const translate = eventStore.currentPosition
    eventStore.currentPosition = async (position) => position
    try {
      const refused = (query: QueryFunction<never>, args: object) =>
        expect(after.ask(query as QueryFunction<object>, { principal: auditor, ...args })).rejects
      await refused(readIncident, { number, asOf }).toMatchObject({ code: 'POSITION.UNKNOWN' })
      await refused(eventsPage, { after: asOf, limit: 10 }).toMatchObject({ code: 'POSITION.UNKNOWN' })
      await refused(listIncidents, { minPosition: asOf }).toMatchObject({ code: 'POSITION.UNKNOWN' })
      const paged = { pageSize: 3, pageToken: nextPageToken }
      await refused(listIncidents, paged).toMatchObject({ code: 'PAGE_TOKEN.FOREIGN' })
    } finally {
      eventStore.currentPosition = translate
    }
  })
})
