import type { Filter } from '../filter.js'
import { compareValues } from '../filter.js'
import type { SortKey } from '../read-store.js'
import { afterPrefix } from '../text-order.js'
import { type CollectionTable, encodeText, quoted } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import { allOf, comparisonSql, type Sql, sql } from './filter-sql.js'

/** A row as far as its place in the order goes. `values`: one per level, as SQLite keeps them. */
export interface RowKey {
  n: number
  id: string
  values: SqlValue[]
}

/** Bounds that the filter sets on the first level, which the walk enters the index by. */
export interface LevelBounds {
  lower?: { op: '>' | '>='; value: SqlValue }
  upper?: { op: '<' | '<='; value: SqlValue }
}

export interface WalkPlan {
  table: CollectionTable
  /** Quoted name; undefined: by id. */
  index: string | undefined
  levels: readonly SortKey[]
  idDirection: 'asc' | 'desc'
  /** Whether rows may be alike in the index's columns: their ids, which it then ends with, order them. */
  byId: boolean
  /** Columns of the levels in which a null was ever stored. */
  nullable: ReadonlySet<string>
  /** What else a row must satisfy. */
  residual: Sql
  /** Index entries that one scan may look at; left out: as many as it takes. */
  patience?: number
  bounds: LevelBounds
  /** Whether the rows are put in order with those of other walks. */
  merged: boolean
  /** What is read of each row. */
  columns: string
}

/** What a walk has found. */
export interface Walked<Row> {
  /** The first rows in order that satisfy the filter, as many as were asked for or as there are; those until then, unless `ended`. */
  rows: Row[]
  /** False: patience ended before. Of several walks that are merged there are no rows then. */
  ended: boolean
}

/**
 * Walks one index in an order that it need not have in one piece: directions may be mixed, and nulls come last. Where
 * the remaining levels run in one direction and no null can be in the way, one range is scanned; else the distinct
 * values of a level are visited in turn, each of which gives at least one row unless the residual refuses it. So a
 * page costs about as many index entries as it has rows.
 */
export class PageWalk {
  private readonly found: SqlValue[][] = []
  private gaveUp = false

  constructor(
    private readonly connection: Connection,
    private readonly plan: WalkPlan,
    private readonly limit: number,
  ) {}

  /** The first rows that satisfy `prefix` (equalities on the index's leading columns), after the cursor. */
  run(prefix: readonly Sql[], after: RowKey | undefined): Walked<SqlValue[]> {
    if (after) this.resume(prefix, 0, after)
    else this.visit(prefix, 0)
    return { rows: this.found, ended: !this.gaveUp }
  }

  private get isDone(): boolean {
    return this.gaveUp || this.found.length >= this.limit
  }

  /** Rows after a cursor whose first values are fixed already: those with its next value too, then those beyond it. */
  private resume(fixed: readonly Sql[], level: number, after: RowKey): void {
    const { levels, idDirection, byId, merged } = this.plan
    if (level === levels.length) {
      // In its own stream nobody stands where the cursor does, if the index tells rows apart; in those that it is merged with some may
      if (byId || merged)
        this.scan([...fixed, sql(`id ${idDirection === 'asc' ? '>' : '<'} ?`, after.id)], level)
      return
    }
    const value = after.values[level] as SqlValue
    this.resume([...fixed, this.equals(level, value)], level + 1, after)
    if (value !== null) this.visit(fixed, level, value)
  }

  /** All rows of a level, or those beyond one of its values. */
  private visit(fixed: readonly Sql[], level: number, beyond?: SqlValue): void {
    if (this.isDone) return
    if (level === this.plan.levels.length) {
      this.scan(fixed, level)
      return
    }
    const nullable = this.mayBeNull(level)
    const oneScan = this.inOneDirection(level)
    // A descending scan from the start ends with the nulls by itself
    const separateNulls = nullable && !(oneScan && this.direction(level) === 'desc' && beyond === undefined)
    if (oneScan) this.scan([...fixed, ...this.range(level, beyond, separateNulls)], level)
    else this.visitValues(fixed, level, beyond)
    if (separateNulls) this.visit([...fixed, this.equals(level, null)], level + 1)
  }

  private visitValues(fixed: readonly Sql[], level: number, beyond?: SqlValue): void {
    let last = beyond
    while (!this.isDone) {
      const value = this.nextValue([...fixed, ...this.range(level, last, true)], level)
      if (value === undefined) return
      this.visit([...fixed, this.equals(level, value)], level + 1)
      last = value
    }
  }

  private nextValue(conditions: readonly Sql[], level: number): SqlValue | undefined {
    const where = allOf(conditions)
    const column = this.column(level)
    return this.connection.get<{ value: SqlValue }>(
      `SELECT ${column} AS value FROM ${this.source()} WHERE ${where.text} ORDER BY ${column} ${this.direction(level)} LIMIT 1`,
      where.values,
    )?.value
  }

  private scan(conditions: readonly Sql[], level: number): void {
    if (this.isDone) return
    const { columns, residual, patience } = this.plan
    const remaining = this.limit - this.found.length
    if (patience === undefined) {
      this.find(this.entries(sql(columns), allOf([...conditions, residual]), level), remaining)
      return
    }
    const tested = { text: `${columns}, (${residual.text}) AS fits`, values: residual.values }
    const entries = this.entries(tested, allOf(conditions), level)
    const near = { text: `${entries.text} LIMIT ?`, values: [...entries.values, patience] }
    this.find({ text: `SELECT ${columns} FROM (${near.text}) WHERE fits`, values: near.values }, remaining)
    this.gaveUp = !this.isDone && this.goesOnAfter(patience, conditions, level)
  }

