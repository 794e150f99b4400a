import type { Principal } from '#libs/access'
import { compare, eq, type Filter, or } from '#libs/read-store'
import { appendEvents, InMemoryEventStore, InMemoryReadStore } from '#libs/testing'
import { type AccessRule, defineProjection } from './definitions.js'
import { ProjectionRunner } from './projection-runner.js'
import { ReadModels } from './read-models.js'

interface Note {
  kind: string
  topic: string
}

const open: Filter = eq('kind', 'public')
const mine: Filter = eq('kind', 'ann')
type Access = Partial<Pick<AccessRule<Note>, 'parts' | 'fields'>>

const definition = (access: Access) =>
  defineProjection<Note>({
    name: 'notes',
    version: 1,
    from: ['note-'],
    key: ({ stream }) => stream,
    evolve: (_, { data }) => data as Note,
    columns: { kind: 'string', topic: 'string' },
    indexes: [['kind'], ['topic']],
    rows: () => or(open, mine),
    ...access,
  })

const ann: Principal = { id: 'ann', grants: new Map(), groups: new Set() }

async function notesOf(access: Access = {}) {
  const eventStore = new InMemoryEventStore()
  const readStore = new InMemoryReadStore()
  const definitions = [definition(access)]
  for (const [i, data] of [
    { kind: 'public', topic: 'mail' },
    { kind: 'ann', topic: 'mail' },
    { kind: 'bob', topic: 'mail' },
    { kind: 'public', topic: 'network' },
  ].entries())
    await appendEvents(eventStore, `note-${i}`, [{ type: 'NoteWritten', data }])
  const runner = new ProjectionRunner({ eventStore, readStore, definitions, owner: 'spec', notice: () => {} })
  await runner.start()
  const models = new ReadModels({ eventStore, readStore, definitions })
  const [last] = await eventStore.readStream('note-3', { direction: 'backwards', limit: 1 })
  await models.waitFor('notes', last?.position as string)
  await runner.stop()
  return models.of<Note>('notes')
}

describe('Counts of what a principal may see', () => {
  it.each([
    ['by the rows', undefined],
    ['by disjoint parts of them', [open, mine]],
  ])('are those of the list, %s', async (_, parts) => {
    const notes = await notesOf({ parts: parts && (() => parts) })
    expect((await notes.count({ principal: ann })).count).toBe(3)
    expect((await notes.count({ principal: ann, filter: eq('topic', 'mail') })).count).toBe(2)
    const { groups } = await notes.groupCounts(['topic'], { principal: ann })
    expect(groups.sort((a, b) => b.count - a.count)).toEqual([
      { values: ['mail'], count: 2 },
      { values: ['network'], count: 1 },
    ])
    expect((await notes.list({ principal: ann, pageSize: 9 })).rows).toHaveLength(3)
  })

  it('would be wrong if parts overlapped: they are added up as they are', async () => {
    const notes = await notesOf({ parts: () => [open, compare('kind', '!=', 'bob')] })
    expect((await notes.count({ principal: ann })).count).toBe(5)
  })
})

describe('Fields of all rows', () => {
  const asking = { principal: ann, atMost: 3 }

  it('are those of what the principal may see, and no others', async () => {
    const notes = await notesOf()
    const { documents, position, lag } = await notes.findFields(asking, ['topic'])
    expect(documents).toHaveLength(3)
    expect(documents).toEqual(expect.arrayContaining([{ topic: 'mail' }, { topic: 'network' }]))
    expect(position).toBe((await notes.count({ principal: ann })).position)
    expect(lag).toBe(0)
    const about = await notes.findFields({ ...asking, filter: eq('topic', 'mail') }, ['kind'])
    expect(new Set(about.documents?.map(({ kind }) => kind))).toEqual(new Set(['public', 'ann']))
  })

  it('are not told where there are more than are asked for', async () => {
    const notes = await notesOf()
    const { documents, position } = await notes.findFields({ ...asking, atMost: 2 }, ['topic'])
    expect(documents).toBeUndefined()
    expect(position).toBe((await notes.count({ principal: ann })).position)
  })

  it('are not told where what may be seen of a document depends on the rest of it', async () => {
    const notes = await notesOf({
      fields: ({ kind, topic }) => ({ kind, topic: kind === 'public' ? topic : '' }),
    })
    expect((await notes.findFields(asking, ['topic'])).documents).toBeUndefined()
    const { rows } = await notes.list({ principal: ann, pageSize: 9 })
    expect(rows.map(({ document }) => document.topic).sort()).toEqual(['', 'mail', 'network'])
  })

  it('wait for what the answer must hold at least', async () => {
    const notes = await notesOf()
    const later = '9'.repeat(20)
    const asked = notes.findFields({ ...asking, minPosition: later }, ['topic'])
    await expect(asked).rejects.toMatchObject({ code: 'POSITION.UNKNOWN' })
  })
})
