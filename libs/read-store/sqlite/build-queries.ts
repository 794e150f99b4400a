import { Unavailable } from '#libs/event-sourcing'
import { conjuncts, type Filter, simplify } from '../filter.js'
import {
  checkCursor,
  checkFields,
  checkFilter,
  checkQuery,
  checkSearch,
  compareRows,
  cursorAfter,
  type OrderPlan,
  planOrder,
} from '../query-rules.js'
import type {
  Checkpoint,
  Fields,
  FieldsQuery,
  GroupCount,
  KeysetCursor,
  Query,
  StoredDocument,
} from '../read-store.js'
import type { TextAnswer, TextQuery } from '../search/search-schema.js'
import { compareText } from '../text-order.js'
import type { BuildFile } from './build-file.js'
import { type CollectionTable, quoted } from './collection-table.js'
import type { SqlValue } from './connection.js'
import { fieldRows } from './field-rows.js'
import { allOf, comparisonSql, filterSql, type Sql, sql } from './filter-sql.js'
import { countRows, groupRows } from './group-counts.js'
import { boundsColumn, boundsOn, PageWalk, type RowKey, type Walked } from './page-walk.js'
import {
  type CountedDriver,
  narrowestDriver,
  type RowDriver,
  rowDrivers,
  rowsOf,
  sourcesOf,
} from './row-drivers.js'
import { rowPerKeySql } from './row-per-key.js'
import { DOCUMENT_COLUMNS, documentColumns, readDocument } from './stored-document.js'
import { TextSearch } from './text-search.js'

/**
 * Up to so many candidates, reading and sorting them all (about 3 ms) beats walking an order in which they may be rare:
 * of a million rows, a page of 50 then walks past 33,000 at worst when they are spread evenly.
 */
export const MAX_SORTED_ROWS = 1_500

/** The same for the order of ids, which no condition narrows: walking it reads every row there is. */
const MAX_ROWS_BY_ID = 20_000

/**
 * Index entries looked at for each row that is expected of them, and in any case, in the hope that the page is full by then; never more
 * than may be sorted.
 */
const PATIENCE = 1.5
const PATIENCE_AT_LEAST = 16

/** The questions to one build, each answered from one snapshot of its file. */
export class BuildQueries {
  constructor(
    private readonly file: BuildFile,
    private readonly maxSortedRows: number,
  ) {}

  checkpoint(): Checkpoint | undefined {
    return this.file.state().checkpoint
  }

  getMany<Document>(collection: string, ids: readonly string[]): StoredDocument<Document>[] {
    const table = this.file.collection(collection)
    const wanted = `json_each(?) wanted CROSS JOIN ${table.table} r ON r.id = wanted.value`
    return this.read(sql(`SELECT ${documentColumns('r')} FROM ${wanted}`, JSON.stringify(ids)))
  }

  get<Document>(collection: string, id: string): StoredDocument<Document> | undefined {
    const table = this.file.collection(collection)
    // The driver would cut it off there and find another
    if (id.includes('\0')) return undefined
    return this.read<Document>(
      sql(`SELECT ${documentColumns('r')} FROM ${table.table} r WHERE r.id = ?`, id),
    )[0]
  }

  findFields<Document>(
    collection: string,
    { filter = { kind: 'true' }, onePer, atMost }: FieldsQuery,
    fields: Fields,
  ): Document[] | undefined {
    const table = this.file.collection(collection)
    checkFields(table.schema, fields)
    checkFilter(table.schema, filter)
    return this.file.connection.snapshot(() => {
      this.refuseWhileLoading()
      return fieldRows<Document>(this.file.connection, {
        table,
        filter: simplify(filter),
        onePer,
        atMost,
        fields,
      })
    })
  }

