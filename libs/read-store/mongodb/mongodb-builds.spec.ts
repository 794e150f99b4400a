import { type Db, MongoClient } from 'mongodb'
import { toPosition } from '#libs/event-sourcing'
import { databaseName } from '#libs/mongodb'
import { dropNamespace, freshNamespace, onMongodb } from '../../testing/mongodb-servers.js'
import {
  type BuildName,
  type CollectionSchema,
  LeaseHeld,
  LeaseLost,
  type ProjectionWriter,
} from '../read-store.js'
import { BuildCommits } from './build-commits.js'
import { BuildDocuments, buildLabel } from './build-documents.js'
import type { Write } from './build-medium.js'
import { type MongodbReadStore, openMongodbReadStore } from './index.js'
import { MongodbMedium } from './mongodb-medium.js'
import { storedForm } from './stored-document.js'
import { KEEP_DELETED_MILLISECONDS, Sweep } from './sweep.js'

const schema: CollectionSchema = { name: 'rows', columns: { group: 'string' }, indexes: [['group']] }
const projection = { projection: 'work_queue', version: 1 }
const lease = { owner: 'test', leaseMilliseconds: 10_000 }
const wish = { owner: 'test', milliseconds: 10_000 }
const row = (id: string, group: string | null, position: number) => ({
  collection: 'rows',
  id,
  document: group === null ? null : { group },
  position: toPosition(position),
})
const at = (position: number) => ({ logId: 'l', position: toPosition(position), eventId: `e${position}` })
const formsOf = (batch: number, ...writes: ReturnType<typeof row>[]): Write[] =>
  writes.map((write) => ({ collection: 'rows', form: storedForm(schema, write, batch, Date.now()) }))

