import * as fc from 'fast-check'
import { MongoClient } from 'mongodb'
import { toPosition } from '#libs/event-sourcing'
import { databaseName } from '#libs/mongodb'
import { dropNamespace, freshNamespace, onMongodb } from '../../testing/mongodb-servers.js'
import type { CollectionSchema } from '../read-store.js'
import { BuildDocuments } from './build-documents.js'
import { MongodbMedium } from './mongodb-medium.js'
import { indexesOf, type StoredForm, storedForm, supersedes } from './stored-document.js'

const schema: CollectionSchema = {
  name: 'rows',
  columns: { group: 'string', openedAt: 'timestamp', tags: 'strings', kind: 'string', score: 'number' },
  indexes: [['group', 'openedAt']],
  checked: ['kind'],
  counts: [['group', 'openedAt:day']],
}
const formOf = (document: object | null, position: number, batch = 1, stale = false, id = 'a') =>
  storedForm(schema, { collection: 'rows', id, document, position: toPosition(position), stale }, batch, 0)

describe('A stored document', () => {
  it('has each column as filters and both orders want it', () => {
    expect(formOf({ openedAt: '2016-05-10T09:00:00.000Z', tags: ['x'], 'a.$b': 1 }, 5)).toEqual({
      _id: 'a',
      position: toPosition(5),
      batch: 1,
      deleted: false,
      stale: false,
      c: { group: null, openedAt: '2016-05-10T09:00:00.000Z', tags: ['x'], kind: null, score: null },
      a: { group: new Date(0), openedAt: '2016-05-10T09:00:00.000Z' },
      day: { openedAt: '2016-05-10' },
      json: '{"openedAt":"2016-05-10T09:00:00.000Z","tags":["x"],"a.$b":1}',
    })
  })

  it('has the tokens of its texts where they can be searched, and an index of them', () => {
    const searched: CollectionSchema = {
      ...schema,
      search: { texts: [{ title: 1 }, { notes: 1 }], names: ['title'], newest: 'openedAt' },
    }
    const write = {
      collection: 'rows',
      id: 'a',
      document: { title: 'Mail', notes: ['Fuse'] },
      position: toPosition(1),
    }
    expect((storedForm(searched, write, 1, 0) as { g?: string[] }).g).toEqual([
      'ama',
      'amai',
      'aail',
      'zamail',
      'bfu',
      'bfus',
      'buse',
    ])
    expect(formOf({}, 1)).not.toHaveProperty('g')
    expect(indexesOf(searched).at(-1)).toEqual({ name: 'texts', key: { g: 1, _id: -1 } })
    expect(indexesOf(schema).map(({ name }) => name)).not.toContain('texts')
  })

  it('leaves its position when deleted', () => {
    expect(formOf(null, 5)).toEqual({
      _id: 'a',
      position: toPosition(5),
      batch: 1,
      deleted: true,
      removedAt: new Date(0),
    })
  })

  it('says of no number what JSON cannot', () => {
    expect(formOf({ score: Number.POSITIVE_INFINITY }, 5)).toMatchObject({
      c: { score: null },
      json: '{"score":null}',
    })
  })

  it('holds no bigint and no NUL in its id', () => {
    expect(() => formOf({ score: 1n }, 5)).toThrow(TypeError)
    expect(() => formOf({ other: 1n }, 5)).toThrow(TypeError)
    expect(() => formOf({}, 5, 1, false, 'a\0b')).toThrow(/NUL/)
  })

  it('has indexes for both directions, lists and counts, deletions apart', () => {
    expect(indexesOf(schema).map(({ name, key }) => [name, Object.keys(key)])).toEqual([
      ['ids', ['deleted', '_id']],
      ['ascending_0', ['deleted', 'a.group', 'a.openedAt', '_id']],
      ['descending_0', ['deleted', 'c.group', 'c.openedAt', '_id']],
      ['list_tags', ['deleted', 'c.tags']],
      ['counts_0', ['deleted', 'c.group', 'day.openedAt']],
    ])
  })
})

onMongodb('The guards of MongodbMedium', (server) => {
  const namespace = freshNamespace()
  const client = new MongoClient(server.url)
  const documents = new BuildDocuments(client.db(databaseName(namespace)))
  const medium = new MongodbMedium(documents, 'guards-v1-b1')
  const rows = documents.rows('guards-v1-b1', 'rows')
  afterAll(async () => {
    await client.close()
    await dropNamespace(server, namespace)
  })

  const aForm = fc
    .record({
      position: fc.integer({ min: 1, max: 3 }),
      batch: fc.integer({ min: 1, max: 3 }),
      stale: fc.boolean(),
      document: fc.constantFrom({ group: 'x' }, { group: 'y' }, null),
    })
    .map(({ position, batch, stale, document }) => formOf(document, position, batch, stale))

  it('let through what supersedes what is stored, and nothing else', async () => {
    let verdicts = 0
    await fc.assert(
      fc.asyncProperty(fc.option(aForm), aForm, async (stored, write) => {
        await rows.deleteMany({})
        if (stored) await rows.insertOne(stored)
        await medium.apply([{ collection: 'rows', form: write }])
        const expected: StoredForm = supersedes(write, stored ?? undefined) ? write : (stored as StoredForm)
        expect(await rows.findOne()).toEqual(expected)
        if (stored) verdicts++
      }),
      { numRuns: 150 },
    )
    expect(verdicts).toBeGreaterThan(0)
  })

  it('refuse some writes of many and let the others through', async () => {
    await rows.deleteMany({})
    const form = (id: string, position: number) => formOf({ group: `${position}` }, position, 1, false, id)
    await rows.insertMany([form('late', 9), form('early', 1)])
    const ids = ['late', 'early', 'new', 'later']
    await medium.apply(ids.map((id) => ({ collection: 'rows', form: form(id, 5) })))
    expect((await rows.find().toArray()).map(({ _id, position }) => [_id, Number(position)]).sort()).toEqual([
      ['early', 5],
      ['late', 9],
      ['later', 5],
      ['new', 5],
    ])
  })
})