  find<Document>(collection: string, query: Query): StoredDocument<Document>[] {
    const table = this.file.collection(collection)
    checkQuery(table.schema, query)
    const filter = simplify(query.filter ?? { kind: 'true' })
    const plan = planOrder(table.schema, filter, query.orderBy)
    checkCursor(plan.orderBy, query.after)
    return this.file.connection.snapshot(() => {
      this.refuseWhileLoading()
      const { limit, after, onePer } = query
      const page = { table, plan, filter, limit, after }
      return this.rowPerKey<Document>(page, onePer) ?? this.page<Document>(page)
    })
  }

  /** @param rows selects the columns of documents */
  private read<Document>({ text, values }: Sql): StoredDocument<Document>[] {
    return this.file.connection.lists(text, values).map((row) => readDocument<Document>(row))
  }

  count(collection: string, filter?: Filter): number {
    const table = this.file.collection(collection)
    return this.file.connection.snapshot(() => {
      this.refuseWhileLoading()
      return countRows(this.file.connection, table, simplify(filter ?? { kind: 'true' }))
    })
  }

  groupCounts(collection: string, dimensions: readonly string[], filter?: Filter): GroupCount[] {
    const table = this.file.collection(collection)
    return this.file.connection.snapshot(() => {
      this.refuseWhileLoading()
      return groupRows(this.file.connection, table, dimensions, simplify(filter ?? { kind: 'true' }))
    })
  }

  search<Document>(collection: string, query: TextQuery): TextAnswer<Document> {
    const table = this.file.collection(collection)
    const search = checkSearch(table.schema, query.filter)
    const filter = simplify(query.filter ?? { kind: 'true' })
    return this.file.connection.snapshot(() => {
      this.refuseWhileLoading()
      if (filter.kind === 'false') return { hits: [], complete: true }
      return new TextSearch<Document>(this.file.connection, table, search, filter, query).run()
    })
  }

  private refuseWhileLoading(): void {
    if (this.file.isLoading())
      throw new Unavailable('READ_STORE.LOADING', 'This read model is being loaded; ask again in a while', 5)
  }

  private rowPerKey<Document>(page: Page, key: string | undefined): StoredDocument<Document>[] | undefined {
    if (key === undefined || page.filter.kind === 'false') return undefined
    const nullable = this.file.nullableColumns(page.table.schema.name)
    const rows = rowPerKeySql({ ...page, key, nullable })
    return rows && this.read<Document>(rows)
  }

  private page<Document>(page: Page): StoredDocument<Document>[] {
    const { table, plan, filter } = page
    const rest = conjuncts(filter).filter((condition) => !answeredByPrefix(condition, plan))
    const entry = plan.levels[0]?.column
    if (rest.every((condition) => boundsColumn(condition, entry))) return this.walk<Document>(page, rest).rows
    if (plan.index === undefined) {
      const limit = Math.max(MAX_ROWS_BY_ID, this.maxSortedRows)
      const byId = this.narrowest(rowDrivers(table, filter), limit)
      if (byId) return this.sorted(page, byId)
    }
    return this.walkUnlessFar(page, rest)
  }

  /**
   * Walks the order, and is ready to turn to another way: what remains of a filter is mostly who may see the row, and most rows
   * may be seen. How many of the entries looked at are rows of the page tells how far its end is. Where that is near, the walk goes
   * on from the last row found; where it is not, or was not as near as it seemed, and another way has fewer rows, they are sorted instead.
   */
  private walkUnlessFar<Document>(page: Page, rest: readonly Filter[]): StoredDocument<Document>[] {
    const { table, plan, filter, limit } = page
    const walked = plan.index && table.indexNamed(plan.index)
    const found: StoredDocument<Document>[] = []
    let ahead = limit
    for (let looked = 0; ; ) {
      const patience = this.patienceFor(ahead)
      const { rows, ended } = this.walk<Document>(restOf(page, found), rest, patience)
      found.push(...rows)
      if (ended) return found
      looked += patience
      ahead = Math.ceil((looked * (limit - found.length)) / found.length)
      // Finding out whether another way is narrower costs as much as so many entries
      if (ahead <= looked && looked === patience) continue
      // At least twice as far each time
      ahead = Math.max(ahead, looked)
      const driver = this.narrowest(rowDrivers(table, filter), Math.min(ahead, this.maxSortedRows))
      if (driver && (driver.index === undefined || driver.index !== walked)) return this.sorted(page, driver)
      if (driver || ahead > this.maxSortedRows)
        return [...found, ...this.walk<Document>(restOf(page, found), rest).rows]
    }
  }

