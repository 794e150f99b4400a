import fc from 'fast-check'
import { LOG_START, toPosition } from '#libs/event-sourcing'
import { recordSuite } from '../testing/suite-record.js'
import {
  all,
  and,
  compare,
  compareRows,
  completeOrderBy,
  cursorAfter,
  eq,
  type Filter,
  HitCollector,
  has,
  hitCursor,
  isIn,
  matches,
  not,
  or,
  parseSearch,
  startsWith,
  type TextHit,
  type TextQuery,
} from './index.js'
import {
  type BuildName,
  type Checkpoint,
  type CollectionSchema,
  type DocumentWrite,
  LeaseHeld,
  LeaseLost,
  type ProjectionReader,
  type ProjectionWriter,
  type ReadStore,
  type SortKey,
  type StoredDocument,
} from './read-store.js'

/** What a contract run needs of an adapter. */
export interface ReadStoreUnderTest {
  /** Another client of the same read models: another thread's or process's. */
  open(): Promise<ReadStore>
  /** What it runs on, with the version. */
  server: string
  /** Removes everything, after all clients were closed. */
  destroy(): Promise<void>
}

interface Ticket {
  group: string | null
  state: string
  priority: number | null
  openedAt: string
  vip?: boolean | null
  score: number | null
  watchers: string[]
  title: string
}

const tickets: CollectionSchema = {
  name: 'tickets',
  columns: {
    group: 'string',
    state: 'string',
    priority: 'integer',
    openedAt: 'timestamp',
    vip: 'boolean',
    score: 'number',
    watchers: 'strings',
    title: 'string',
  },
  indexes: [
    ['group', 'state', 'priority', 'openedAt'],
    ['group', 'priority', 'openedAt'],
    ['priority', 'openedAt'],
    ['state', 'openedAt'],
    ['openedAt'],
    ['vip', 'score'],
    ['score'],
  ],
  counts: [
    ['state', 'priority', 'openedAt:day'],
    ['group', 'state'],
  ],
}
const notes: CollectionSchema = {
  name: 'notes',
  columns: { ticket: 'string', kind: 'string' },
  indexes: [['ticket']],
  checked: ['kind'],
}
/** Texts for everybody, and others for the desk alone. */
const papers: CollectionSchema = {
  name: 'papers',
  columns: { visibleTo: 'strings', state: 'string', openedAt: 'timestamp' },
  indexes: [],
  checked: ['state'],
  search: {
    texts: [{ number: 8, title: 4, comments: 1 }, { notes: 1 }],
    names: ['number'],
    newest: 'openedAt',
  },
}
/** What things were called, and when: of one thing's names one at most stands at a time. */
const names: CollectionSchema = {
  name: 'names',
  columns: { thing: 'string', since: 'timestamp', until: 'timestamp', kind: 'string' },
  indexes: [['since'], ['thing', 'since', 'until']],
  checked: ['kind'],
}
/** Parts of two axes of time, of which no two begin alike. */
const parts: CollectionSchema = {
  name: 'parts',
  columns: { of: 'string', from: 'instant', knownFrom: 'position', knownUntil: 'position' },
  indexes: [
    ['of', 'from', 'knownFrom', 'knownUntil'],
    ['knownFrom', 'from'],
  ],
  unique: ['from', 'knownFrom'],
}
const schemas = [tickets, notes, papers, names, parts]

const at = (position: number, logId = 'log-1'): Checkpoint => ({
  logId,
  position: toPosition(position),
  eventId: `event-${position}`,
})
const put = (id: string, document: object, position: number, stale = false): DocumentWrite => ({
  collection: 'tickets',
  id,
  document,
  position: toPosition(position),
  stale,
})
const remove = (id: string, position: number): DocumentWrite => ({
  collection: 'tickets',
  id,
  document: null,
  position: toPosition(position),
})
const ticket = (fields: Partial<Ticket> = {}): Ticket => ({
  group: 'network',
  state: 'new',
  priority: 3,
  openedAt: '2016-05-10T09:00:00.000Z',
  score: 0,
  watchers: [],
  title: 'Printer on fire',
  ...fields,
})

const ticketArbitrary: fc.Arbitrary<Ticket> = fc.record({
  group: fc.constantFrom('network', 'desk', 'dé😀k', '\uffff', '😀', '', null),
  state: fc.constantFrom('new', 'active', 'closed'),
  priority: fc.constantFrom(1, 2, 3, null),
  openedAt: fc
    .integer({ min: 0, max: 5 })
    .map((n) => new Date(Date.UTC(2016, 4, 10 + Math.floor(n / 2), n)).toISOString()),
  vip: fc.constantFrom(true, false, null, undefined),
  score: fc.constantFrom(-1.5, 0, 2, 1e20, null),
  watchers: fc.uniqueArray(fc.constantFrom('ann', 'bob', 'cid'), { maxLength: 2 }),
  title: fc.constantFrom('a', 'ab', 'b', '\u{ffff}', '\u{10ffff}x'),
})

const onHour = (hour: number) => new Date(Date.UTC(2016, 4, 10, hour)).toISOString()
const THINGS = ['a', 'dé😀k', '\uffff', '😀', '', null]
/** Names of one thing that follow each other, some of them left out. */
const namesArbitrary = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 7 }),
    fc.infiniteStream(fc.constantFrom('host', 'group', undefined)),
  )
  .map(([hours, kinds]) =>
    [...hours].sort().flatMap((since, i, all) => {
      const kind = kinds.next().value as string | undefined
      return kind ? [{ since: onHour(since), until: onHour(all[i + 1] ?? 10), kind }] : []
    }),
  )

const conditionArbitrary: fc.Arbitrary<Filter> = fc.oneof(
  fc
    .tuple(fc.constantFrom('=', '!=', '<', '<=', '>', '>='), fc.constantFrom(1, 2, 3, null))
    .map(([op, value]) => compare('priority', op as '=', value)),
  fc
    .tuple(fc.constantFrom('=', '!=', '<', '>='), fc.constantFrom('network', 'desk', 'dé😀k', '', null))
    .map(([op, value]) => compare('group', op as '=', value)),
  fc.constantFrom(true, false, null).map((value) => eq('vip', value)),
  fc.constantFrom(-1.5, 0, 2).map((value) => compare('score', '>', value)),
  fc
    .integer({ min: 9, max: 13 })
    .map((day) => compare('openedAt', '>=', new Date(Date.UTC(2016, 4, day)).toISOString())),
  fc.subarray(['new', 'active', 'closed']).map((states) => isIn('state', states)),
  fc.subarray(['network', null, '']).map((groups) => isIn('group', groups)),
  fc.constantFrom('', 'd', 'dé', 'dé😀', 'x').map((prefix) => startsWith('group', prefix)),
  fc.constantFrom('ann', 'bob', 'nobody').map((name) => has('watchers', name)),
)
const { filter: filterArbitrary } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    conditionArbitrary,
    fc.constantFrom(all, not(all)),
    fc.array(tie('filter'), { maxLength: 3 }).map((filters) => and(...filters)),
    fc.array(tie('filter'), { maxLength: 3 }).map((filters) => or(...filters)),
    tie('filter').map(not),
  ),
}))
const orders: SortKey[][] = [
  [],
  ...tickets.indexes.flatMap((columns) =>
    [[], ['asc'], ['desc'], ['asc', 'desc'], ['desc', 'asc'], ['desc', 'desc'], ['asc', 'asc', 'desc', 'asc']]
      .filter((directions) => directions.length > 0 && directions.length <= columns.length)
      .map((directions) =>
        directions.map((direction, i) => ({
          column: columns[i] as string,
          direction: direction as 'asc' | 'desc',
        })),
      ),
  ),
]

