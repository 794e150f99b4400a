import { earlier, later, type Position } from '#libs/event-sourcing'
import type { AttributeValue } from '../../src/configuration/domain/configuration.events.js'
import { UNENDED, UNENDED_POSITION } from '../intervals.js'

/**
 * A rectangle on the two time axes in which the record stood so; half-open on both. Those of one record never overlap. Rows
 * with `systemTo` unended are current: they partition the record's valid time, and know what a later event must know.
 */
export interface VersionRow {
  validFrom: string
  validTo: string
  /** Position of the event that told so. */
  systemFrom: Position
  /** Position of the event that told otherwise. */
  systemTo: Position
  attributes?: Readonly<Record<string, AttributeValue>>
  /** Of a current row: `validFrom` of the one before it; null: it is the first. */
  previous?: string | null
  /** Of a current row: per field, the effective time of the event that set it. */
  since?: Readonly<Record<string, string>>
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

/** Whether an event's word on a field replaces the one of `since`: of events of the same time the later one wins. */
export type Wins = (since: string | undefined, effectiveAt: string) => boolean
export const laterWins: Wins = (since, effectiveAt) => since === undefined || since <= effectiveAt

/**
 * Folds one event into the rows of its record. The last current row is stored under the record's id, earlier ones under the id
 * and their `validFrom`, those that are no longer held true under both their beginnings; so an event that comes in order reads
 * one row, and a back-dated one as many as lie behind its time. Rows are never deleted.
 *
 * An event that sets a field in a part of a row cuts the row: before and after that part it stands as it was; in it the old row
 * ends at this position and a new one begins.
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
  const bounds = { validFrom, validTo, systemFrom, systemTo: UNENDED_POSITION }
  return { ...blank, ...bounds, previous: null, since: {} } as Row
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
  if (row.systemFrom !== position && isTold(row)) {
    const former: Row = { ...row, validFrom: from, validTo: to, systemTo: position }
    former.previous = former.since = former.effectiveAt = undefined
    rows.put(formerId(id, former), former)
  }
  const before = row.validFrom < from ? [{ ...row, validTo: from }] : []
  const after = to < row.validTo ? [{ ...row, validFrom: to }] : []
  return [...before, { ...told, validFrom: from, validTo: to, systemFrom: position }, ...after]
}

/** Rows that hold nothing make the current ones whole; once something is said, nobody needs them. */
const isTold = ({ since = {} }: VersionRow) => Object.keys(since).length > 0

/** The row with what the event says of it; the same row, if that changes nothing. */
function withEffect<Row extends VersionRow>(row: Row, { effect, from, wins }: Cut): Row {
  const won = Object.entries(effect.sets).filter(([field]) => wins(row.since?.[field], from))
  if (won.every(([field, value]) => row.since?.[field] === from && isSame(heldValue(row, field), value)))
    return row
  const next: Record<string, unknown> = { ...row, ...effect.constants }
  const attributes: Record<string, AttributeValue> = { ...row.attributes }
  const since: Record<string, string> = { ...row.since }
  for (const [field, value] of won) {
    since[field] = from
    const attribute = attributeOf(field)
    if (attribute === undefined) next[field] = value ?? undefined
    else if (value === null) delete attributes[attribute]
    else attributes[attribute] = value
  }
  return { ...next, attributes, since } as unknown as Row
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

function currentId(id: string, validFrom: string): string {
  return `${id}@${validFrom}`
}
function formerId(id: string, { validFrom, systemFrom }: VersionRow): string {
  return `${id}@${validFrom}#${systemFrom}`
}