  private patienceFor(rows: number): number {
    const entries = Math.ceil(rows * PATIENCE) + PATIENCE_AT_LEAST
    return Math.max(1, Math.min(entries, this.maxSortedRows))
  }

  /** Undefined: every way to find the rows by an index finds more candidates than that. */
  private narrowest(drivers: readonly RowDriver[], limit: number): CountedDriver | undefined {
    return narrowestDriver(this.file.connection, drivers, limit)
  }

  /** Reads every candidate of a narrow driver and sorts them here. */
  private sorted<Document>(page: Page, driver: CountedDriver): StoredDocument<Document>[] {
    const { table, plan, filter, limit, after } = page
    const order = keyOrder(plan)
    const cursor = after && levelCursor(table, plan, after)
    const kept = <Row extends RowKey>(found: readonly Row[]) =>
      found
        .filter((key) => !cursor || order(key, cursor) > 0)
        .sort(order)
        .slice(0, limit)
    // Where all that is found has room on the page, it is read at once
    if (driver.count <= limit) {
      const sources = sourcesOf(table, filter, driver).map(rowsOf)
      return kept(this.rowsWithPlaces<Document>(page, sources)).map(({ row }) => row)
    }
    const condition = filterSql(table, filter, { checkOnly: true })
    const candidates = driver.rows()
    const text = `${table.table} WHERE n IN (${candidates.text}) AND (${condition.text})`
    const values = [...candidates.values, ...condition.values]
    const keys = this.file.connection.lists(`SELECT ${keyColumns(plan)} FROM ${text}`, values).map(readKey)
    return this.documents(table, kept(keys))
  }

  /** @param sources what follows FROM; a row that several have is read once */
  private rowsWithPlaces<Document>(
    { table, plan }: Page,
    sources: readonly Sql[],
  ): (RowKey & { row: StoredDocument<Document> })[] {
    const columns = [documentColumns(table.table), ...plan.levels.map(({ column }) => quoted(column))]
    const found = new Map<string, RowKey & { row: StoredDocument<Document> }>()
    for (const { text, values } of sources)
      for (const row of this.file.connection.lists(`SELECT ${columns.join(', ')} FROM ${text}`, values)) {
        const read = readDocument<Document>(row)
        found.set(read.id, {
          n: 0,
          id: read.id,
          values: row.slice(row.length - plan.levels.length),
          row: read,
        })
      }
    return [...found.values()]
  }

  /**
   * Walks the planned index, once for each combination of its fixed columns' values, and merges.
   * @param patience index entries that each scan may look at
   */
  private walk<Document>(
    { table, plan, limit, after }: Page,
    rest: readonly Filter[],
    patience?: number,
  ): Walked<StoredDocument<Document>> {
    const prefixes = combinations(table, plan)
    const merged = prefixes.length > 1
    const walk = {
      table,
      index: plan.index && table.indexNamed(plan.index),
      levels: plan.levels,
      byId: plan.index === undefined || !table.tellsRowsApart(plan.index),
      idDirection: plan.orderBy.at(-1)?.direction ?? 'asc',
      nullable: this.file.nullableColumns(table.schema.name),
      residual: allOf(rest.map((condition) => filterSql(table, condition, { checkOnly: true }))),
      bounds: plan.levels[0] ? boundsOn(table, plan.levels[0].column, rest) : {},
      patience,
      merged,
      columns: merged ? keyColumns(plan) : DOCUMENT_COLUMNS,
    }
    const cursor = after && levelCursor(table, plan, after)
    const streams: SqlValue[][] = []
    for (const prefix of prefixes) {
      const { rows, ended } = new PageWalk(this.file.connection, walk, limit).run(prefix, cursor)
      if (!merged) return { rows: rows.map((row) => readDocument<Document>(row)), ended }
      if (!ended) return { rows: [], ended }
      streams.push(...rows)
    }
    const keys = streams.map(readKey).sort(keyOrder(plan)).slice(0, limit)
    return { rows: this.documents(table, keys), ended: true }
  }

