import { earlier, LOG_START, later, type Position } from '#libs/event-sourcing'
import type { AttributeValue } from '../../src/configuration/domain/configuration.events.js'
import { UNENDED, UNENDED_POSITION } from '../intervals.js'

/**
 * A part of the two time axes in which the record stood so: a rectangle, half-open on both, and what reaches beyond its end in
 * valid time as long as that was not known. Those of one record never overlap. Rows with `systemTo` unended are current: they
 * partition the record's valid time, and know what a later event must know.
 */
export interface VersionRow {
  validFrom: string
  validTo: string
  /** Position of the event that told so. */
  systemFrom: Position
  /** Position of the event that told otherwise. */
  systemTo: Position
  /** Position of the event that told of `validTo`: before it, the version had no end. The log's start: it always had that one. */
  endKnownFrom: Position
  attributes?: Readonly<Record<string, AttributeValue>>
  /** Of a current row: `validFrom` of the one before it; null: it is the first. */
  previous?: string | null
  /** Of a current row: the fields that events set, by the effective times of these. */
  setAt?: Readonly<Record<string, readonly string[]>>
  /** Of the last current row: the record's latest effective time. */
  effectiveAt?: string
}

/** What an event says of a record. A field is `attributes.<name>` or one of the row's own; null: absent. */
export interface Effect {
  sets: Readonly<Record<string, AttributeValue | null>>
  /** What is of the record as such and never varies: the ends of a relation. */
  constants?: Readonly<Record<string, string | undefined>>
  occurredAt: string
  /** A correction counts from its own time on, wherever that lies; all else no earlier than what was told before. */
  correction: boolean
  /** From then on a correction counts no more. */
  until?: string
}

/** The rows of a collection, by id. */
export interface Rows<Row extends VersionRow> {
  get(id: string): Row | undefined
  put(id: string, row: Row): void
}

/** A version as rectangles: one, or one until its end and one beyond, which no longer stood once that was known. */
export function rectanglesOf<Row extends VersionRow>(row: Row): readonly Row[] {
  const { validTo, endKnownFrom } = row
  if (endKnownFrom === LOG_START) return [row]
  const ended = { ...row, endKnownFrom: LOG_START }
  return [ended, { ...ended, validFrom: validTo, validTo: UNENDED, systemTo: endKnownFrom }]
}

/** Whether an event's word on a field replaces the one of `since`: of events of the same time the later one wins. */
export type Wins = (since: string | undefined, effectiveAt: string) => boolean
export const laterWins: Wins = (since, effectiveAt) => since === undefined || since <= effectiveAt

/**
 * Folds one event into the rows of its record. The last current row is stored under the record's id, earlier ones under the id
 * and their `validFrom`, those that are no longer held true under both their beginnings; so an event that comes in order reads
 * one row, and a back-dated one as many as lie behind its time. Rows are never deleted.
 *
 * An event that sets a field in a part of a row cuts the row: before and after that part it stands as it was; in it the old row
 * ends at this position and a new one begins. What an event that comes in order cuts off is the open end of a row, which that row
 * keeps for the positions before: so each such event makes one row.
 */
export function foldVersions<Row extends VersionRow>(
  rows: Rows<Row>,
  id: string,
  blank: Omit<Row, keyof VersionRow>,
  effect: Effect,
  position: Position,
  wins: Wins = laterWins,
): void {
  const last = rows.get(id)
  const latest = last?.effectiveAt
  const from =
    effect.correction || latest === undefined ? effect.occurredAt : later(latest, effect.occurredAt)
  const known = chainFrom(rows, id, last, from)
  const chain =
    known[0] && known[0].validFrom <= from
      ? known
      : [emptyRow(blank, from, known[0]?.validFrom ?? UNENDED, position), ...known]
  const cut = chain.flatMap((row) => cutRow(rows, id, row, { effect, from, position, wins }))
  storeChain(rows, id, cut, new Set(known), latest === undefined ? from : later(latest, from))
}

/** The current rows from the one at a time to the last one; from the first, if that time lies before it. */
function chainFrom<Row extends VersionRow>(
  rows: Rows<Row>,
  id: string,
  last: Row | undefined,
  from: string,
): Row[] {
  const chain: Row[] = []
  for (let row = last; row !== undefined; row = rows.get(currentId(id, row.previous as string))) {
    chain.unshift(row)
    if (row.validFrom <= from || row.previous === null) break
  }
  return chain
}

/** Nothing is known of the record yet. */
function emptyRow<Row extends VersionRow>(
  blank: Omit<Row, keyof VersionRow>,
  validFrom: string,
  validTo: string,
  systemFrom: Position,
): Row {
  const bounds = { validFrom, validTo, systemFrom, systemTo: UNENDED_POSITION, endKnownFrom: LOG_START }
  return { ...blank, ...bounds, previous: null, setAt: {} } as Row
}

