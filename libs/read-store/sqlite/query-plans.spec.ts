import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toPosition } from '#libs/event-sourcing'
import { and, compare, eq, type Filter, has, isIn, not, or, startsWith } from '../filter.js'
import { completeOrderBy, cursorAfter } from '../query-rules.js'
import type { CollectionSchema, SortKey } from '../read-store.js'
import { BuildFile } from './build-file.js'
import { BuildQueries, MAX_SORTED_ROWS } from './build-queries.js'
import { CollectionTable } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import { openSqliteReadStore } from './index.js'

const schema: CollectionSchema = {
  name: 'tickets',
  columns: {
    group: 'string',
    state: 'string',
    priority: 'integer',
    openedAt: 'timestamp',
    caller: 'string',
    followUpAt: 'timestamp',
    watchers: 'strings',
    title: 'string',
  },
  indexes: [
    ['group', 'state', 'priority', 'openedAt'],
    ['group', 'priority', 'openedAt'],
    ['priority', 'openedAt'],
    ['state', 'openedAt'],
    ['openedAt'],
    ['caller', 'openedAt', 'state', 'group'],
    ['followUpAt'],
  ],
  counts: [['state', 'priority', 'openedAt:day']],
}
const ROWS = 6_000
const STATES = ['new', 'active', 'resolved', 'closed']
const openedAt = (i: number) => new Date(1_460_000_000_000 + i * 60_000).toISOString()
const asc = (...columns: string[]): SortKey[] => columns.map((column) => ({ column, direction: 'asc' }))
const desc = (...columns: string[]): SortKey[] => columns.map((column) => ({ column, direction: 'desc' }))

/** Steps of the plans of all statements that a question ran. */
type Plan = string[]
interface Statement {
  sql: string
  parameters: readonly SqlValue[]
}
const ofTickets = (statements: readonly Statement[]) =>
  statements.filter(({ sql }) => sql.includes('rows_tickets'))
/** Reads every row, or sorts what no index gave in order. */
const isExpensive = (step: string) => /^SCAN (rows_tickets|r)$/.test(step) || step.includes('TEMP B-TREE')

