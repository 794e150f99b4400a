import type { Principal } from '#libs/access'
import { compare, eq, type Filter, or } from '#libs/read-store'
import { appendEvents, InMemoryEventStore, InMemoryReadStore } from '#libs/testing'
import { defineProjection } from './definitions.js'
import { ProjectionRunner } from './projection-runner.js'
import { ReadModels } from './read-models.js'

interface Note {
  kind: string
  topic: string
}

const open: Filter = eq('kind', 'public')
const mine: Filter = eq('kind', 'ann')
const definition = (parts: readonly Filter[] | undefined) =>
  defineProjection<Note>({
    name: 'notes',
    version: 1,
    from: ['note-'],
    key: ({ stream }) => stream,
    evolve: (_, { data }) => data as Note,
    columns: { kind: 'string', topic: 'string' },
    indexes: [['kind'], ['topic']],
    rows: () => or(open, mine),
    parts: parts && (() => parts),
  })

const ann: Principal = { id: 'ann', grants: new Map(), groups: new Set() }

async function notesOf(parts?: readonly Filter[]) {
  const eventStore = new InMemoryEventStore()
  const readStore = new InMemoryReadStore()
  const definitions = [definition(parts)]
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
    const notes = await notesOf(parts)
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
    const notes = await notesOf([open, compare('kind', '!=', 'bob')])
    expect((await notes.count({ principal: ann })).count).toBe(5)
  })
})
