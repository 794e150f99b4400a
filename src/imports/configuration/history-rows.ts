import { createHash } from 'node:crypto'
import { InvalidInput } from '#libs/event-sourcing'
import type {
  CiOperation,
  HistoryMapping,
  NamedEnd,
  RelationOperation,
  WordColumn,
} from './history-mapping.js'
import type { JsonLines, JsonRow } from './json-lines.js'

/** Where a row stands, and what tells it from all others. */
export interface RowPlace {
  readonly file: string
  readonly row: number
  /** SHA-256 (hex) of all its columns by name: rows have an order number, so no two are equal. */
  readonly hash: string
}

export interface Commit extends RowPlace {
  readonly key: number
  readonly externalId: string
  /** ISO 8601 UTC. */
  readonly occurredAt: string
  readonly attributedTo: string
  readonly title: string
  readonly references: readonly string[]
  /** Columns that the mapping does not speak of. */
  readonly others: Readonly<Record<string, unknown>>
}

interface ObservedRow extends RowPlace {
  readonly order: number
  readonly others: Readonly<Record<string, unknown>>
}

export interface ObservedItem extends ObservedRow {
  readonly kind: 'item'
  readonly operation: CiOperation
  readonly class: string
  readonly name: string
  readonly previousName?: string
  /** null: absent. */
  readonly changes: Readonly<Record<string, { before: unknown; after: unknown }>>
}

export interface ObservedRelation extends ObservedRow {
  readonly kind: 'relation'
  readonly operation: RelationOperation
  readonly type: string
  readonly source: { readonly name: string; readonly class: string }
  readonly target: { readonly name: string; readonly class: string }
}

export type Observation = ObservedItem | ObservedRelation

/** What the files say, in their one order: what a commit did stands between its begin and its end. */
export type HistoryStep =
  | { readonly kind: 'begin'; readonly commit: Commit }
  | { readonly kind: 'observation'; readonly commit: Commit; readonly observation: Observation }
  | { readonly kind: 'end'; readonly commit: Commit }
  | { readonly kind: 'rejected'; readonly file: string; readonly row: number; readonly reason: string }

/** A row that can't be used; the others go on. */
class UnusableRow extends Error {}

/** The files of a mapping, open. */
export interface HistoryFiles {
  readonly commits: JsonLines
  /** By the mapping's name of the file. */
  readonly others: ReadonlyMap<string, JsonLines>
}

/**
 * Walks all files at once. Each must be sorted: commits by their key, the others by commit and order.
 * @throws InvalidInput `IMPORT.FILE_UNREADABLE` when one is damaged
 */
export async function* historySteps(
  mapping: HistoryMapping,
  files: HistoryFiles,
): AsyncGenerator<HistoryStep, void, undefined> {
  const cursors = readers(mapping).map(
    ({ file, read }) =>
      new Cursor(file, files.others.get(file)!.rows(), (row) => readPlaced(mapping, file, row, read)),
  )
  const commits = new Cursor(mapping.commits.file, files.commits.rows(), (row) => readCommit(mapping, row))
  for (let next = await commits.next(); next !== undefined; next = await commits.next()) {
    if ('reason' in next) {
      yield { kind: 'rejected', ...next }
      continue
    }
    yield { kind: 'begin', commit: next }
    yield* observationsOf(next, cursors)
    yield { kind: 'end', commit: next }
  }
  for (const cursor of cursors)
    for (let left = await cursor.next(); left !== undefined; left = await cursor.next())
      yield { kind: 'rejected', ...('reason' in left ? left : tooLate(left)) }
}

/** An observation with the key of its commit. */
interface Placed {
  readonly commit: number
  readonly observation: Observation
}
interface Rejected {
  readonly file: string
  readonly row: number
  readonly reason: string
}

