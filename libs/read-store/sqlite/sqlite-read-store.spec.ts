import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { toPosition } from '#libs/event-sourcing'
import { SQLITE_SERVER } from '../../testing/sqlite-server.js'
import { compare, eq, has } from '../filter.js'
import { readStoreContract } from '../read-store.contract.js'
import type { CollectionSchema } from '../read-store.js'
import { BuildFile } from './build-file.js'
import { openSqliteReadStore, type SqliteReadStore } from './index.js'

const newFolder = () => mkdtempSync(join(tmpdir(), 'read store #'))

// Once as it is, once so that no filter is ever answered by sorting its candidates, once so that a walk goes on several times
for (const [name, maxSortedRows] of [
  ['SQLite', undefined],
  ['SQLite that always walks', 0],
  ['SQLite that has little patience', 4],
] as const)
  readStoreContract(name, async () => {
    const folder = newFolder()
    return {
      server: SQLITE_SERVER,
      open: async () => openSqliteReadStore({ folder, maxSortedRows }),
      destroy: async () => rmSync(folder, { recursive: true }),
    }
  })

describe('SQLite read models', () => {
  const schema: CollectionSchema = { name: 'rows', columns: { group: 'string' }, indexes: [['group']] }
  const name = { projection: 'work_queue', version: 1 }
  const lease = { owner: 'test', leaseMilliseconds: 10_000 }
  const row = (id: string, group: string, position: number) => ({
    collection: 'rows',
    id,
    document: { group },
    position: toPosition(position),
  })
  const at = (position: number) => ({ logId: 'l', position: toPosition(position), eventId: 'e' })
  let folder: string
  let store: SqliteReadStore
  beforeEach(() => {
    folder = newFolder()
    store = openSqliteReadStore({ folder })
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  it('leave no file of a dropped build', async () => {
    const build = await store.createBuild(name, [schema])
    const writer = await store.openForWriting(build, lease)
    await writer.commit([row('a', 'x', 1)], at(1))
    expect(existsSync(join(folder, 'work_queue-v1-b1.db'))).toBe(true)
    await store.drop(build)
    expect(readdirSync(folder).filter((file) => !file.startsWith('registry.db'))).toEqual([])
  })

  it('are opened read-only by those who only ask', async () => {
    const build = await store.createBuild(name, [schema])
    const reading = openSqliteReadStore({ folder, readOnly: true })
    const reader = await reading.liveReader('work_queue')
    expect(await reader?.count('rows')).toBe(0)
    await expect(reading.createBuild(name, [schema])).rejects.toThrow(/read-only/)
    await expect(reading.openForWriting(build, lease)).rejects.toThrow(/read-only/)
    await expect(reading.drop(build)).rejects.toThrow(/read-only/)
    await expect(reading.makeLive(build)).rejects.toThrow(/read-only/)
    await reading.close()
  })

  it('find notes read-only, and make no file of them', async () => {
    const reading = openSqliteReadStore({ folder, readOnly: true })
    const file = join(folder, 'notes.db')
    expect(await reading.notes('wish/')).toEqual(new Map())
    expect(existsSync(file)).toBe(false)
    writeFileSync(file, '')
    expect(await reading.notes('wish/')).toEqual(new Map())
    await store.putNote('wish/1', { key: 'a' })
    expect(await reading.notes('wish/')).toEqual(new Map([['wish/1', { key: 'a' }]]))
    await reading.close()
  })

  it('keep one reader open from query to query, and open another when it was closed', async () => {
    await store.createBuild(name, [schema])
    const reader = await store.liveReader('work_queue')
    expect(await store.liveReader('work_queue')).toBe(reader)
    await reader?.close()
    expect(await (await store.liveReader('work_queue'))?.count('rows')).toBe(0)
  })

  it('answer from one state while a writer commits', async () => {
    const writer = await store.openForWriting(await store.createBuild(name, [schema]), lease)
    await writer.commit([row('a', 'x', 1)], at(1))
    const reading = openSqliteReadStore({ folder })
    const reader = await reading.liveReader('work_queue')
    for (let position = 2; position < 50; position++) {
      await writer.commit([row('a', position % 2 ? 'x' : 'y', position)], at(position))
      const found = await reader?.find('rows', {
        filter: eq('group', position % 2 ? 'x' : 'y'),
        orderBy: [],
        limit: 9,
      })
      expect(found).toHaveLength(1)
    }
    await reading.close()
  })

  it('lie in larger pages where they are read-heavy, and are written back at as many bytes', async () => {
    const layoutOf = async (...schemas: CollectionSchema[]) => {
      const { build } = await store.createBuild(name, schemas)
      const { connection } = BuildFile.open(join(folder, `work_queue-v1-b${build}.db`), {})
      const { wal_autocheckpoint: pages } = connection.get<{ wal_autocheckpoint: number }>(
        'PRAGMA wal_autocheckpoint',
      )!
      connection.close()
      return { pageBytes: connection.pageBytes, writtenBackAt: pages * connection.pageBytes }
    }
    const usual = await layoutOf(schema)
    const readHeavy = await layoutOf(schema, { ...schema, name: 'versions', readHeavy: true })
    expect(readHeavy.pageBytes).toBe(4 * usual.pageBytes)
    expect(readHeavy.writtenBackAt).toBe(usual.writtenBackAt)
  })

  it('finish a load whose indexes were left half built', async () => {
    const loaded: CollectionSchema = {
      name: 'rows',
      columns: { group: 'string', members: 'strings' },
      indexes: [['group']],
      counts: [['group']],
    }
    const bulk = { ...lease, bulkLoad: true }
    const document = (id: string, group: string, members: string[], position: number) => ({
      ...row(id, group, position),
      document: { group, members },
    })
    const build = await store.createBuild(name, [loaded])
    const first = await store.openForWriting(build, bulk)
    await first.commit([document('a', 'x', ['ann'], 1), document('b', 'x', ['bob'], 2)], at(2))
    const interrupted = first.finishBulkLoad()
    for (let steps = 0; steps < 2; steps++) await turnOfTheLoop()
    await first.close()
    await expect(interrupted).rejects.toThrow()

    const second = await store.openForWriting(build, bulk)
    await expect(second.count('rows')).rejects.toMatchObject({ code: 'READ_STORE.LOADING' })
    await second.commit([document('a', 'y', ['eve'], 3)], at(3))
    await second.finishBulkLoad()
    const idsWhere = async (column: string, value: string) => {
      const found = await second.find('rows', { filter: eq(column, value), orderBy: [], limit: 9 })
      return found.map(({ id }) => id)
    }
    expect([await idsWhere('group', 'x'), await idsWhere('group', 'y')]).toEqual([['b'], ['a']])
    expect(await second.groupCounts('rows', ['group'])).toHaveLength(2)
    const members = async (member: string) => second.count('rows', has('members', member))
    expect([await members('ann'), await members('eve'), await members('bob')]).toEqual([0, 1, 1])
  })

  it('refuse a schema that promises what cannot be kept', async () => {
    const attempts: CollectionSchema[] = [
      { ...schema, name: 'a b' },
      { ...schema, columns: { 'a"b': 'string' } },
      { ...schema, columns: { group: 'string', Group: 'string' } },
      { ...schema, indexes: [['colour']] },
      { ...schema, columns: { group: 'strings' } },
      { ...schema, counts: [['colour']] },
      { ...schema, counts: [['group:day']] },
      { ...schema, checked: ['colour'] },
      { ...schema, unique: ['colour'] },
    ]
    for (const attempt of attempts)
      await expect(store.createBuild(name, [attempt])).rejects.toThrow(/Collection/)
    await expect(store.createBuild({ ...name, projection: '../x' }, [schema])).rejects.toThrow(/name/)
    expect(await store.builds()).toEqual([])
  })

  it('that are killed at any step of ending a bulk load end it anew, with what came meanwhile', async () => {
    const people: CollectionSchema = {
      name: 'people',
      columns: { name: 'string', skills: 'strings' },
      indexes: [['name']],
      counts: [['name']],
      search: { texts: [{ name: 1 }], newest: 'joinedAt' },
    }
    const schema = { ...people, columns: { ...people.columns, joinedAt: 'timestamp' as const } }
    const person = (id: string, position: number) => ({
      ...row(id, '', position),
      collection: 'people',
      document: { name: 'ann', skills: ['sql'], joinedAt: '2026-03-02T08:00:00.000Z' },
    })
    for (let steps = 0, more = true; more; steps++) {
      const build = await store.createBuild({ ...name, projection: `people_${steps}` }, [schema])
      const first = await store.openForWriting(build, { ...lease, bulkLoad: true })
      await first.commit([person('a', 1)], at(1))
      await first.close()
      const file = BuildFile.open(join(folder, `people_${steps}-v1-b1.db`), {})
      const taken = [...file.finishLoading()].slice(0, steps)
      for (const step of taken) file.connection.write(step)
      file.close()
      const second = await store.openForWriting(build, { ...lease, bulkLoad: true })
      await second.commit([person('b', 2)], at(2))
      await second.finishBulkLoad()
      expect(await second.count('people', has('skills', 'sql'))).toBe(2)
      expect(await second.groupCounts('people', ['name'])).toEqual([{ values: ['ann'], count: 2 }])
      const found = await second.find('people', { filter: eq('name', 'ann'), orderBy: [], limit: 9 })
      expect(found.map(({ id }) => id)).toEqual(['a', 'b'])
      await second.close()
      more = taken.length === steps
    }
  })

  it('refuse a position beyond what they keep as a number, save the one beyond all', async () => {
    const spans: CollectionSchema = { name: 'spans', columns: { until: 'position' }, indexes: [['until']] }
    const span = (until: string) => ({ ...row('a', '', 1), collection: 'spans', document: { until } })
    const writer = await store.openForWriting(await store.createBuild(name, [spans]), lease)
    await expect(writer.commit([span(`${'9'.repeat(19)}8`)], at(1))).rejects.toThrow(RangeError)
    await writer.commit([span('9'.repeat(20))], at(1))
    const last = compare('until', '>', toPosition(Number.MAX_SAFE_INTEGER - 1))
    expect(await writer.count('spans', last)).toBe(1)
  })

  it('take a NUL in a text, but not in an id', async () => {
    const writer = await store.openForWriting(await store.createBuild(name, [schema]), lease)
    await writer.commit([row('a', 'x\0y', 1), row('b', 'x', 1)], at(1))
    const found = await writer.find('rows', { filter: eq('group', 'x\0y'), orderBy: [], limit: 9 })
    expect(found.map(({ document }) => document)).toEqual([{ group: 'x\0y' }])
    await expect(writer.commit([row('a\0b', 'x', 2)], at(2))).rejects.toThrow(/NUL/)
    expect(await writer.get('rows', 'a\0b')).toBeUndefined()
  })
})