describe('What SQLite does for a page', () => {
  let folder: string
  let file: BuildFile
  let queries: BuildQueries

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plans-'))
    const store = openSqliteReadStore({ folder })
    const build = await store.createBuild({ projection: 'plans', version: 1 }, [schema])
    const writer = await store.openForWriting(build, {
      owner: 't',
      leaseMilliseconds: 10_000,
      bulkLoad: true,
    })
    await writer.commit(
      Array.from({ length: ROWS }, (_, i) => ({
        collection: 'tickets',
        id: `T${i}`,
        document: {
          group: `group ${i % 3}`,
          state: STATES[i % 4],
          priority: 1 + ((i * 7) % 5),
          openedAt: openedAt(i),
          caller: `user ${i % 500}`,
          followUpAt: i % 3 === 0 ? openedAt(i) : null,
          watchers: i % 100 === 0 ? ['ann'] : [],
          title: `Ticket ${i}`,
        },
        position: toPosition(1),
      })),
      { logId: 'l', position: toPosition(1), eventId: 'e' },
    )
    await writer.finishBulkLoad()
    await store.close()
    file = BuildFile.open(join(folder, 'plans-v1-b1.db'), {})
    queries = new BuildQueries(file, MAX_SORTED_ROWS)
  })
  afterAll(() => {
    file.close()
    rmSync(folder, { recursive: true })
  })

  const ordered: [string, Filter | undefined, SortKey[]][] = [
    ['everything by id', undefined, []],
    ['everything by time', undefined, desc('openedAt')],
    ['everything by priority and time', undefined, asc('priority', 'openedAt')],
    ['mixed directions', undefined, [...asc('priority'), ...desc('openedAt')]],
    ['the other mix', undefined, [...desc('priority'), ...asc('openedAt')]],
    ['a column with nulls', undefined, asc('followUpAt')],
    ['a column with nulls, downwards', undefined, desc('followUpAt')],
    ['a queue', eq('group', 'group 1'), asc('priority', 'openedAt')],
    [
      'the open tickets of a queue',
      and(eq('group', 'group 1'), isIn('state', ['new', 'active'])),
      asc('priority', 'openedAt'),
    ],
    [
      'the same as a choice written out',
      and(or(eq('state', 'new'), eq('state', 'active')), eq('group', 'group 1')),
      [...asc('priority'), ...desc('openedAt')],
    ],
    ['several queues', isIn('group', ['group 0', 'group 2']), asc('priority', 'openedAt')],
    ['one state by time', eq('state', 'closed'), desc('openedAt')],
    [
      'a span of time',
      and(compare('openedAt', '>=', openedAt(10)), compare('openedAt', '<', openedAt(5_000))),
      asc('openedAt'),
    ],
    ['a prefix of time', startsWith('openedAt', '2016-04'), desc('openedAt')],
    ['what is not in one state, by time', not(eq('state', 'closed')), asc('openedAt')],
    ['one of many states by another order', eq('state', 'new'), asc('priority', 'openedAt')],
  ]

  it.each(ordered)('reads %s off an index, page by page', (_name, filter, asked) => {
    const orderBy = completeOrderBy(schema, filter, asked)
    let after: ReturnType<typeof cursorAfter> | undefined
    for (let page = 0; page < 3; page++) {
      const { rows, plan } = explain(() =>
        queries.find<object>('tickets', { filter, orderBy, limit: 50, after }),
      )
      expect(plan.filter(isExpensive)).toEqual([])
      expect(rows).toHaveLength(50)
      after = cursorAfter(orderBy, rows.at(-1) as { id: string; document: object })
    }
  })

  it('enters the index at the cursor and at the bound, wherever they stand', () => {
    const filter = compare('openedAt', '>=', openedAt(10))
    const after = { id: 'T4000', values: [openedAt(4_000)] }
    const { rows, plan } = explain(() =>
      queries.find('tickets', { filter, orderBy: asc('openedAt'), limit: 50, after }),
    )
    expect(rows[0]?.id).toBe('T4001')
    expect(plan).toContain('SEARCH rows_tickets USING INDEX by_tickets_4 (c_openedAt>?)')
  })

  it('passes over nothing on its way to the cursor', () => {
    const filter = compare('openedAt', '>=', openedAt(10))
    const after = { id: 'T5900', values: [openedAt(5_900)] }
    const { statements } = explain(() =>
      queries.find('tickets', { filter, orderBy: asc('openedAt'), limit: 2, after }),
    )
    const walks = statements.filter(({ sql }) => sql.includes('INDEXED BY'))
    expect(walks.length).toBeGreaterThan(0)
    // Given both bounds, SQLite might enter by the filter's, and visit 5,900 entries more; a `+` keeps it from that
    for (const { sql, parameters } of walks) {
      expect(sql.match(/(?<!\+)"c_openedAt" (>=?|=) \?/g)).toHaveLength(1)
      expect(parameters[0]).toBe(openedAt(5_900))
    }
  })

  it('fills a page by a few index entries more when most rows satisfy what is left of the filter', () => {
    const filter = and(eq('group', 'group 1'), or(not(eq('state', 'closed')), has('watchers', 'ann')))
    const { rows, statements } = explain(() =>
      queries.find<{ group: string; state: string }>('tickets', {
        filter,
        orderBy: asc('priority', 'openedAt'),
        limit: 40,
      }),
    )
    expect(rows.every(({ document }) => document.group === 'group 1' && document.state !== 'closed')).toBe(
      true,
    )
    expect(ofTickets(statements)).toHaveLength(1)
  })

  it('is done where the rows of an order end, if there are fewer than a page', () => {
    const filter = and(compare('openedAt', '>', openedAt(5_979)), not(eq('state', 'closed')))
    const { rows, statements } = explain(() =>
      queries.find('tickets', { filter, orderBy: asc('openedAt'), limit: 50 }),
    )
    expect(rows).toHaveLength(15)
    expect(statements.some(({ sql }) => sql.includes('count(*)'))).toBe(false)
  })

  it('goes on from the last row found where enough of those before it were of the page', () => {
    const filter = not(isIn('priority', [3, 4, 5]))
    const find = (limit: number) =>
      queries.find<object>('tickets', { filter, orderBy: desc('openedAt'), limit })
    const { rows, statements } = explain(() => find(50))
    expect(rows).toEqual(find(ROWS).slice(0, 50))
    const walks = ofTickets(statements).filter(({ sql }) => sql.includes('fits'))
    expect(walks.length).toBeGreaterThan(1)
    expect(walks.at(-1)?.parameters).toContainEqual(expect.stringMatching(/^2016-/))
  })

  it('turns to a narrower way when most of a page was found at once, and the rest is nowhere near', () => {
    const filter = compare('followUpAt', '<', openedAt(120))
    const { rows, statements } = explain(() =>
      queries.find('tickets', { filter, orderBy: asc('openedAt'), limit: 45 }),
    )
    expect(rows).toHaveLength(40)
    expect(ofTickets(statements).length).toBeLessThan(10)
    expect(ofTickets(statements).at(-2)?.sql).toMatch(/by_tickets_6/)
  })

  it('walks no entry more than a few times, however few rows are missing', () => {
    const filter = or(compare('openedAt', '<', openedAt(49)), compare('openedAt', '>', openedAt(5_900)))
    const { rows, statements } = explain(() =>
      queries.find<object>('tickets', {
        filter: and(filter, not(eq('caller', 'nobody'))),
        orderBy: asc('openedAt'),
        limit: 50,
      }),
    )
    expect(rows).toHaveLength(50)
    expect(ofTickets(statements).length).toBeLessThan(16)
  })

  it('turns to a narrower way when few of those before it were', () => {
    const filter = and(compare('followUpAt', '<', openedAt(30)), not(eq('state', 'new')))
    const { rows, statements } = explain(() =>
      queries.find<object>('tickets', { filter, orderBy: desc('openedAt'), limit: 50 }),
    )
    expect(rows.map(({ id }) => id)).toEqual(['T27', 'T21', 'T18', 'T15', 'T9', 'T6', 'T3'])
    expect(ofTickets(statements).at(-1)?.sql).toMatch(/by_tickets_6/)
  })

  it('finds the rows of a choice over several columns by the index of each', () => {
    const rule = or(eq('caller', 'user 6'), has('watchers', 'ann'))
    const { rows, plan } = explain(() =>
      queries.find('tickets', {
        filter: and(rule, not(eq('state', 'closed'))),
        orderBy: desc('openedAt'),
        limit: 100,
      }),
    )
    expect(rows).toHaveLength(ROWS / 500 + ROWS / 100)
    expect(plan.filter(isExpensive)).toEqual([])
    expect(plan.join()).toMatch(/by_tickets_5/)
    expect(plan.join()).toMatch(/SEARCH l USING PRIMARY KEY/)
  })

  const ONE_EACH = and(
    compare('openedAt', '<=', openedAt(3_000)),
    compare('openedAt', '>', openedAt(2_500)),
    isIn('state', STATES),
  )
  it.each([
    ['all callers', ONE_EACH, 500],
    ['some callers', and(ONE_EACH, isIn('caller', ['user 7', 'user 4', 'nobody'])), 2],
    ['one caller', and(ONE_EACH, eq('caller', 'user 7')), 1],
  ])('enters the index where the one row of each caller is, for %s', (_name, filter, count) => {
    const orderBy = asc('caller')
    const { rows, plan, statements } = explain(() =>
      queries.find<{ openedAt: string }>('tickets', { filter, orderBy, limit: 600, onePer: 'caller' }),
    )
    expect(rows).toHaveLength(count)
    expect(rows).toEqual(queries.find('tickets', { filter, orderBy: asc('caller', 'openedAt'), limit: 600 }))
    expect(ofTickets(statements)).toHaveLength(1)
    expect(plan.filter(isExpensive)).toEqual([])
    expect(plan.join()).toMatch(
      /SEARCH rows_tickets USING (COVERING )?INDEX by_tickets_5 \(c_caller=\? AND c_openedAt>\? AND c_openedAt<\?\)/,
    )
  })

  describe('for fields of all rows', () => {
    const standing = and(compare('openedAt', '<=', openedAt(5_000)), not(eq('state', 'closed')))
    const callers = isIn('caller', ['user 4', 'user 8', 'nobody'])
    const chosen = or(callers, eq('followUpAt', openedAt(96)))
    const atMost = 1_000
    const COVERED =
      /^SEARCH rows_tickets USING COVERING INDEX by_tickets_5 \(c_caller=\? AND c_openedAt<\?\)$/
    const stepsIn = (plan: Plan) => plan.filter((step) => step.includes('rows_tickets'))

    it('reads them off the index that has them all, in the pass that counts the candidates', () => {
      const query = { filter: and(callers, standing), atMost }
      const { rows, plan, statements } = explain(() =>
        queries.findFields('tickets', query, ['caller', 'group']),
      )
      expect(rows).toHaveLength(20)
      expect(ofTickets(statements)).toHaveLength(1)
      expect(stepsIn(plan)).toEqual([expect.stringMatching(COVERED)])
    })

    it('enters it once for each key of which there is one row', () => {
      const one = and(callers, eq('state', 'new'), compare('openedAt', '<=', openedAt(10)))
      const query = { filter: one, atMost, onePer: 'caller' }
      const { rows, plan, statements } = explain(() =>
        queries.findFields('tickets', query, ['caller', 'group']),
      )
      expect(rows).toEqual([
        { caller: 'user 4', group: 'group 1' },
        { caller: 'user 8', group: 'group 2' },
      ])
      expect(ofTickets(statements)).toHaveLength(1)
      expect(stepsIn(plan)).toEqual([expect.stringMatching(COVERED)])
    })

    it('finds those of a choice by the index of each, and tells what several find once', () => {
      const filter = and(chosen, compare('openedAt', '<=', openedAt(5_000)))
      const { rows, plan } = explain(() =>
        queries.findFields('tickets', { filter, atMost }, ['caller', 'group']),
      )
      expect(rows).toHaveLength(21)
      expect(stepsIn(plan).map((step) => /by_tickets_\d/.exec(step)?.[0])).toEqual([
        'by_tickets_5',
        'by_tickets_6',
      ])
      expect(plan.filter(isExpensive)).toEqual([])
      const both = or(callers, eq('followUpAt', openedAt(504)))
      const found = queries.findFields<object>('tickets', { filter: both, atMost }, ['caller'])
      expect(found).toHaveLength(24)
    })

    it('looks at no more candidates than may be', () => {
      const query = { filter: and(eq('group', 'group 1'), eq('state', 'new')), atMost: 400 }
      expect(queries.findFields('tickets', query, ['caller'])).toBeUndefined()
      expect(queries.findFields('tickets', { ...query, atMost: 600 }, ['caller'])).toHaveLength(500)
      expect(queries.findFields('tickets', { atMost: ROWS - 1 }, ['caller'])).toBeUndefined()
      expect(queries.findFields('tickets', { atMost: ROWS }, ['caller'])).toHaveLength(ROWS)
    })

    it('would be noticed if a field had to be read elsewhere', () => {
      const query = { filter: and(callers, standing), atMost }
      const { plan } = explain(() => queries.findFields('tickets', query, ['caller', 'priority']))
      expect(stepsIn(plan)).not.toEqual([expect.stringMatching(COVERED)])
    })
  })

  it('counts an open-ended span only where what is named is not narrow', () => {
    const counted = (filter: Filter) => {
      const { rows, statements } = explain(() => queries.find('tickets', { filter, orderBy: [], limit: 100 }))
      const counts = statements.filter(({ sql }) => sql.includes('count(*)'))
      return { rows: rows.length, span: counts.some(({ sql }) => sql.includes('by_tickets_4')) }
    }
    const named = isIn('caller', ['user 7', 'user 4'])
    expect(counted(and(named, compare('openedAt', '<=', openedAt(5_000))))).toEqual({ rows: 20, span: false })
    const wide = eq('group', 'group 1')
    expect(counted(and(wide, compare('openedAt', '>', openedAt(5_979))))).toEqual({ rows: 7, span: true })
  })

  it('orders rows that an index tells apart by it alone, without their ids', () => {
    const parts: CollectionSchema = { ...schema, name: 'parts', unique: ['caller', 'openedAt'] }
    const apart = new CollectionTable(parts).createIndexes()
    const alike = new CollectionTable({ ...parts, unique: undefined }).createIndexes()
    expect(apart.filter((index) => !index.includes(', id)'))).toEqual([
      expect.stringContaining('("c_caller", "c_openedAt", "c_state", "c_group")'),
    ])
    expect(alike.every((index) => index.includes(', id)'))).toBe(true)
  })

  it('answers counts that are kept from their table alone', () => {
    const { plan } = explain(() =>
      queries.groupCounts('tickets', ['priority', 'openedAt:day'], eq('state', 'new')),
    )
    expect(plan.join()).toMatch(/counts_tickets_0/)
    expect(plan.join()).not.toMatch(/rows_tickets/)
    expect(queries.count('tickets', eq('state', 'new'))).toBe(ROWS / 4)
  })

  it('would be noticed if it read every row, or sorted', () => {
    const all = (sql: string) => explain(() => file.connection.all(sql)).plan
    expect(all('SELECT * FROM rows_tickets WHERE c_title = 1').some(isExpensive)).toBe(true)
    expect(all('SELECT * FROM rows_tickets ORDER BY c_priority, c_openedAt DESC').some(isExpensive)).toBe(
      true,
    )
    expect(
      all('SELECT * FROM rows_tickets ORDER BY c_priority NULLS LAST, c_openedAt NULLS LAST').some(
        isExpensive,
      ),
    ).toBe(true)
  })

  /** Runs a question and explains each statement that it ran. */
  function explain<T>(ask: () => T): { rows: T; plan: Plan; statements: Statement[] } {
    const ran: Statement[] = []
    const { all, lists, get } = file.connection
    const watch =
      <F extends Connection['all'] | Connection['lists'] | Connection['get']>(method: F) =>
      (sql: string, parameters: readonly SqlValue[] = []) => {
        ran.push({ sql, parameters })
        return method.call(file.connection, sql, parameters)
      }
    Object.assign(file.connection, { all: watch(all), lists: watch(lists), get: watch(get) })
    const rows = ask()
    Object.assign(file.connection, { all, lists, get })
    const plan = ran.flatMap(({ sql, parameters }) =>
      /^(SELECT|WITH) /.test(sql)
        ? file.connection
            .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, parameters)
            .map(({ detail }) => detail)
        : [],
    )
    return { rows, plan, statements: ran }
  }
})
