import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { type ImportMapping, RANK_FIELDS } from './mapping.js'

/** A place of the mapping, and the column that it speaks of. */
type Mention = readonly [pointer: string, column: string]

/**
 * Columns whose content is wholly kept elsewhere: in a field, in the event's metadata, or in its time. A column that
 * gives a length of time, or speaks in some rows only, is not: what it says is kept besides.
 */
export function homeColumns(mapping: ImportMapping): string[] {
  const { externalId, time, attributedTo, updateCounter, fields, customFields, told, backFilled } = mapping
  const exact = Object.entries(fields).flatMap(([field, described]) => {
    // A rank's label is told by the matrix; without one only the column tells it.
    const isRank = (RANK_FIELDS as readonly string[]).includes(field)
    if (isRank && mapping.priorityMatrix === undefined) return []
    if (typeof described === 'object' && ('earlierBy' in described || isInSomeRows(described))) return []
    return columnsOf(described).map(([, column]) => column)
  })
  const custom = Object.values(customFields).flatMap((described) =>
    // A number may be written in several ways, of which one is kept.
    typeof described === 'object' && 'as' in described
      ? []
      : columnsOf(described).map(([, column]) => column),
  )
  const renamed = Object.values(told).filter((described) => typeof described === 'string')
  const ownTime = time.laterBy === undefined ? time.column : undefined
  const id = typeof externalId === 'string' ? externalId : undefined
  return [id, ownTime, attributedTo, updateCounter, ...exact, ...custom, ...renamed].filter(
    (column): column is string => column !== undefined && !backFilled.includes(column),
  )
}

function isInSomeRows(described: object): boolean {
  return 'when' in described && described.when !== undefined
}

/** The columns that a part of a mapping names, with where within that part. */
function columnsOf(described: string | object | undefined): Mention[] {
  if (described === undefined) return []
  if (typeof described === 'string') return [['', described]]
  if ('column' in described) return [['/column', described.column as string]]
  if ('earlierBy' in described)
    return [['/earlierBy/column', (described.earlierBy as { column: string }).column]]
  return []
}

function mentions(mapping: ImportMapping): Mention[] {
  const { externalId, time, attributedTo, updateCounter, state, fields, customFields, told } = mapping
  const single: [string, string | object | undefined][] = [
    ['/externalId', externalId],
    ['/time/column', time.column],
    ['/time/laterBy', time.laterBy],
    ['/attributedTo', attributedTo],
    ['/updateCounter', updateCounter],
    ['/state', state],
    ...holds(state),
    ...within('/fields', fields),
    ...within('/customFields', customFields),
    ...within('/told', told),
    ...within('/backFilled', mapping.backFilled),
    ...within('/times', mapping.times),
    ...within('/trimmed', mapping.trimmed),
  ]
  return single.flatMap(([pointer, described]) =>
    columnsOf(described).map(([place, column]): Mention => [pointer + place, column]),
  )
}

function within(pointer: string, parts: object): [string, string | object][] {
  return Object.entries(parts).map(([name, described]) => [`${pointer}/${name}`, described])
}

/** Where columns tell why a record is on hold. */
function holds(state: ImportMapping['state']): [string, object][] {
  const states = 'column' in state ? within('/state/values', state.values) : []
  if ('column' in state && state.otherwise !== undefined) states.push(['/state/otherwise', state.otherwise])
  if ('constant' in state) states.push(['/state/constant', state.constant])
  return states.flatMap(([pointer, mapped]): [string, object][] => {
    const hold = typeof mapped === 'object' && 'hold' in mapped ? mapped.hold : undefined
    return typeof hold === 'object' && hold !== null ? [[`${pointer}/hold`, hold]] : []
  })
}

/**
 * @param header names of the file's columns
 * @throws InvalidInput `IMPORT.COLUMNS_MISSING`, naming every column that the mapping speaks of and the file lacks;
 *   `IMPORT.COLUMN_NAMED_TWICE` when it keeps something under the name of another column
 */
export function requireColumns(mapping: ImportMapping, header: readonly string[]): void {
  const missing = mentions(mapping)
    .filter(([, column]) => !header.includes(column))
    .map(([pointer, column]) => ({ pointer, message: `the file has no column "${column}"` }))
  if (missing.length > MOST_TOLD) throw anotherFile(missing, header)
  refuse('IMPORT.COLUMNS_MISSING', 'The file does not have the columns of the mapping', missing)
  const homes = homeColumns(mapping)
  const taken = Object.entries(mapping.told)
    .filter(([name, told]) => header.includes(name) && !homes.includes(name) && told !== name)
    .map(([name]) => ({
      pointer: `/told/${name}`,
      message: `the file has a column "${name}", which would be kept under that name too`,
    }))
  refuse('IMPORT.COLUMN_NAMED_TWICE', 'The mapping gives two columns one name', taken)
}

/** Where more columns are missing than these, the mapping is one of another file. */
const MOST_TOLD = 5
/** So many columns of the file are named, to compare with. */
const MOST_NAMED = 40

function anotherFile(missing: readonly FieldError[], header: readonly string[]): InvalidInput {
  const more = header.length > MOST_NAMED ? ', …' : ''
  return new InvalidInput(
    'IMPORT.COLUMNS_MISSING',
    `The mapping is for another file: it speaks of columns in ${missing.length} places that this one does not have. ` +
      `Name the mapping of this file, or write one (docs/imports.md). Columns of the file: ${header.slice(0, MOST_NAMED).join(', ')}${more}`,
    [...missing],
  )
}

function refuse(code: string, what: string, errors: FieldError[]): void {
  if (errors.length === 0) return
  const places = errors.map(({ pointer, message }) => `${pointer}: ${message}`)
  throw new InvalidInput(code, `${what}:\n  ${places.join('\n  ')}`, errors)
}