onMongodb('Builds of MongodbReadStore', (server) => {
  let namespace: string
  let client: MongoClient
  let database: Db
  let documents: BuildDocuments
  let store: MongodbReadStore
  const open = (options = {}) => openMongodbReadStore({ url: server.url, namespace, ...options })
  const newWriter = async (options = {}): Promise<ProjectionWriter> =>
    store.openForWriting(await store.createBuild(projection, [schema]), { ...lease, ...options })
  const contents = async (writer: ProjectionWriter) =>
    (await writer.find<{ group: string }>('rows', { orderBy: [], limit: 99 })).map(({ id, document }) => [
      id,
      document.group,
    ])
  const countOf = async (name: BuildName) => {
    const reader = await store.liveReader(name.projection)
    return Number((await reader?.get<{ group: string }>('rows', 'a'))?.document.group ?? 0)
  }
  beforeEach(() => {
    namespace = freshNamespace()
    client = new MongoClient(server.url)
    database = client.db(databaseName(namespace))
    documents = new BuildDocuments(database)
    store = open()
  })
  afterEach(async () => {
    await store.close()
    await client.close()
    await dropNamespace(server, namespace)
  })

  describe('after a writer died', () => {
    /** Writes the journal, then applies so many writes before it dies; journals of more than `maxBytes` have parts. */
    async function dieHalfway(applied: number, maxBytes?: number) {
      const name = await store.createBuild(projection, [schema])
      const medium = new MongodbMedium(documents, buildLabel(name), maxBytes)
      const commits = await BuildCommits.open(medium, wish)
      await commits.commit(formsOf(commits.nextBatch, row('a', 'old', 1), row('b', 'old', 1)), at(1))
      const apply = medium.apply.bind(medium)
      medium.apply = async (writes) => {
        await apply(writes.slice(0, applied))
        throw new Error('died')
      }
      const second = formsOf(commits.nextBatch, row('a', 'new', 2), row('b', null, 2), row('c', 'new', 2))
      await expect(commits.commit(second, at(2))).rejects.toThrow('died')
      await commits.release()
      return name
    }

    it.each([0, 1, 2, 3])(
      'the next one finishes its batch, of which %i documents were written',
      async (applied) => {
        const name = await dieHalfway(applied)
        const reader = await store.liveReader('work_queue')
        expect(await reader?.checkpoint()).toEqual(at(1))
        const writer = await store.openForWriting(name, lease)
        expect(await writer.checkpoint()).toEqual(at(2))
        expect(await contents(writer)).toEqual([
          ['a', 'new'],
          ['c', 'new'],
        ])
      },
    )

    it('a journal in parts is whole, and its parts go with the next batch', async () => {
      const name = await dieHalfway(1, 250)
      expect(await documents.journalParts.countDocuments()).toBeGreaterThan(0)
      const writer = await store.openForWriting(name, lease)
      expect(await contents(writer)).toEqual([
        ['a', 'new'],
        ['c', 'new'],
      ])
      await writer.commit([row('c', 'newest', 3)], at(3))
      expect(await documents.journalParts.countDocuments()).toBe(0)
    })

    it('a writer that only lost an answer goes on where the journal says', async () => {
      const name = await store.createBuild(projection, [schema])
      const medium = new MongodbMedium(documents, buildLabel(name))
      const commits = await BuildCommits.open(medium, wish)
      const replace = medium.replaceJournal.bind(medium)
      medium.replaceJournal = async (expected, next) => {
        medium.replaceJournal = replace
        await replace(expected, next)
        throw new Error('no answer')
      }
      const writes = () => formsOf(commits.nextBatch, row('a', 'x', 1))
      await expect(commits.commit(writes(), at(1))).rejects.toThrow('no answer')
      expect(await commits.admits(at(1))).toBe(true)
      expect(commits.checkpoint).toEqual(at(1))
      await commits.commit(writes(), at(1))
      expect((await documents.rows(buildLabel(name), 'rows').findOne())?.batch).toBe(1)
    })
  })

  describe('to which a batch means nothing, side by side', () => {
    const others = ['people', 'mails'].map((name) => ({ projection: name, version: 1 }))
    let writers: ProjectionWriter[]
    beforeEach(async () => {
      writers = await Promise.all(
        [projection, ...others].map(async (one) =>
          store.openForWriting(await store.createBuild(one, [schema]), lease),
        ),
      )
      for (const writer of writers) await writer.commit([], at(1))
    })

    it('all get on', async () => {
      await Promise.all(writers.map((writer) => writer.commit([], at(2))))
      for (const { checkpoint } of await store.builds()) expect(checkpoint).toEqual(at(2))
    })

    it('one whose lease was taken learns it, and the others get on', async () => {
      const { name } = writers[1]!
      await documents.leases.updateMany({ build: buildLabel(name) }, { $set: { released: true } })
      const next = await store.openForWriting(name, lease)
      const outcomes = await Promise.allSettled(writers.map((writer) => writer.commit([], at(2))))
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(outcomes[1]).toMatchObject({ reason: expect.any(LeaseLost) })
      expect(await next.checkpoint()).toEqual(at(1))
      expect(await writers[2]!.checkpoint()).toEqual(at(2))
    })
  })

  it('refuse a document that fits into no journal, and write nothing of its batch', async () => {
    const writer = await newWriter()
    const huge = row('b', 'x'.repeat(13_000_000), 1)
    await expect(writer.commit([row('a', 'x', 1), huge], at(1))).rejects.toThrow(/b has \d+ bytes/)
    expect(await contents(writer)).toEqual([])
    await writer.commit([row('a', 'x', 1)], at(1))
    expect(await writer.checkpoint()).toEqual(at(1))
  })

  it('keep the position of what was deleted for an hour', async () => {
    const writer = await newWriter()
    await writer.commit([row('a', 'x', 1), row('b', 'x', 1)], at(1))
    await writer.commit([row('a', null, 2)], at(2))
    const label = buildLabel(writer.name)
    const rows = documents.rows(label, 'rows')
    expect(await rows.findOne({ _id: 'a' })).toMatchObject({ position: toPosition(2), deleted: true })
    const sweep = () => new Sweep(documents, label, ['rows'])
    await sweep().next(Date.now() + KEEP_DELETED_MILLISECONDS - 60_000)
    expect(await rows.countDocuments()).toBe(2)
    await sweep().next(Date.now() + KEEP_DELETED_MILLISECONDS + 60_000)
    expect((await rows.find().toArray()).map(({ _id }) => _id)).toEqual(['b'])
  })

  it('have their indexes from the first, or at the end of a bulk load', async () => {
    const writer = await newWriter()
    const names = async (label: string) =>
      (await documents.rows(label, 'rows').listIndexes().toArray()).map(({ name }) => name).sort()
    const all = ['_id_', 'ascending_0', 'descending_0', 'ids']
    expect(await names(buildLabel(writer.name))).toEqual(all)
    const second = await store.createBuild(projection, [schema])
    const loading = await store.openForWriting(second, { ...lease, bulkLoad: true })
    await loading.commit([row('a', 'x', 1)], at(1))
    expect(await names(buildLabel(second))).toEqual(['_id_'])
    await loading.finishBulkLoad()
    expect(await names(buildLabel(second))).toEqual(all)
  })

  it('leave nothing in the database some time after they were replaced', async () => {
    const writer = await newWriter()
    await writer.commit([row('a', 'x', 1)], at(1))
    const replaced = buildLabel(writer.name)
    const second = await store.createBuild(projection, [schema])
    await store.makeLive(second)
    const collections = async () => (await database.listCollections().toArray()).map(({ name }) => name)
    expect(await collections()).toContain(`${replaced}.rows`)
    const later = open({ retirementMilliseconds: 0 })
    await later.createBuild({ projection: 'other', version: 1 }, [schema])
    await later.close()
    expect(await collections()).not.toContain(`${replaced}.rows`)
    for (const kept of [documents.builds, documents.journals])
      expect(await kept.countDocuments({ _id: replaced as never })).toBe(0)
    expect((await store.builds()).map(buildLabel)).toEqual(['other-v1-b1', buildLabel(second)])
  })

  it('of two name spaces do not mix', async () => {
    const writer = await newWriter()
    await writer.commit([row('a', 'x', 1)], at(1))
    const foreign = freshNamespace()
    const other = openMongodbReadStore({ url: server.url, namespace: foreign })
    expect(await other.builds()).toEqual([])
    await other.close()
    await dropNamespace(server, foreign)
  })

  it('are opened read-only by those who only ask', async () => {
    const name = await store.createBuild(projection, [schema])
    const reading = open({ readOnly: true })
    expect(await (await reading.liveReader('work_queue'))?.count('rows')).toBe(0)
    await expect(reading.createBuild(projection, [schema])).rejects.toThrow(/read-only/)
    await expect(reading.openForWriting(name, lease)).rejects.toThrow(/read-only/)
    await expect(reading.drop(name)).rejects.toThrow(/read-only/)
    await reading.close()
  })

  it('keep documents whose fields have any name', async () => {
    const writer = await newWriter()
    const document = { group: 'x', 'a.b': { $set: 1, '': [null, [1.5, '\0']] }, __proto: 2 ** 53 - 1 }
    await writer.commit([{ ...row('a', 'x', 1), document }], at(1))
    expect((await writer.get('rows', 'a'))?.document).toEqual(document)
  })

  it('refuse a schema that promises what cannot be kept', async () => {
    const columns = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`c${i}`, 'string' as const]))
    const indexes = Object.keys(columns).map((column) => [column])
    await expect(store.createBuild(projection, [{ ...schema, indexes: [['colour']] }])).rejects.toThrow(
      /Collection/,
    )
    await expect(store.createBuild(projection, [{ name: 'rows', columns, indexes }])).rejects.toThrow(
      /indexes/,
    )
    await expect(store.createBuild({ ...projection, projection: 'a.b' }, [schema])).rejects.toThrow(/name/)
    expect(await store.builds()).toEqual([])
  })

  // What only speaks MongoDB's protocol changes a document by filter in two steps
  if (server.atomic)
    it('let one of many racing writers through at a time', async () => {
      const name = await store.createBuild(projection, [schema])
      const outcomes = { committed: 0, refused: 0 }
      /** A counter, which any write that is lost or comes twice would make wrong. */
      const race = async () => {
        const medium = new MongodbMedium(documents, buildLabel(name))
        for (let round = 0; round < 25; round++) {
          try {
            // A lease that has always run out
            const commits = await BuildCommits.open(medium, { owner: 'racer', milliseconds: 0 })
            const count = await countOf(name)
            const position = Number(commits.checkpoint?.position ?? 0) + 1
            await commits.commit(formsOf(commits.nextBatch, row('a', `${count + 1}`, position)), at(position))
            outcomes.committed++
          } catch (error) {
            if (!(error instanceof LeaseHeld || error instanceof LeaseLost)) throw error
            outcomes.refused++
          }
        }
      }
      await Promise.all([race(), race(), race(), race()])
      expect(outcomes.refused).toBeGreaterThan(0)
      expect(outcomes.committed).toBeGreaterThan(0)
      await (await store.openForWriting(name, lease)).close()
      expect(await (await store.liveReader('work_queue'))?.checkpoint()).toEqual(at(outcomes.committed))
      expect(await countOf(name)).toBe(outcomes.committed)
    })
  else
    it('single writer: one after the other, each fences the one before', async () => {
      const name = await store.createBuild(projection, [schema])
      const first = await store.openForWriting(name, lease)
      await first.commit([row('a', '1', 1)], at(1))
      await documents.leases.updateMany({}, { $set: { expiresAt: new Date(0).toISOString() } })
      const second = await store.openForWriting(name, lease)
      await expect(first.commit([row('a', 'late', 2)], at(2))).rejects.toThrow(LeaseLost)
      await second.commit([row('a', '2', 2)], at(2))
      await expect(store.openForWriting(name, lease)).rejects.toThrow(LeaseHeld)
      expect(await contents(second)).toEqual([['a', '2']])
    })
})