async function* observationsOf(
  commit: Commit,
  cursors: readonly Cursor<Placed>[],
): AsyncGenerator<HistoryStep, void, undefined> {
  for (;;) {
    let first: { cursor: Cursor<Placed>; order: number } | undefined
    for (const cursor of cursors) {
      const next = await cursor.peek()
      if (next === undefined) continue
      if ('reason' in next || next.commit < commit.key) {
        await cursor.next()
        yield { kind: 'rejected', ...('reason' in next ? next : tooLate(next)) }
        first = undefined
        break
      }
      const { order } = next.observation
      if (next.commit === commit.key && (first === undefined || order < first.order))
        first = { cursor, order }
    }
    if (first === undefined) {
      if (await isOver(commit, cursors)) return
      continue
    }
    const { observation } = (await first.cursor.next()) as Placed
    yield { kind: 'observation', commit, observation }
  }
}

async function isOver({ key }: Commit, cursors: readonly Cursor<Placed>[]): Promise<boolean> {
  for (const cursor of cursors) {
    const next = await cursor.peek()
    if (next !== undefined && ('reason' in next || next.commit <= key)) return false
  }
  return true
}

function tooLate({ commit, observation: { file, row } }: Placed): Rejected {
  return {
    file,
    row,
    reason: `belongs to commit ${commit}, which is unknown or stands before this row's place`,
  }
}

/** The rows of one file, of which the next can be looked at before it is taken. */
class Cursor<Value> {
  #next: Promise<Value | Rejected | undefined> | undefined

  constructor(
    private readonly file: string,
    private readonly rows: AsyncGenerator<JsonRow, void, undefined>,
    private readonly read: (row: Exclude<JsonRow, { unreadable: string }>) => Value,
  ) {}

  peek(): Promise<Value | Rejected | undefined> {
    this.#next ??= this.#read()
    return this.#next
  }

  next(): Promise<Value | Rejected | undefined> {
    const next = this.peek()
    this.#next = undefined
    return next
  }

  async #read(): Promise<Value | Rejected | undefined> {
    const { done, value } = await this.rows.next()
    if (done) return undefined
    const { file } = this
    if ('unreadable' in value) return { file, row: value.row, reason: value.unreadable }
    try {
      return this.read(value)
    } catch (error) {
      if (error instanceof UnusableRow) return { file, row: value.row, reason: error.message }
      throw error
    }
  }
}

type Values = Readonly<Record<string, unknown>>
interface ReadableRow {
  readonly row: number
  readonly value: Values
}
type Reading = Omit<ObservedItem, keyof ObservedRow> | Omit<ObservedRelation, keyof ObservedRow>

interface Reader {
  readonly file: string
  /** @param used is told each column that is understood */
  readonly read: (value: Values, used: Set<string>) => Reading
}

function readers({ items, relations }: HistoryMapping): Reader[] {
  return [
    ...items.map(
      ({ file, ...columns }): Reader => ({ file, read: (row, used) => readItem(columns, row, used) }),
    ),
    ...relations.map(
      ({ file, ...columns }): Reader => ({ file, read: (row, used) => readRelation(columns, row, used) }),
    ),
  ]
}

function readItem(
  columns: Omit<HistoryMapping['items'][number], 'file'>,
  value: Values,
  used: Set<string>,
): Omit<ObservedItem, keyof ObservedRow> {
  const { operation, name, previousName, attributes } = columns
  const did = word(operation, value, used)
  const previous =
    previousName !== undefined && did === 'rename' ? text(previousName, value, used) : undefined
  if (did === 'rename' && previous === undefined) throw new UnusableRow('does not say which CI it renames')
  return {
    kind: 'item',
    operation: did,
    class: word(columns.class, value, used),
    name: text(name, value, used),
    previousName: previous,
    changes: attributes === undefined ? {} : changesIn(attributes, value, used),
  }
}

function readRelation(
  columns: Omit<HistoryMapping['relations'][number], 'file'>,
  value: Values,
  used: Set<string>,
): Omit<ObservedRelation, keyof ObservedRow> {
  const end = ({ name, class: ofClass }: NamedEnd) => ({
    name: text(name, value, used),
    class: typeof ofClass === 'string' ? ofClass : word(ofClass, value, used),
  })
  return {
    kind: 'relation',
    operation: word(columns.operation, value, used),
    type: columns.type,
    source: end(columns.source),
    target: end(columns.target),
  }
}