  private documents<Document>(table: CollectionTable, keys: readonly RowKey[]): StoredDocument<Document>[] {
    const rows = this.file.connection.lists(
      `SELECT ${documentColumns('r')}, r.n FROM json_each(?) wanted CROSS JOIN ${table.table} r ON r.n = wanted.value`,
      [JSON.stringify(keys.map(({ n }) => n))],
    )
    const byNumber = new Map(rows.map((row) => [row.at(-1), row]))
    return keys.map(({ n }) => readDocument<Document>(byNumber.get(n) as SqlValue[]))
  }
}

interface Page {
  table: CollectionTable
  plan: OrderPlan
  filter: Filter
  limit: number
  after: KeysetCursor | undefined
}

/** What of a page is still to be found. */
function restOf(page: Page, found: readonly StoredDocument<unknown>[]): Page {
  const last = found.at(-1) as StoredDocument<object> | undefined
  if (last === undefined) return page
  return { ...page, limit: page.limit - found.length, after: cursorAfter(page.plan.orderBy, last) }
}

/** What to select to read a {@link RowKey}. */
const keyColumns = ({ levels }: OrderPlan) =>
  ['n', 'id', ...levels.map(({ column }) => quoted(column))].join(', ')

const readKey = ([n, id, ...values]: readonly SqlValue[]): RowKey => ({
  n: n as number,
  id: id as string,
  values,
})

function answeredByPrefix(condition: Filter, plan: OrderPlan): boolean {
  const values =
    condition.kind === 'in'
      ? condition.values
      : condition.kind === 'compare' && condition.op === '='
        ? [condition.value]
        : undefined
  if (!values) return false
  const { column } = condition as { column: string }
  const fixed = plan.prefix.find((candidate) => candidate.column === column)
  return fixed?.values.every((value) => values.includes(value)) ?? false
}

/** The fixed columns' values in every combination, as conditions. */
function combinations(table: CollectionTable, plan: OrderPlan): Sql[][] {
  return plan.prefix.reduce<Sql[][]>(
    (streams, { column, values }) =>
      streams.flatMap((stream) =>
        values.map((value) => [
          ...stream,
          comparisonSql(quoted(column), '=', table.encodeValue(column, value)),
        ]),
      ),
    [[]],
  )
}

function keyOrder(plan: OrderPlan): (a: RowKey, b: RowKey) => number {
  const idDirection = plan.orderBy.at(-1)?.direction ?? 'asc'
  if (plan.levels.length === 0) {
    const sign = idDirection === 'asc' ? 1 : -1
    return (a, b) => sign * compareText(a.id, b.id)
  }
  const order = compareRows(plan.levels)
  // A constant column may be the last key asked for and so decide the direction of the ids
  const levelDirection = plan.levels.at(-1)?.direction ?? 'asc'
  if (idDirection === levelDirection) return order
  const levelsOnly = (a: RowKey, b: RowKey) => order({ ...a, id: '' }, { ...b, id: '' })
  return (a, b) =>
    levelsOnly(a, b) ||
    compareRows([{ column: 'id', direction: idDirection }])(
      { id: a.id, values: [a.id] },
      { id: b.id, values: [b.id] },
    )
}

/** The cursor's values for the columns that are not constant. */
function levelCursor(table: CollectionTable, plan: OrderPlan, after: KeysetCursor): RowKey {
  const values = plan.levels.map(({ column }) => {
    const place = plan.orderBy.findIndex((key) => key.column === column)
    return table.encodeValue(column, after.values[place] ?? null)
  })
  return { n: 0, id: after.id, values }
}
