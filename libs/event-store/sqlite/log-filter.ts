import { categoryOf } from '../encode-append.js'
import type { LogFilter } from '../event-store.js'
import type { SqlValue } from './driver.js'
import { EVENT_COLUMNS, type LogFile } from './log-file.js'

/** A filter as a query over (after, upTo, limit), in log order. */
export interface FilteredQuery {
  readonly sql: string
  /** Bound behind the three numbers. */
  readonly values: readonly SqlValue[]
  /** The query passes over index entries that the filter leaves out, so the caller bounds how far it searches. */
  readonly searches: boolean
}

/** What to read of one category. */
interface CategoryRange {
  readonly id: number
  /** Only streams with one of these prefixes; undefined: all of the category. */
  readonly prefixes?: string[]
}

/**
 * Turns a filter into one indexed query per category, merged by position; so a page costs what it returns and not what
 * the log holds. The query is undefined when the log has nothing that could match.
 */
export function filteredQuery(log: LogFile, filter: LogFilter): FilteredQuery | undefined {
  const ranges = filter.prefixes === undefined ? undefined : categoryRanges(log, filter.prefixes)
  const types = filter.types?.flatMap((type) => log.types.idOf(type) ?? [])
  if (types?.length === 0 || ranges?.length === 0) return undefined
  const all = [...log.categories.entries()].map(([, id]) => ({ id }) as CategoryRange)
  const everything = ranges === undefined || (ranges.length === all.length && ranges.every(isWhole))
  if (everything && types === undefined) return { sql: WHOLE_LOG, values: [], searches: false }

  const values: SqlValue[] = []
  const bind = (value: SqlValue) => `?${FIRST_VALUE + values.push(value) - 1}`
  const branches = (ranges ?? all).map((range) => branch(range, types, bind))
  return {
    sql: `SELECT ${EVENT_COLUMNS}
      FROM (${branches.join(' UNION ALL ')} ORDER BY position LIMIT ?3) found
      CROSS JOIN events e ON e.position = found.position
      CROSS JOIN streams s ON s.id = e.stream
      ORDER BY found.position`,
    values,
    searches: types !== undefined || (ranges ?? all).some((range) => !isWhole(range)),
  }
}

/** Whether streams of the category may have one of the prefixes. */
export function concerns(prefixes: readonly string[], category: string): boolean {
  return prefixes.some((prefix) => category.startsWith(prefix) || categoryOf(prefix) === category)
}

/** Numbers of the parameters that are the same in every query; the filter's own follow. */
const AFTER = '?1'
const UP_TO = '?2'
const FIRST_VALUE = 4

const WHOLE_LOG = `SELECT ${EVENT_COLUMNS} FROM events e CROSS JOIN streams s ON s.id = e.stream
  WHERE e.position > ${AFTER} AND e.position <= ${UP_TO} ORDER BY e.position LIMIT ?3`

function branch(
  { id, prefixes }: CategoryRange,
  types: readonly number[] | undefined,
  bind: (value: SqlValue) => string,
): string {
  const ofType = types === undefined ? '' : ` AND i.type IN (${types.join(', ')})`
  const range = `i.category = ${id} AND i.position > ${AFTER} AND i.position <= ${UP_TO}${ofType}`
  const index = 'events i INDEXED BY events_by_category'
  if (prefixes === undefined) return `SELECT i.position AS position FROM ${index} WHERE ${range}`
  const named = prefixes.map((prefix) => `substr(n.name, 1, ${[...prefix].length}) = ${bind(prefix)}`)
  return `SELECT i.position AS position FROM ${index} CROSS JOIN streams n ON n.id = i.stream
    WHERE ${range} AND (${named.join(' OR ')})`
}

const isWhole = (range: CategoryRange) => range.prefixes === undefined

/** Each category once, whole if any prefix takes it whole. A prefix without a dash takes every category it begins. */
function categoryRanges(log: LogFile, prefixes: readonly string[]): CategoryRange[] {
  const ranges: CategoryRange[] = []
  for (const [name, id] of log.categories.entries()) {
    if (prefixes.some((prefix) => name.startsWith(prefix))) {
      ranges.push({ id })
      continue
    }
    const reaching = prefixes.filter((prefix) => categoryOf(prefix) === name)
    if (reaching.length > 0) ranges.push({ id, prefixes: reaching })
  }
  return ranges
}