function readPlaced(
  mapping: HistoryMapping,
  file: string,
  { row, value }: ReadableRow,
  read: Reader['read'],
): Placed {
  const used = new Set<string>()
  const order = number(mapping.order, value, used)
  const commit = number(mapping.commit, value, used)
  const reading = read(value, used)
  const place = { file, row, hash: hashOf(value), order, others: without(value, used) }
  return { commit, observation: { ...place, ...reading } }
}

function readCommit({ commits }: HistoryMapping, { row, value }: ReadableRow): Commit {
  const used = new Set<string>()
  const { file, references } = commits
  const commit = {
    file,
    row,
    hash: hashOf(value),
    key: number(commits.key, value, used),
    externalId: text(commits.externalId, value, used),
    occurredAt: instant(commits.occurredAt, value, used),
    attributedTo: text(commits.attributedTo, value, used),
    title: text(commits.title, value, used),
    references: references === undefined ? [] : texts(references, value, used),
  }
  return { ...commit, others: without(value, used) }
}

function text(column: string, value: Values, used: Set<string>): string {
  used.add(column)
  const found = value[column]
  if (typeof found === 'string' && found !== '') return found
  throw new UnusableRow(`has no text in "${column}"`)
}

function texts(column: string, value: Values, used: Set<string>): string[] {
  used.add(column)
  const found = value[column] ?? []
  if (Array.isArray(found) && found.every((item) => typeof item === 'string')) return found
  throw new UnusableRow(`has no list of texts in "${column}"`)
}

function number(column: string, value: Values, used: Set<string>): number {
  used.add(column)
  const found = value[column]
  if (Number.isSafeInteger(found)) return found as number
  throw new UnusableRow(`has no whole number in "${column}"`)
}

/** A time without a zone would be one of this machine. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

function instant(column: string, value: Values, used: Set<string>): string {
  const written = text(column, value, used)
  const time = INSTANT.test(written) ? Date.parse(written) : Number.NaN
  if (Number.isNaN(time)) throw new UnusableRow(`has no ISO 8601 time with a zone in "${column}"`)
  return new Date(time).toISOString()
}

function word<Word extends string>(
  { column, values }: WordColumn<Word>,
  value: Values,
  used: Set<string>,
): Word {
  const written = text(column, value, used)
  const meant = Object.hasOwn(values, written) ? values[written] : undefined
  if (meant === undefined)
    throw new UnusableRow(`says "${written}" in "${column}", which the mapping does not know`)
  return meant
}

function changesIn(column: string, value: Values, used: Set<string>): ObservedItem['changes'] {
  used.add(column)
  const found = value[column] ?? {}
  if (typeof found !== 'object' || Array.isArray(found))
    throw new UnusableRow(`has no object of attributes in "${column}"`)
  const changes: Record<string, { before: unknown; after: unknown }> = {}
  for (const [attribute, pair] of Object.entries(found as Values)) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new UnusableRow(`has no [before, after] for "${attribute}" in "${column}"`)
    changes[attribute] = { before: pair[0], after: pair[1] }
  }
  return changes
}

function without(value: Values, used: ReadonlySet<string>): Values {
  return Object.fromEntries(Object.entries(value).filter(([column]) => !used.has(column)))
}

/** Of the columns by name: their order in the file says nothing. */
function hashOf(value: Values): string {
  const columns = Object.keys(value).sort()
  return createHash('sha256')
    .update(JSON.stringify(columns.map((column) => [column, value[column]])))
    .digest('hex')
}

/** A name that the mapping has for a file, with where it lies. @throws InvalidInput `IMPORT.FILE_UNREADABLE` */
export function missingFile(folder: string, name: string): InvalidInput {
  return new InvalidInput('IMPORT.FILE_UNREADABLE', `${folder} has neither ${name} nor ${name}.gz`)
}
