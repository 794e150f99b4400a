import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toPosition } from '#libs/event-sourcing'
import { eq, has } from '../filter.js'
import type { CollectionSchema, DocumentWrite, ProjectionWriter } from '../read-store.js'
import { parseSearch } from '../search/search-terms.js'
import { searchTokens } from '../search/search-tokens.js'
import { BuildFile } from './build-file.js'
import type { SqlValue } from './connection.js'
import { openSqliteReadStore, type SqliteReadStore } from './index.js'
import { TextSearch } from './text-search.js'

const search = {
  texts: [{ number: 8, title: 4 }, { notes: 1 }],
  names: ['number'],
  newest: 'openedAt',
} as const
const schema: CollectionSchema = {
  name: 'papers',
  columns: { openedAt: 'timestamp', kind: 'string', owners: 'strings' },
  indexes: [],
  checked: ['kind'],
  search,
}
const ROWS = 4_000

describe('A search in SQLite', () => {
  let folder: string
  let store: SqliteReadStore
  let writer: ProjectionWriter
  let file: BuildFile
  const at = (position: number) => ({ logId: 'l', position: toPosition(position), eventId: 'e' })
  const paper = (n: number, document: object, position = 1): DocumentWrite => ({
    collection: 'papers',
    id: `P${String(n).padStart(5, '0')}`,
    document: { number: `INC${n}`, openedAt: '2016-05-10T09:00:00.000Z', ...document },
    position: toPosition(position),
  })

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'search-'))
    store = openSqliteReadStore({ folder })
    const build = await store.createBuild({ projection: 'papers', version: 1 }, [schema])
    writer = await store.openForWriting(build, { owner: 'test', leaseMilliseconds: 60_000 })
    const papers = Array.from({ length: ROWS }, (_, n) =>
      paper(n, {
        title: `printer of floor ${n % 40}`,
        kind: n % 1000 === 0 ? 'rare' : 'usual',
        owners: n % 2 ? ['ann'] : [],
      }),
    )
    await writer.commit(papers, at(1))
    file = BuildFile.open(join(folder, 'papers-v1-b1.db'), { queryOnly: true })
  })
  afterAll(async () => {
    file.close()
    await store.close()
    rmSync(folder, { recursive: true })
  })

  /** What a question reads: rows per statement, and the steps of their plans. */
  function watched(typed: string, filter: Parameters<typeof eq>[0] | undefined | object, candidates = 50) {
    const { connection } = file
    const reads: { rows: number; plan: string[] }[] = []
    const watching = {
      all: (sql: string, parameters: readonly SqlValue[] = []) => {
        const rows = connection.all(sql, parameters)
        const plan = connection.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, parameters)
        reads.push({ rows: rows.length, plan: plan.map(({ detail }) => detail) })
        return rows
      },
    } as unknown as typeof connection
    const query = { terms: parseSearch(typed), depth: 2, limit: 10, candidates }
    const condition = (filter ?? { kind: 'true' }) as { kind: 'true' }
    const answer = new TextSearch(watching, file.collection('papers'), search, condition, query).run()
    return {
      answer,
      plans: reads.flatMap(({ plan }) => plan),
      rows: reads.reduce((sum, { rows }) => sum + rows, 0),
    }
  }

  it('reads a bounded number of rows, however many match', () => {
    const { answer, rows } = watched('print', undefined)
    expect(answer).toMatchObject({ complete: false, hits: { length: 10 } })
    expect(rows).toBeLessThanOrEqual(150)
    // The newest were looked at
    expect(answer.hits[0]!.id > 'P03800').toBe(true)
  })

  it('reads a bounded number of rows when a filter refuses nearly all of them', () => {
    const { answer, rows } = watched('print', eq('kind', 'rare'))
    expect(answer.complete).toBe(false)
    expect(rows).toBeLessThanOrEqual(400)
  })

  it('looks through the rows of a list alone, when the filter names one', () => {
    const { answer, rows, plans } = watched('print', has('owners', 'ann'))
    expect(answer.complete).toBe(false)
    expect(rows).toBeLessThanOrEqual(101)
    expect(plans.join()).not.toContain('texts_papers')
    expect(watched('print', has('owners', 'nobody')).answer).toEqual({ hits: [], complete: true })
  })

  it('never scans the rows nor sorts hits', () => {
    const { plans } = watched('"floor 17" printer', undefined)
    expect(plans.join('\n')).toMatch(/VIRTUAL TABLE INDEX/)
    expect(plans.filter((step) => /^SCAN rows_papers/.test(step) || step.includes('TEMP B-TREE'))).toEqual([])
  })

  it('writes only what a change adds, and nothing when no text changes', async () => {
    const size = () =>
      file.connection.get<{ bytes: number }>('SELECT sum(length(block)) AS bytes FROM texts_papers_data')!
        .bytes
    const before = size()
    await writer.commit([paper(7, { title: 'printer of floor 7', kind: 'changed' }, 2)], at(2))
    expect(size()).toBe(before)
    const long = { title: 'printer of floor 7', notes: ['xylograph'] }
    await writer.commit([paper(7, long, 3)], at(3))
    const added = searchTokens(search, { notes: ['xylograph'] }).size
    expect(size() - before).toBeLessThan(added * 12 + 200)
    expect(watched('xylo', undefined).answer.hits.map(({ id }) => id)).toEqual(['P00007'])
  })
})