interface Cut {
  effect: Effect
  from: string
  position: Position
  wins: Wins
}

/** What becomes of a current row: itself where the event says nothing new, else up to three. Stores what it no longer is. */
function cutRow<Row extends VersionRow>(rows: Rows<Row>, id: string, row: Row, cut: Cut): readonly Row[] {
  const { effect, position } = cut
  const from = later(row.validFrom, cut.from)
  const to = earlier(row.validTo, effect.until ?? UNENDED)
  const told = from < to ? withEffect(row, cut) : row
  if (told === row) return [row]
  const next = { ...told, validFrom: from, validTo: to, systemFrom: position, endKnownFrom: LOG_START }
  if (row.validFrom < from && to === UNENDED) return [{ ...row, validTo: from, endKnownFrom: position }, next]
  const [ended, beyond] = rectanglesOf(row) as [Row, Row?]
  if (beyond && isTold(row)) putFormer(rows, id, beyond)
  if (row.systemFrom !== position && isTold(row))
    putFormer(rows, id, { ...ended, validFrom: from, validTo: to, systemTo: position })
  const before = row.validFrom < from ? [{ ...ended, validTo: from }] : []
  const after = to < row.validTo ? [{ ...ended, validFrom: to }] : []
  return [...before, next, ...after]
}

/** Rows that hold nothing make the current ones whole; once something is said, nobody needs them. */
const isTold = ({ setAt = {} }: VersionRow) => Object.keys(setAt).length > 0

/** The row with what the event says of it; the same row, if that changes nothing. */
function withEffect<Row extends VersionRow>(row: Row, { effect, from, wins }: Cut): Row {
  const since = timesOf(row)
  const won = Object.entries(effect.sets).filter(([field]) => wins(since.get(field), from))
  if (won.every(([field, value]) => since.get(field) === from && isSame(heldValue(row, field), value)))
    return row
  const next: Record<string, unknown> = { ...row, ...effect.constants }
  const attributes: Record<string, AttributeValue> = { ...row.attributes }
  for (const [field, value] of won) {
    since.set(field, from)
    const attribute = attributeOf(field)
    if (attribute === undefined) next[field] = value ?? undefined
    else if (value === null) delete attributes[attribute]
    else attributes[attribute] = value
  }
  return { ...next, attributes, setAt: byTime(since) } as unknown as Row
}

/** Per field, the effective time of the event that set it. */
function timesOf({ setAt = {} }: VersionRow): Map<string, string> {
  const since = new Map<string, string>()
  for (const [time, fields] of Object.entries(setAt)) for (const field of fields) since.set(field, time)
  return since
}

function byTime(since: ReadonlyMap<string, string>): Record<string, readonly string[]> {
  const setAt: Record<string, string[]> = {}
  for (const [field, time] of since) {
    const fields = setAt[time]
    if (fields) fields.push(field)
    else setAt[time] = [field]
  }
  return setAt
}

const ATTRIBUTES = 'attributes.'
/** The field that holds an attribute. */
export const attributeField = (name: string) => `${ATTRIBUTES}${name}`
/** The attribute that a field holds; undefined: it is one of the row's own. */
export const attributeOf = (field: string) =>
  field.startsWith(ATTRIBUTES) ? field.slice(ATTRIBUTES.length) : undefined

function heldValue(row: VersionRow, field: string): unknown {
  const attribute = attributeOf(field)
  if (attribute === undefined) return (row as unknown as Record<string, unknown>)[field] ?? null
  return row.attributes?.[attribute] ?? null
}

export function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((item, i) => item === b[i])
}

/** Stores the rows that are new or whose place in the chain is another. */
function storeChain<Row extends VersionRow>(
  rows: Rows<Row>,
  id: string,
  chain: readonly Row[],
  known: ReadonlySet<Row>,
  effectiveAt: string,
): void {
  let previous = chain[0]?.previous ?? null
  for (const [i, row] of chain.entries()) {
    const isLast = i === chain.length - 1
    const latest = isLast ? effectiveAt : undefined
    if (!known.has(row) || row.previous !== previous || row.effectiveAt !== latest)
      rows.put(isLast ? id : currentId(id, row.validFrom), { ...row, previous, effectiveAt: latest })
    previous = row.validFrom
  }
}

function putFormer<Row extends VersionRow>(rows: Rows<Row>, id: string, row: Row): void {
  const former = { ...row, previous: undefined, setAt: undefined, effectiveAt: undefined }
  rows.put(`${currentId(id, row.validFrom)}#${BigInt(row.systemFrom).toString(36)}`, former)
}

/** Short, because it stands in the row and in an index. */
function currentId(id: string, validFrom: string): string {
  return `${id}@${Date.parse(validFrom).toString(36)}`
}