/** Columns that are read alone: every type that may be. */
const FIELDS = ['group', 'priority', 'vip', 'openedAt', 'title']

function onlyFields({ document }: StoredDocument<object>, fields: readonly string[] = FIELDS): object {
  const values = Object.entries(document).filter(([name, value]) => fields.includes(name) && value !== null)
  return Object.fromEntries(values)
}

/** In one order, whatever order they came in. */
const inOneOrder = (documents: readonly object[]) =>
  documents.map((document) => JSON.stringify(Object.entries(document).sort())).sort()

/** The promises of the ReadStore port, run against an adapter. */
export function readStoreContract(name: string, setUp: () => Promise<ReadStoreUnderTest>): void {
  const title = `${name} as a ReadStore`
  describe(title, () => {
    let system: ReadStoreUnderTest
    let store: ReadStore
    let other: ReadStore

    beforeEach(async () => {
      system = await setUp()
      store = await system.open()
      other = await system.open()
    })
    afterEach(async () => {
      await store.close()
      await other.close()
      await system.destroy()
    })
    recordSuite(title, () => ({ adapter: store, server: system.server }))

    const writing = (build: BuildName, options = {}): Promise<ProjectionWriter> =>
      store.openForWriting(build, { owner: 'test', leaseMilliseconds: 10_000, ...options })
    const newWriter = async (options = {}): Promise<ProjectionWriter> =>
      writing(await store.createBuild({ projection: 'work_queue', version: 1 }, schemas), options)

    describe('documents', () => {
      it('are written with the checkpoint and read by id, by another client too', async () => {
        const writer = await newWriter()
        expect(await writer.checkpoint()).toBeUndefined()
        await writer.commit([put('T1', ticket(), 5, true), put('T2', ticket({ title: 'x' }), 6)], at(7))
        const reader = (await other.liveReader('work_queue')) as ProjectionReader
        expect(await reader.checkpoint()).toEqual(at(7))
        expect(await reader.get('tickets', 'T1')).toEqual({
          id: 'T1',
          position: toPosition(5),
          document: ticket(),
          stale: true,
        })
        const many = await reader.getMany('tickets', ['T2', 'T3', 'T1', 'T2'])
        expect([...many.keys()].sort()).toEqual(['T1', 'T2'])
        expect(await reader.get('tickets', 'T3')).toBeUndefined()
      })

      it('are replaced and deleted by later positions only', async () => {
        const writer = await newWriter()
        await writer.commit([put('T1', ticket({ title: 'second' }), 5)], at(5))
        await writer.commit([put('T1', ticket({ title: 'first' }), 4), remove('T1', 5)], at(6))
        expect((await writer.get<Ticket>('tickets', 'T1'))?.document.title).toBe('second')
        await writer.commit(
          [put('T1', ticket({ state: 'closed' }), 5), put('T1', ticket({ watchers: ['ann'] }), 4)],
          at(6),
        )
        expect(await writer.count('tickets', eq('state', 'new'))).toBe(1)
        expect(await writer.count('tickets', has('watchers', 'ann'))).toBe(0)
        await writer.commit([put('T1', ticket({ state: 'closed' }), 4)], at(6))
        expect(await writer.count('tickets', eq('state', 'closed'))).toBe(0)
        await writer.commit([remove('T1', 7), remove('T9', 7)], at(7))
        expect(await writer.get('tickets', 'T1')).toBeUndefined()
        await writer.commit([put('T1', ticket({ title: 'again' }), 8)], at(8))
        expect((await writer.get<Ticket>('tickets', 'T1'))?.document.title).toBe('again')
      })

      it('turn stale and fresh again at the same position', async () => {
        const writer = await newWriter()
        await writer.commit([put('T1', ticket(), 5)], at(5))
        await writer.commit([put('T1', ticket(), 5, true)], at(6))
        expect((await writer.get('tickets', 'T1'))?.stale).toBe(true)
        await writer.commit([put('T1', ticket(), 5)], at(6))
        expect((await writer.get('tickets', 'T1'))?.stale).toBe(false)
      })

      it('of a batch that comes twice stay as they were after the first time', async () => {
        const writer = await newWriter()
        const first: DocumentWrite[] = [put('T1', ticket(), 1), put('T2', ticket(), 1)]
        await writer.commit(first, at(1))
        await writer.commit([remove('T1', 2), put('T2', ticket({ state: 'closed' }), 2)], at(2))
        await writer.commit(first, at(1))
        expect(await writer.get('tickets', 'T1')).toBeUndefined()
        expect((await writer.get<Ticket>('tickets', 'T2'))?.document.state).toBe('closed')
        expect(await writer.checkpoint()).toEqual(at(2))
      })

      it('written twice in one batch have the last content', async () => {
        const writer = await newWriter()
        await writer.commit(
          [put('T1', ticket({ title: 'a' }), 1), put('T1', ticket({ title: 'b' }), 1)],
          at(1),
        )
        expect((await writer.get<Ticket>('tickets', 'T1'))?.document.title).toBe('b')
        expect(await writer.count('tickets')).toBe(1)
      })

      it('are changed by the hundreds in one batch', async () => {
        const writer = await newWriter()
        const all = (state: string, position: number) =>
          Array.from({ length: 250 }, (_, n) => put(`T${n}`, ticket({ state }), position))
        await writer.commit(all('new', 1), at(1))
        await writer.commit(all('closed', 2), at(2))
        expect(await writer.count('tickets', eq('state', 'closed'))).toBe(250)
      })

      it('are all left alone when one breaks the schema', async () => {
        const writer = await newWriter()
        const broken = { ...ticket(), priority: 'high' }
        await expect(writer.commit([put('T1', ticket(), 1), put('T2', broken, 1)], at(1))).rejects.toThrow(
          /priority/,
        )
        expect(await writer.get('tickets', 'T1')).toBeUndefined()
        expect(await writer.checkpoint()).toBeUndefined()
      })

      it('of two collections do not mix', async () => {
        const writer = await newWriter()
        await writer.commit(
          [
            put('X', ticket(), 1),
            { collection: 'notes', id: 'X', document: { ticket: 'T1' }, position: toPosition(1) },
          ],
          at(1),
        )
        expect((await writer.get('notes', 'X'))?.document).toEqual({ ticket: 'T1' })
        expect(
          await writer.find('notes', { filter: eq('ticket', 'T1'), orderBy: [], limit: 9 }),
        ).toHaveLength(1)
      })

      it('keep every character of their texts', async () => {
        const writer = await newWriter()
        const title = 'a\u0000b "quoted" \\ \u2028 😀 \u{10ffff}'
        await writer.commit([put('T "1" 😀', ticket({ title }), 1)], at(1))
        expect((await writer.get<Ticket>('tickets', 'T "1" 😀'))?.document.title).toBe(title)
      })
    })

    describe('questions', () => {
      const row = (id: string, fields: Partial<Ticket>) => put(id, ticket(fields), 1)
      const ask = async (
        reader: ProjectionReader,
        filter: Filter | undefined,
        orderBy: SortKey[] = [],
        limit = 100,
      ) => (await reader.find('tickets', { filter, orderBy, limit })).map(({ id }) => id)

      it('sort nulls last in both directions, ties by id in the direction of the last key', async () => {
        const writer = await newWriter()
        await writer.commit(
          [
            row('a', { priority: null }),
            row('b', { priority: 1 }),
            row('c', { priority: 1 }),
            row('d', { priority: 2 }),
          ],
          at(1),
        )
        const by = (direction: 'asc' | 'desc') => ask(writer, all, [{ column: 'priority', direction }])
        expect(await by('asc')).toEqual(['b', 'c', 'd', 'a'])
        expect(await by('desc')).toEqual(['d', 'c', 'b', 'a'])
        expect(await ask(writer, undefined)).toEqual(['a', 'b', 'c', 'd'])
      })

      it('combine a row rule over several columns with a filter', async () => {
        const writer = await newWriter()
        await writer.commit(
          [
            row('mine', { watchers: ['ann', 'bob'], group: 'desk', state: 'active' }),
            row('ours', { group: 'network', state: 'active' }),
            row('theirs', { group: 'desk', state: 'active' }),
            row('done', { watchers: ['ann'], group: 'network', state: 'closed' }),
          ],
          at(1),
        )
        const rule = or(has('watchers', 'ann'), eq('group', 'network'))
        const found = await ask(writer, and(rule, eq('state', 'active')), [
          { column: 'openedAt', direction: 'desc' },
        ])
        expect(found).toEqual(['ours', 'mine'])
        expect(await writer.count('tickets', and(rule, eq('state', 'active')))).toBe(2)
      })

      it('test a checked column row by row, but do not sort by it', async () => {
        const writer = await newWriter()
        const note = (id: string, kind?: string) => ({
          collection: 'notes',
          id,
          document: { ticket: 'T1', kind },
          position: toPosition(1),
        })
        await writer.commit([note('a', 'public'), note('b', 'internal'), note('c')], at(1))
        const found = await writer.find('notes', {
          filter: and(eq('ticket', 'T1'), eq('kind', 'internal')),
          orderBy: [],
          limit: 9,
        })
        expect(found.map(({ id }) => id)).toEqual(['b'])
        expect(await writer.count('notes', compare('kind', '!=', 'public'))).toBe(2)
        await expect(
          writer.find('notes', { orderBy: [{ column: 'kind', direction: 'asc' }], limit: 1 }),
        ).rejects.toMatchObject({ code: 'QUERY.NOT_INDEXED' })
      })

      it('are refused, naming what may be asked, when no index answers them', async () => {
        const writer = await newWriter()
        const asking = (filter: Filter | undefined, column?: string) =>
          writer.find('tickets', { filter, orderBy: column ? [{ column, direction: 'asc' }] : [], limit: 1 })
        await expect(asking(eq('title', 'x'))).rejects.toMatchObject({ code: 'QUERY.NOT_INDEXED' })
        await expect(asking(eq('title', 'x'))).rejects.toThrow(/group, state, priority/)
        await expect(asking(not(eq('colour', 'x')))).rejects.toMatchObject({ code: 'QUERY.UNKNOWN_FIELD' })
        await expect(asking(eq('__proto__', 'x'))).rejects.toMatchObject({ code: 'QUERY.UNKNOWN_FIELD' })
        await expect(asking(eq('priority', 'x'))).rejects.toMatchObject({ code: 'QUERY.WRONG_TYPE' })
        await expect(asking(eq('watchers', 'x'))).rejects.toMatchObject({ code: 'QUERY.WRONG_TYPE' })
        await expect(asking(has('group', 'x'))).rejects.toMatchObject({ code: 'QUERY.WRONG_TYPE' })
        await expect(asking(undefined, 'title')).rejects.toMatchObject({ code: 'QUERY.NOT_INDEXED' })
        await expect(asking(undefined, 'watchers')).rejects.toMatchObject({ code: 'QUERY.NOT_INDEXED' })
        await expect(asking(undefined, 'colour')).rejects.toMatchObject({ code: 'QUERY.UNKNOWN_FIELD' })
        await expect(
          writer.find('tickets', {
            orderBy: [
              { column: 'openedAt', direction: 'asc' },
              { column: 'priority', direction: 'asc' },
            ],
            limit: 1,
          }),
        ).rejects.toMatchObject({ code: 'QUERY.NOT_INDEXED' })
        await expect(writer.count('tickets', eq('title', 'x'))).rejects.toMatchObject({
          code: 'QUERY.NOT_INDEXED',
        })
        await expect(writer.groupCounts('tickets', ['title'])).rejects.toMatchObject({
          code: 'QUERY.NOT_INDEXED',
        })
        await expect(writer.groupCounts('tickets', ['colour'])).rejects.toMatchObject({
          code: 'QUERY.UNKNOWN_FIELD',
        })
      })

      const beyond = '9'.repeat(20)
      const part = (of: string, hour: number, knownFrom: number, knownUntil = beyond) => {
        const document = { of, from: onHour(hour), knownFrom: toPosition(knownFrom), knownUntil }
        return { ...put(`${of}-${hour}-${knownFrom}`, document, 1), collection: 'parts' }
      }
      /** Ids of parts, each on a page of its own. */
      const partIds =
        (reader: ProjectionReader) =>
        async (filter: Filter | undefined, column: string, direction: 'asc' | 'desc') => {
          const orderBy = completeOrderBy(parts, filter, [{ column, direction }])
          const found: string[] = []
          for (let after: ReturnType<typeof cursorAfter> | undefined, more = true; more; ) {
            const [row] = await reader.find<object>('parts', { filter, orderBy, limit: 1, after })
            if (row) found.push(row.id)
            more = row !== undefined
            after = row && cursorAfter(orderBy, row)
          }
          return found
        }

      it('give each row once where an order does not tell apart what several values of a filter give', async () => {
        const writer = await newWriter()
        await writer.commit([part('a', 2, 7), part('a', 1, 7), part('a', 3, 7), part('a', 2, 8)], at(1))
        const ids = partIds(writer)
        const hours = and(eq('of', 'a'), isIn('from', [onHour(1), onHour(2), onHour(3)]))
        expect(await ids(hours, 'knownFrom', 'asc')).toEqual(['a-1-7', 'a-2-7', 'a-3-7', 'a-2-8'])
        expect(await ids(hours, 'knownFrom', 'desc')).toEqual(['a-2-8', 'a-3-7', 'a-2-7', 'a-1-7'])
      })

      it('take instants and positions for what their texts say, in filters, orders, fields and counts', async () => {
        const writer = await newWriter()
        await writer.commit([part('b', 2, 7), part('a', 2, 10, toPosition(90)), part('a', 1, 8)], at(1))
        const ids = partIds(writer)
        expect(await ids(undefined, 'of', 'asc')).toEqual(['a-1-8', 'a-2-10', 'b-2-7'])
        expect(await ids(undefined, 'knownFrom', 'desc')).toEqual(['a-2-10', 'a-1-8', 'b-2-7'])
        const lasting = and(eq('of', 'a'), compare('knownUntil', '>', toPosition(90)))
        expect(await ids(lasting, 'from', 'desc')).toEqual(['a-1-8'])
        const begun = and(isIn('from', [onHour(2)]), compare('knownFrom', '<=', toPosition(9)))
        expect(await ids(begun, 'knownFrom', 'asc')).toEqual(['b-2-7'])
        const fields = { filter: eq('from', onHour(1)), atMost: 9 }
        expect(await writer.findFields('parts', fields, ['from', 'knownFrom', 'knownUntil'])).toEqual([
          { from: onHour(1), knownFrom: toPosition(8), knownUntil: beyond },
        ])
        expect(await writer.groupCounts('parts', ['from'])).toEqual(
          expect.arrayContaining([
            { values: [onHour(1)], count: 1 },
            { values: [onHour(2)], count: 2 },
          ]),
        )
        for (const filter of [eq('from', '2026'), eq('knownFrom', '7'), startsWith('from', onHour(1))])
          await expect(writer.count('parts', filter)).rejects.toMatchObject({ code: 'QUERY.WRONG_TYPE' })
        const broken = { ...part('a', 1, 8), document: { of: 'a', from: 'yesterday', knownFrom: '8' } }
        await expect(writer.commit([broken], at(2))).rejects.toThrow(TypeError)
      })

      it('read no fields but columns, and of those none that a store may keep in another form', async () => {
        const writer = await newWriter()
        for (const [field, code] of [
          ['colour', 'QUERY.UNKNOWN_FIELD'],
          ['watchers', 'QUERY.WRONG_TYPE'],
          ['score', 'QUERY.WRONG_TYPE'],
        ] as const) {
          const asked = writer.findFields('tickets', { atMost: 1 }, ['group', field])
          await expect(asked).rejects.toMatchObject({ code })
        }
      })

      it('refuse a cursor that was made for another order', async () => {
        const writer = await newWriter()
        const after = { id: 'x', values: [1] }
        const orderBy: SortKey[] = [{ column: 'priority', direction: 'asc' }]
        await expect(writer.find('tickets', { orderBy, limit: 1, after })).rejects.toMatchObject({
          code: 'QUERY.CURSOR',
        })
      })

      it('count by the UTC day of a timestamp, for nulls and booleans too', async () => {
        const writer = await newWriter()
        await writer.commit(
          [
            row('a', { openedAt: '2016-05-10T23:59:59.999Z', vip: true }),
            row('b', { openedAt: '2016-05-11T00:00:00.000Z', priority: null }),
            row('c', { openedAt: '2016-05-11T00:00:00.000Z', vip: false }),
          ],
          at(1),
        )
        expect(sorted(await writer.groupCounts('tickets', ['openedAt:day']))).toEqual([
          { values: ['2016-05-10'], count: 1 },
          { values: ['2016-05-11'], count: 2 },
        ])
        expect(
          sorted(await writer.groupCounts('tickets', ['priority', 'openedAt:day'], eq('state', 'new'))),
        ).toEqual([
          { values: [3, '2016-05-10'], count: 1 },
          { values: [3, '2016-05-11'], count: 1 },
          { values: [null, '2016-05-11'], count: 1 },
        ])
        expect(sorted(await writer.groupCounts('tickets', ['vip']))).toEqual([
          { values: [false], count: 1 },
          { values: [null], count: 1 },
          { values: [true], count: 1 },
        ])
      })
    })

    describe('searches', () => {
      interface Paper {
        number?: string
        title?: string
        comments?: string[]
        notes?: string[]
        visibleTo?: string[]
        state?: string
        openedAt?: string
      }
      const paper = (id: string, document: Paper | null, position = 1): DocumentWrite => ({
        collection: 'papers',
        id,
        document: document && { openedAt: '2016-05-10T09:00:00.000Z', ...document },
        position: toPosition(position),
      })
      const look = async (reader: ProjectionReader, typed: string, query: Partial<TextQuery> = {}) => {
        const terms = parseSearch(typed)
        const answer = await reader.search<Paper>('papers', { terms, depth: 2, limit: 100, ...query })
        return { ...answer, ids: answer.hits.map(({ id }) => id) }
      }

      it('find words and parts of words, all that were asked for, in whatever case and with whatever accents', async () => {
        const writer = await newWriter()
        await writer.commit(
          [
            paper('a', { title: 'Le système d’imprimante: ÉPUISÉ', comments: ['Second printer, too'] }),
            paper('b', { title: 'Printer driver', comments: ['on the third floor', 'since Monday'] }),
            paper('c', { title: 'PC in der Straße 5' }),
            paper('d', { title: '東京のプリンタ', comments: ['a "quoted" (word) AND * OR NEAR'] }),
          ],
          at(1),
        )
        const found = async (typed: string) => (await look(writer, typed)).ids.sort()
        expect(await found('rint')).toEqual(['a', 'b'])
        expect(await found('systeme epuise')).toEqual(['a'])
        expect(await found('PRINTER floor')).toEqual(['b'])
        expect(await found('"third floor"')).toEqual(['b'])
        expect(await found('"floor third"')).toEqual([])
        expect(await found('"floor since"')).toEqual([])
        expect(await found('floor third')).toEqual(['b'])
        expect(await found('pc')).toEqual(['c'])
        expect(await found('strasse 5')).toEqual(['c'])
        expect(await found('京の')).toEqual(['d'])
        expect(await found('nosuchword')).toEqual([])
        expect(await found('"quoted" (word) AND * OR NEAR')).toEqual(['d'])
        expect(await found('title:printer')).toEqual([])
      })

      it('put whole words before parts, weighty texts before others, then the newest', async () => {
        const writer = await newWriter()
        await writer.commit(
          [
            paper('inside', { title: 'Blueprinting' }),
            paper('begins', { title: 'Printing office' }),
            paper('whole', { title: 'No print' }),
            paper('newer', { title: 'No print', openedAt: '2016-05-11T09:00:00.000Z' }),
            paper('comment', { comments: ['a print'] }),
          ],
          at(1),
        )
        const { ids, complete } = await look(writer, 'print')
        expect(ids).toEqual(['newer', 'whole', 'begins', 'inside', 'comment'])
        expect(complete).toBe(true)
        const first = await look(writer, 'print', { limit: 2 })
        const cursor = hitCursor(papers.search!, first.hits[1] as TextHit<object>)
        expect((await look(writer, 'print', { after: cursor })).ids).toEqual(['begins', 'inside', 'comment'])
      })

      it('of less depth find nothing by the texts of more, and show no row that the filter refuses', async () => {
        const writer = await newWriter()
        await writer.commit(
          [
            paper('hers', { title: 'Mail', notes: ['a canary'], visibleTo: ['rita'] }),
            paper('not hers', { title: 'Mail', comments: ['canary'] }),
          ],
          at(1),
        )
        const hers = { depth: 1, filter: has('visibleTo', 'rita') }
        expect((await look(writer, 'canary')).ids.sort()).toEqual(['hers', 'not hers'])
        expect(await look(writer, 'canary', hers)).toMatchObject({ ids: [], complete: true })
        expect((await look(writer, 'canary', { depth: 1 })).ids).toEqual(['not hers'])
        expect((await look(writer, 'mail', hers)).ids).toEqual(['hers'])
        expect((await look(writer, 'mail canary', { depth: 1 })).ids).toEqual(['not hers'])
        expect((await look(writer, 'mail', { filter: not(all) })).ids).toEqual([])
        // The same question, had the words been open to all
        expect((await look(writer, 'canary', { ...hers, depth: 2 })).ids).toEqual(['hers'])
      })

      it('are bounded, say so, and find a name beyond the bound', async () => {
        const writer = await newWriter()
        const many = Array.from({ length: 30 }, (_, n) =>
          paper(`T${String(n).padStart(2, '0')}`, {
            number: `INC${n + 100} ${n + 100}`,
            title: `Number 1${n}`,
          }),
        )
        await writer.commit(many, at(1))
        const { ids, complete } = await look(writer, 'number', { candidates: 5, limit: 5 })
        expect(ids).toHaveLength(5)
        expect(complete).toBe(false)
        expect((await look(writer, '100', { candidates: 3 })).ids[0]).toBe('T00')
        expect((await look(writer, 'inc100', { candidates: 3 })).ids[0]).toBe('T00')
        expect((await look(writer, 'number', { candidates: 30 })).complete).toBe(true)
      })

      it('are complete or not by the reader’s own rows alone', async () => {
        const writer = await newWriter()
        const foreign = Array.from({ length: 40 }, (_, n) => paper(`F${n}`, { title: 'printer' }))
        await writer.commit([...foreign, paper('own', { title: 'printer', visibleTo: ['rita'] })], at(1))
        const hers = { candidates: 2, filter: has('visibleTo', 'rita') }
        expect(await look(writer, 'printer', hers)).toMatchObject({ ids: ['own'], complete: true })
        expect((await look(writer, 'printer', { candidates: 2 })).complete).toBe(false)
      })

      it('follow what is changed, deleted and written again', async () => {
        const writer = await newWriter()
        await writer.commit([paper('a', { title: 'Printer' }), paper('b', { title: 'Laptop' })], at(1))
        await writer.commit([paper('a', { title: 'Scanner', notes: ['was a plotter'] }, 2)], at(2))
        expect((await look(writer, 'printer')).ids).toEqual([])
        expect((await look(writer, 'scan')).ids).toEqual(['a'])
        expect((await look(writer, 'plotter')).ids).toEqual(['a'])
        await writer.commit([paper('a', null, 3), paper('b', { title: 'Laptop', state: 'closed' }, 3)], at(3))
        expect((await look(writer, 'scan')).ids).toEqual([])
        expect((await look(writer, 'laptop', { filter: eq('state', 'closed') })).ids).toEqual(['b'])
        await writer.commit([paper('a', { title: 'Printer' }, 4)], at(4))
        expect((await look(writer, 'printer')).ids).toEqual(['a'])
        expect((await look(writer, 'scan')).ids).toEqual([])
      })

      it('are refused where nothing can be searched, or by what cannot be filtered', async () => {
        const writer = await newWriter()
        const query = { terms: ['x'], depth: 1, limit: 1 }
        await expect(writer.search('tickets', query)).rejects.toMatchObject({ code: 'QUERY.NOT_SEARCHABLE' })
        await expect(
          writer.search('papers', { ...query, filter: eq('openedAt', '2016') }),
        ).rejects.toMatchObject({ code: 'QUERY.NOT_INDEXED' })
      })

      it('equal a naive reading of every text, whatever was committed, loaded in bulk or not', async () => {
        const words = ['print', 'printer', 'Drücker', 'pc', 'a', 'in', 'sprint 5', 'ein-print', '東京', '😀']
        const text = fc.array(fc.constantFrom(...words), { maxLength: 4 }).map((some) => some.join(' '))
        const document = fc.record({
          title: text,
          comments: fc.array(text, { maxLength: 2 }),
          notes: fc.array(text, { maxLength: 2 }),
          visibleTo: fc.subarray(['ann', 'bob']),
          state: fc.constantFrom('new', 'closed'),
        })
        const batches = fc.array(
          fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.option(document, { freq: 5 })), {
            minLength: 1,
            maxLength: 8,
          }),
          { minLength: 1, maxLength: 4 },
        )
        const asked = fc.constantFrom(
          'print',
          'rint',
          'printer pc',
          '"in print"',
          'dru',
          'in',
          '5 sprint',
          '東京',
          'a pc',
          'nt',
        )
        let run = 0
        await fc.assert(
          fc.asyncProperty(
            batches,
            fc.array(
              fc.tuple(
                asked,
                fc.constantFrom(1, 2),
                fc.option(fc.constantFrom(has('visibleTo', 'ann'), eq('state', 'new'))),
              ),
              {
                minLength: 4,
                maxLength: 4,
              },
            ),
            fc.boolean(),
            async (written, questions, bulkLoad) => {
              const build = await store.createBuild({ projection: `search_${run++}`, version: 1 }, schemas)
              const writer = await writing(build, { bulkLoad })
              const model = new Map<string, Paper>()
              for (const [i, batch] of written.entries()) {
                const writes = batch.map(([n, some]) => paper(`P${n}`, some, i + 1))
                await writer.commit(writes, at(i + 1))
                for (const { id, document } of new Map(writes.map((write) => [write.id, write])).values())
                  if (document) model.set(id, document)
                  else model.delete(id)
              }
              await writer.finishBulkLoad()
              for (const [typed, depth, filter] of questions) {
                const terms = parseSearch(typed)
                const naive = new HitCollector<Paper>(papers.search!, { terms, depth, limit: 100 })
                for (const [id, document] of model)
                  if (matches(filter ?? all, document))
                    naive.consider({ id, document, position: toPosition(1), stale: false })
                const { ids, complete } = await look(writer, typed, { depth, filter: filter ?? undefined })
                expect(ids).toEqual(naive.page().map(({ id }) => id))
                expect(complete).toBe(true)
              }
              await writer.close()
              await store.drop(build)
            },
          ),
          { numRuns: 25 },
        )
      })
    })

    describe('laws', () => {
      /** Documents that come, change and go, in batches. */
      const batchesArbitrary = fc.array(
        fc.array(
          fc.record({
            id: fc.integer({ min: 0, max: 15 }).map((n) => `T${n}`),
            document: fc.option(ticketArbitrary, { freq: 5 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        { minLength: 1, maxLength: 5 },
      )

      const loadBatches = async (
        writer: ProjectionWriter,
        batches: readonly (readonly { id: string; document: Ticket | null }[])[],
      ): Promise<Map<string, Ticket>> => {
        const model = new Map<string, Ticket>()
        for (const [i, batch] of batches.entries()) {
          const position = i + 1
          await writer.commit(
            batch.map(({ id, document }) => (document ? put(id, document, position) : remove(id, position))),
            at(position),
          )
          for (const { id, document } of new Map(batch.map((write) => [write.id, write])).values())
            if (document) model.set(id, document)
            else model.delete(id)
        }
        return model
      }

      const expectCountsOf = async (reader: ProjectionReader, model: Map<string, Ticket>, filter: Filter) => {
        const chosen = [...model.values()].filter((document) => matches(filter, document))
        expect(await reader.count('tickets', filter)).toBe(chosen.length)
        for (const dimensions of [[], ['state'], ['group', 'state'], ['openedAt:day', 'priority'], ['vip']])
          expect(sorted(await reader.groupCounts('tickets', dimensions, filter))).toEqual(
            naiveCounts(chosen, dimensions),
          )
      }

      it('counts equal those of a naive walk, whatever was committed, loaded in bulk or not', async () => {
        let run = 0
        await fc.assert(
          fc.asyncProperty(
            batchesArbitrary,
            filterArbitrary,
            fc.boolean(),
            async (batches, filter, bulkLoad) => {
              const build = await store.createBuild({ projection: `counts_${run++}`, version: 1 }, schemas)
              const writer = await writing(build, { bulkLoad })
              const model = await loadBatches(writer, batches)
              await writer.finishBulkLoad()
              await expectCountsOf(writer, model, filter)
              await expectCountsOf(writer, model, eq('state', 'new'))
              await writer.close()
              await store.drop(build)
            },
          ),
          { numRuns: 40 },
        )
      })

      it('filters and orders equal a naive evaluation, and pages concatenated are the whole', async () => {
        let run = 0
        await fc.assert(
          fc.asyncProperty(
            batchesArbitrary,
            fc.array(fc.tuple(filterArbitrary, fc.constantFrom(...orders), fc.integer({ min: 1, max: 7 })), {
              minLength: 8,
              maxLength: 8,
            }),
            async (batches, questions) => {
              const build = await store.createBuild({ projection: `find_${run++}`, version: 1 }, schemas)
              const writer = await writing(build)
              const model = await loadBatches(writer, batches)
              for (const [filter, asked, limit] of questions) {
                const orderBy = completeOrderBy(tickets, filter, asked)
                const expected = naiveFind(model, filter, orderBy)
                const whole = await writer.find<object>('tickets', { filter, orderBy: asked, limit: 1_000 })
                expect(whole.map(({ id }) => id)).toEqual(expected)
                for (const atMost of [1_000, limit]) {
                  const fields = await writer.findFields<object>('tickets', { filter, atMost }, FIELDS)
                  if (fields)
                    expect(inOneOrder(fields)).toEqual(inOneOrder(whole.map((row) => onlyFields(row))))
                  else expect(atMost).toBe(limit)
                  if (whole.length > atMost) expect(fields).toBeUndefined()
                }
                expect(await allPages(writer, filter, orderBy, limit)).toEqual(expected)
              }
              await writer.close()
              await store.drop(build)
            },
          ),
          { numRuns: 60 },
        )
      })

      it('pages with one row per value of a column are the same when that is said', async () => {
        let run = 0
        await fc.assert(
          fc.asyncProperty(
            fc.tuple(...THINGS.map(() => namesArbitrary)),
            fc.constantFrom(THINGS.length, THINGS.length - 1),
            fc.array(
              fc.record({
                hour: fc.integer({ min: 0, max: 10 }),
                kinds: fc.option(fc.subarray(['host', 'group'])),
                things: fc.option(fc.array(fc.constantFrom(...THINGS, 'unknown'))),
                limit: fc.integer({ min: 1, max: 7 }),
              }),
              { minLength: 8, maxLength: 8 },
            ),
            async (called, count, questions) => {
              const build = await store.createBuild({ projection: `one_${run++}`, version: 1 }, schemas)
              const writer = await writing(build)
              const model = new Map<string, object>(
                THINGS.slice(0, count).flatMap((thing, t) =>
                  (called[t] ?? []).map((name, n): [string, object] => [`${t}-${n}`, { thing, ...name }]),
                ),
              )
              const writes = [...model].map(([id, document]) => ({
                ...put(id, document, 1),
                collection: 'names',
              }))
              await writer.commit(writes, at(1))
              for (const { hour, kinds, things, limit } of questions) {
                const filter = and(
                  compare('since', '<=', onHour(hour)),
                  compare('until', '>', onHour(hour)),
                  ...(kinds ? [isIn('kind', kinds)] : []),
                  ...(things ? [isIn('thing', things)] : []),
                )
                const asked: SortKey[] = [{ column: 'thing', direction: 'asc' }]
                const orderBy = completeOrderBy(names, filter, asked)
                const expected = naiveFind(model, filter, orderBy)
                const found: string[] = []
                for (let after: ReturnType<typeof cursorAfter> | undefined, more = true; more; ) {
                  const query = { filter, orderBy: asked, limit, after, onePer: 'thing' }
                  const rows = await writer.find<object>('names', query)
                  found.push(...rows.map(({ id }) => id))
                  more = rows.length === limit
                  after = more ? cursorAfter(orderBy, rows.at(-1)!) : undefined
                }
                expect(found).toEqual(expected)
                for (const fields of [['kind'], ['until', 'thing']]) {
                  const query = { filter, atMost: 1_000, onePer: 'thing' }
                  const rows = expected.map((id) => ({ document: model.get(id) }) as StoredDocument<object>)
                  expect(inOneOrder((await writer.findFields<object>('names', query, fields)) ?? [])).toEqual(
                    inOneOrder(rows.map((row) => onlyFields(row, fields))),
                  )
                }
              }
              await writer.close()
              await store.drop(build)
            },
          ),
          { numRuns: 60 },
        )
      })

      it('pages under writes show a row whose sort key did not change exactly once', async () => {
        let run = 0
        const moves = fc.array(
          fc.record({ id: fc.integer({ min: 0, max: 15 }).map((n) => `T${n}`), document: ticketArbitrary }),
          { maxLength: 4 },
        )
        await fc.assert(
          fc.asyncProperty(
            batchesArbitrary,
            fc.constantFrom(...orders),
            fc.array(moves, { minLength: 20, maxLength: 20 }),
            async (batches, asked, interleaved) => {
              const build = await store.createBuild({ projection: `pages_${run++}`, version: 1 }, schemas)
              const writer = await writing(build)
              const model = await loadBatches(writer, batches)
              const orderBy = completeOrderBy(tickets, all, asked)
              const moved = new Set<string>()
              let position = 100
              const seen = await allPages(writer, all, orderBy, 3, async (page) => {
                const writes = interleaved[page] ?? []
                position++
                await writer.commit(
                  writes.map(({ id, document }) => put(id, document, position)),
                  at(position),
                )
                for (const { id, document } of writes)
                  if (!sameKey(orderBy, model.get(id), document)) moved.add(id)
              })
              for (const id of model.keys())
                if (!moved.has(id)) expect(seen.filter((candidate) => candidate === id)).toEqual([id])
              await writer.close()
              await store.drop(build)
            },
          ),
          { numRuns: 40 },
        )
      })
    })

    describe('builds', () => {
      it('of a projection: the first is live, the next builds beside it and takes over', async () => {
        const first = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        const writer = await writing(first)
        await writer.commit([put('T1', ticket({ title: 'old' }), 1)], at(1))
        const second = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        expect(second.build).toBeGreaterThan(first.build)
        expect((await store.builds()).map(({ status }) => status)).toEqual(['live', 'building'])
        const rebuilding = await writing(second, { bulkLoad: true })
        await rebuilding.commit([put('T1', ticket({ title: 'new' }), 1)], at(1))
        await rebuilding.finishBulkLoad()

        const reader = (await other.liveReader('work_queue')) as ProjectionReader
        expect((await reader.get<Ticket>('tickets', 'T1'))?.document.title).toBe('old')
        await store.makeLive(second)
        const now = (await other.liveReader('work_queue')) as ProjectionReader
        expect(now.name).toEqual(second)
        expect((await now.get<Ticket>('tickets', 'T1'))?.document.title).toBe('new')
        expect(await store.builds()).toMatchObject([{ ...second, status: 'live', checkpoint: at(1) }])
        await expect(writer.commit([], at(2))).rejects.toThrow(LeaseLost)
      })

      it('let a query that holds the reader of a replaced build finish', async () => {
        const first = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        const writer = await writing(first)
        await writer.commit([put('T1', ticket(), 1)], at(1))
        const held = (await other.liveReader('work_queue')) as ProjectionReader
        const second = await store.createBuild({ projection: 'work_queue', version: 2 }, schemas)
        await store.makeLive(second)
        await other.liveReader('work_queue')
        expect(await held.count('tickets')).toBe(1)
      })

      it('answer on when frozen, until another takes over', async () => {
        const first = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        await store.freeze(first)
        expect(await store.builds()).toMatchObject([{ status: 'frozen' }])
        expect((await other.liveReader('work_queue'))?.name).toEqual(first)
        const second = await store.createBuild({ projection: 'work_queue', version: 2 }, schemas)
        expect((await other.liveReader('work_queue'))?.name).toEqual(first)
        await store.makeLive(second)
        expect((await other.liveReader('work_queue'))?.name).toEqual(second)
        expect(await store.builds()).toHaveLength(1)
      })

      it('that were dropped are gone, and their numbers are not used again', async () => {
        expect(await store.liveReader('work_queue')).toBeUndefined()
        const first = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        await store.drop(first)
        expect(await other.liveReader('work_queue')).toBeUndefined()
        expect(await store.builds()).toEqual([])
        const next = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        expect(next.build).toBeGreaterThan(first.build)
        expect((await other.liveReader('work_queue'))?.name).toEqual(next)
        await expect(writing(first)).rejects.toThrow()
      })

      it('survive a restart', async () => {
        const writer = await newWriter()
        await writer.commit([put('T1', ticket(), 1)], at(1))
        await writer.close()
        const later = await system.open()
        const reader = (await later.liveReader('work_queue')) as ProjectionReader
        expect(await reader.count('tickets')).toBe(1)
        expect(await reader.checkpoint()).toEqual(at(1))
        await later.close()
      })
    })

    describe('bulk load', () => {
      it('answers by id meanwhile and everything afterwards', async () => {
        const writer = await newWriter({ bulkLoad: true })
        await writer.commit([put('T1', ticket({ watchers: ['ann'] }), 1), put('T2', ticket(), 1)], at(1))
        await writer.commit([put('T1', ticket({ watchers: ['bob'] }), 2)], at(2))
        expect((await writer.get<Ticket>('tickets', 'T1'))?.document.watchers).toEqual(['bob'])
        const query = { filter: has('watchers', 'bob'), orderBy: [], limit: 9 }
        await expect(writer.find('tickets', query)).rejects.toMatchObject({ code: 'READ_STORE.LOADING' })
        await writer.finishBulkLoad()
        expect((await writer.find('tickets', query)).map(({ id }) => id)).toEqual(['T1'])
        expect(await writer.count('tickets', has('watchers', 'ann'))).toBe(0)
        await writer.commit([remove('T1', 3)], at(3))
        expect(await writer.count('tickets', has('watchers', 'bob'))).toBe(0)
        expect(await writer.count('tickets', eq('state', 'new'))).toBe(1)
      })

      it('that was cut off goes on where its checkpoint stands', async () => {
        const build = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        const first = await writing(build, { bulkLoad: true })
        await first.commit([put('T1', ticket(), 1)], at(1))
        await first.close()
        await expect(store.makeLive(build)).rejects.toThrow()
        const second = await writing(build)
        expect(await second.checkpoint()).toEqual(at(1))
        await second.commit([put('T2', ticket(), 2)], at(2))
        await second.finishBulkLoad()
        expect(await second.count('tickets', eq('state', 'new'))).toBe(2)
        await store.makeLive(build)
      })
    })

    describe('notes', () => {
      it('are put, found by the beginning of their names and removed by whoever shares the store', async () => {
        expect(await store.notes('wish/')).toEqual(new Map())
        await store.putNote('wish/1', { key: 'ä "x"', at: null })
        await store.putNote('wish/2', { key: 'b' })
        await store.putNote('wish_', { not: 'this' })
        await other.putNote('wish/2', { key: 'c' })
        expect(await other.notes('wish/')).toEqual(
          new Map<string, object>([
            ['wish/1', { key: 'ä "x"', at: null }],
            ['wish/2', { key: 'c' }],
          ]),
        )
        await other.removeNote('wish/1')
        await other.removeNote('wish/1')
        expect([...(await store.notes('wish/')).keys()]).toEqual(['wish/2'])
      })

      it('that many add at once are the same for all', async () => {
        const added = await Promise.all(
          Array.from({ length: 8 }, (_, i) => (i % 2 ? store : other).addNote('key', { by: i })),
        )
        const standing = (await store.notes('key')).get('key')
        expect(added).toEqual(Array(8).fill(standing))
        expect(await other.addNote('key', { by: 99 })).toEqual(standing)
      })
    })

    describe('leases', () => {
      it('keep a second writer out while the first lives', async () => {
        const build = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        // Renewed each third of this, in which a busy server must have answered
        const first = await writing(build, { leaseMilliseconds: 4_000 })
        await passTime(4_500)
        await expect(other.openForWriting(build, { owner: 'b', leaseMilliseconds: 300 })).rejects.toThrow(
          LeaseHeld,
        )
        expect((await other.builds())[0]?.lease).toMatchObject({ owner: 'test', number: 1 })
        await first.commit([put('T1', ticket(), 1)], at(1))
        await first.close()
        const second = await other.openForWriting(build, { owner: 'b', leaseMilliseconds: 300 })
        expect((await other.builds())[0]?.lease).toMatchObject({ owner: 'b', number: 2 })
        await second.commit([put('T1', ticket(), 2)], at(2))
      })

      it('fence a writer that slept through its own', async () => {
        const build = await store.createBuild({ projection: 'work_queue', version: 1 }, schemas)
        // When it wakes up it lets others go first for a third of this, in which a busy server must have answered them
        const late = await writing(build, { leaseMilliseconds: 4_000 })
        await late.commit([put('T1', ticket({ title: 'late' }), 1)], at(1))
        blockThread(4_100)
        expect((await other.builds())[0]?.lease).toBeUndefined()
        const taker = await other.openForWriting(build, { owner: 'b', leaseMilliseconds: 10_000 })
        await expect(late.commit([put('T1', ticket({ title: 'too late' }), 2)], at(2))).rejects.toThrow(
          LeaseLost,
        )
        await expect(late.finishBulkLoad()).rejects.toThrow(LeaseLost)
        expect((await taker.get<Ticket>('tickets', 'T1'))?.document.title).toBe('late')
        expect(await taker.checkpoint()).toEqual(at(1))
        await late.close()
        await expect(store.openForWriting(build, { owner: 'c', leaseMilliseconds: 100 })).rejects.toThrow(
          LeaseHeld,
        )
      })
    })

    it('has nothing before the log begins', async () => {
      const writer = await newWriter()
      await writer.commit([], { logId: 'log-1', position: LOG_START, eventId: '' })
      expect(await writer.checkpoint()).toEqual({ logId: 'log-1', position: LOG_START, eventId: '' })
      expect(await writer.groupCounts('tickets', ['state'])).toEqual([])
      expect(await writer.count('tickets')).toBe(0)
    })
  })
}

async function allPages(
  reader: ProjectionReader,
  filter: Filter,
  orderBy: readonly SortKey[],
  limit: number,
  between: (page: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = []
  let after: ReturnType<typeof cursorAfter> | undefined
  for (let page = 0; ; page++) {
    const rows = await reader.find<Ticket>('tickets', { filter, orderBy, limit, after })
    ids.push(...rows.map(({ id }) => id))
    const last = rows.at(-1)
    if (!last || rows.length < limit) return ids
    after = cursorAfter(orderBy, last)
    await between(page)
  }
}

function naiveFind(
  model: ReadonlyMap<string, object>,
  filter: Filter,
  orderBy: readonly SortKey[],
): string[] {
  return [...model]
    .filter(([, document]) => matches(filter, document))
    .map(([id, document]) => cursorAfter(orderBy, { id, document }))
    .sort(compareRows(orderBy))
    .map(({ id }) => id)
}

function naiveCounts(documents: readonly Ticket[], dimensions: readonly string[]) {
  const counts = new Map<string, number>()
  if (dimensions.length === 0) counts.set('[]', 0)
  for (const document of documents) {
    const key = JSON.stringify(
      dimensions.map((dimension) =>
        dimension === 'openedAt:day'
          ? document.openedAt.slice(0, 10)
          : (document[dimension as keyof Ticket] ?? null),
      ),
    )
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return sorted([...counts].map(([key, count]) => ({ values: JSON.parse(key), count })))
}

function sorted<T>(groups: T[]): T[] {
  const text = (group: T) => JSON.stringify(group)
  return groups.sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

function sameKey(orderBy: readonly SortKey[], before: Ticket | undefined, after: Ticket): boolean {
  if (!before) return false
  const key = (document: Ticket) => JSON.stringify(cursorAfter(orderBy, { id: '', document }))
  return key(before) === key(after)
}

const passTime = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A thread that hangs cannot renew its lease. */
function blockThread(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
