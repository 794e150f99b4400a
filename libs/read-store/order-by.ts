import { InvalidInput } from '#libs/event-sourcing'
import { columnType, type FilterColumn, type SortKey } from './read-store.js'

/** Longest order, in keys; no index has more columns. */
const MAX_KEYS = 16

/**
 * Reads an order in the language of AIP-132 (https://google.aip.dev/132#ordering): fields separated by commas, each
 * ascending unless `desc` follows it.
 * @param columns the fields that may be asked for, with their types
 * @throws InvalidInput `ORDER_BY.SYNTAX`, `ORDER_BY.UNKNOWN_FIELD`, `ORDER_BY.REPEATED_FIELD`, naming what may be used
 */
export function parseOrderBy(text: string, columns: Readonly<Record<string, FilterColumn>>): SortKey[] {
  if (text.trim() === '') return []
  const parts = text.split(',', MAX_KEYS + 1)
  if (parts.length > MAX_KEYS) throw refuse('SYNTAX', `name at most ${MAX_KEYS} fields`)
  const keys = parts.map((part, i) => parseKey(part, i, columns))
  const repeated = keys.find(({ column }, i) => keys.findIndex((key) => key.column === column) < i)
  if (repeated) throw refuse('REPEATED_FIELD', `name "${repeated.column}" once`)
  return keys
}

function parseKey(part: string, i: number, columns: Readonly<Record<string, FilterColumn>>): SortKey {
  const [column, direction = 'asc', ...more] = part.trim().split(/\s+/)
  const sortable = Object.entries(columns).flatMap(([name, column]) =>
    columnType(column) === 'strings' ? [] : [name],
  )
  if (!column || more.length > 0 || (direction !== 'asc' && direction !== 'desc'))
    throw refuse(
      'SYNTAX',
      `key ${i + 1} must be a field (${sortable.join(', ')}), then asc or desc or nothing`,
    )
  if (!sortable.includes(column))
    throw refuse(
      'UNKNOWN_FIELD',
      `key ${i + 1}: there is no field "${column}" to sort by: use ${sortable.join(', ')}`,
    )
  return { column, direction }
}

function refuse(code: string, message: string): InvalidInput {
  return new InvalidInput(`ORDER_BY.${code}`, `orderBy: ${message}`, [{ pointer: 'orderBy', message }])
}