  private find({ text, values }: Sql, limit: number): void {
    for (const row of this.connection.lists(`${text} LIMIT ?`, [...values, limit])) this.found.push(row)
  }

  private goesOnAfter(entries: number, conditions: readonly Sql[], level: number): boolean {
    const { text, values } = this.entries(sql('1'), allOf(conditions), level)
    return this.connection.get(`${text} LIMIT 1 OFFSET ?`, [...values, entries]) !== undefined
  }

  /** Entries of the index, in order from a level on. */
  private entries(read: Sql, where: Sql, level: number): Sql {
    const { levels, idDirection, byId } = this.plan
    const ordered = levels
      .slice(level)
      .map((_, i) => `${this.column(level + i)} ${this.direction(level + i)}`)
    const keys = [...ordered, ...(byId ? [`id ${idDirection}`] : [])]
    const order = keys.length > 0 ? `ORDER BY ${keys.join(', ')}` : ''
    return {
      text: `SELECT ${read.text} FROM ${this.source()} WHERE ${where.text} ${order}`,
      values: [...read.values, ...where.values],
    }
  }

  /** May this level and all after it be read off the index in one scan? */
  private inOneDirection(level: number): boolean {
    const { levels, idDirection, nullable } = this.plan
    const rest = levels.slice(level)
    if (rest.some(({ direction }) => direction !== idDirection)) return false
    return idDirection === 'desc' || rest.slice(1).every(({ column }) => !nullable.has(column))
  }

  /** Conditions on the level's value: beyond the last one seen, within the filter's bounds, present where asked. */
  private range(level: number, beyond: SqlValue | undefined, present: boolean): Sql[] {
    const column = this.column(level)
    const ascending = this.direction(level) === 'asc'
    const { lower, upper } = level === 0 ? this.plan.bounds : {}
    const conditions: Sql[] = []
    // Only one bound per side: SQLite enters an index by whichever it likes
    if (beyond !== undefined && beyond !== null) {
      conditions.push(sql(`${column} ${ascending ? '>' : '<'} ?`, beyond))
      const opposite = ascending ? upper : lower
      if (opposite) conditions.push(sql(`${column} ${opposite.op} ?`, opposite.value))
    } else {
      for (const bound of [lower, upper])
        if (bound) conditions.push(sql(`${column} ${bound.op} ?`, bound.value))
    }
    // Not every SQLite enters an index by IS NOT NULL, but all do by a bound below everything
    if (present && !conditions.some(({ text }) => text.includes('>')))
      conditions.push(sql(`${column} >= ${this.lowest(level)}`))
    return conditions
  }

  private lowest(level: number): string {
    const type = this.plan.table.schema.columns[this.plan.levels[level]?.column as string]
    return type === 'string' || type === 'timestamp' ? "''" : '-9e999'
  }

  private mayBeNull(level: number): boolean {
    const bounded = level === 0 && (this.plan.bounds.lower || this.plan.bounds.upper)
    return !bounded && this.plan.nullable.has(this.plan.levels[level]?.column as string)
  }

  private equals(level: number, value: SqlValue): Sql {
    return comparisonSql(this.column(level), '=', value)
  }

  private column(level: number): string {
    return quoted(this.plan.levels[level]?.column as string)
  }

  private direction(level: number): 'asc' | 'desc' {
    return this.plan.levels[level]?.direction ?? 'asc'
  }

  private source(): string {
    const { table, index } = this.plan
    return index ? `${table.table} INDEXED BY ${index}` : table.table
  }
}

/** Is the condition a bound on the column, and nothing else? */
export function boundsColumn(condition: Filter, column: string | undefined): boolean {
  if (condition.kind === 'prefix') return condition.column === column
  return (
    condition.kind === 'compare' &&
    condition.column === column &&
    condition.value !== null &&
    condition.op !== '=' &&
    condition.op !== '!='
  )
}

/** The tightest bounds that the conditions set on a column. */
export function boundsOn(table: CollectionTable, column: string, conditions: readonly Filter[]): LevelBounds {
  const bounds: LevelBounds = {}
  const lower = (op: '>' | '>=', value: SqlValue) => {
    const order = bounds.lower ? compareValues(value as string, bounds.lower.value as string) : 1
    if (order > 0 || (order === 0 && op === '>')) bounds.lower = { op, value }
  }
  const upper = (op: '<' | '<=', value: SqlValue) => {
    const order = bounds.upper ? compareValues(value as string, bounds.upper.value as string) : -1
    if (order < 0 || (order === 0 && op === '<')) bounds.upper = { op, value }
  }
  for (const condition of conditions) {
    if (condition.kind === 'prefix' && condition.column === column) {
      const prefix = encodeText(condition.prefix)
      const end = afterPrefix(prefix)
      lower('>=', prefix)
      if (end !== undefined) upper('<', end)
    }
    if (condition.kind !== 'compare' || condition.column !== column || condition.value === null) continue
    const value = table.encodeValue(column, condition.value)
    if (condition.op === '>' || condition.op === '>=') lower(condition.op, value)
    if (condition.op === '<' || condition.op === '<=') upper(condition.op, value)
  }
  return bounds
}
