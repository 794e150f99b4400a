import { InvalidInput } from '#libs/event-sourcing'
import type { FilterValue } from './filter.js'
import { isOfType } from './query-rules.js'
import type { ColumnType } from './read-store.js'

/** A value as it was written. */
export interface Literal {
  /** Without quotes and escapes. */
  text: string
  quoted: boolean
  /** Where in `text` stand asterisks that were not escaped. */
  stars: readonly number[]
}

const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2}))?$/
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const DURATION = /^(-?\d+(?:\.\d{1,9})?)s$/

/** @param at 0-based place in the filter's text */
export function refuseFilter(code: string, at: number, message: string): InvalidInput {
  const whole = `At character ${at + 1}: ${message}`
  return new InvalidInput(`FILTER.${code}`, whole, [{ pointer: 'filter', message: whole }])
}

/**
 * The value a literal stands for in a column of a type.
 * @throws InvalidInput `FILTER.WRONG_TYPE`
 */
export function readValue(
  name: string,
  type: Exclude<ColumnType, 'strings'>,
  literal: Literal,
  at: number,
): FilterValue {
  const { text, quoted } = literal
  if (!quoted && text === 'null') return null
  const value = readers[type](text, quoted)
  if (value === undefined)
    throw refuseFilter(
      'WRONG_TYPE',
      at,
      `"${name}" is compared with ${wanted[type]}, or null; "${text}" is not`,
    )
  return value
}

const wanted: Readonly<Record<Exclude<ColumnType, 'strings'>, string>> = {
  string: 'a text',
  integer: 'a whole number (or seconds, as 90s)',
  number: 'a number (or seconds, as 1.5s)',
  boolean: 'true or false',
  timestamp: 'an RFC 3339 time (2016-05-10T09:00:00Z) or date (2016-05-10)',
  instant: 'an RFC 3339 time (2016-05-10T09:00:00Z) or date (2016-05-10)',
  position: 'the 20 digits of a position',
}

const readers: Readonly<
  Record<Exclude<ColumnType, 'strings'>, (text: string, quoted: boolean) => FilterValue | undefined>
> = {
  string: (text) => text,
  integer: (text, quoted) => {
    const value = readNumber(text, quoted)
    return Number.isSafeInteger(value) ? value : undefined
  },
  number: readNumber,
  boolean: (text, quoted) => (!quoted && (text === 'true' || text === 'false') ? text === 'true' : undefined),
  timestamp: (text) => readTimestamp(text),
  instant: (text) => readTimestamp(text),
  position: (text) => (isOfType('position', text) ? text : undefined),
}

function readNumber(text: string, quoted: boolean): number | undefined {
  const duration = DURATION.exec(text)?.[1]
  if (!duration && (quoted || !NUMBER.test(text))) return undefined
  const value = Number(duration ?? text)
  // -0 equals 0 everywhere but in a comparison by identity
  return Number.isFinite(value) ? value + 0 : undefined
}

/** RFC 3339, or its date alone → ISO 8601 UTC with milliseconds, as columns hold it. Undefined: no such time. */
function readTimestamp(text: string): string | undefined {
  const parts = TIMESTAMP.exec(text)
  if (!parts) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', offset = 'Z'] = parts
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  const time = new Date(local)
  // Date rolls the 30th of February over to March
  if (Number.isNaN(time.getTime()) || time.toISOString() !== local) return undefined
  const [offsetHours, offsetMinutes] =
    offset.toUpperCase() === 'Z' ? [0, 0] : [+offset.slice(1, 3), +offset.slice(4)]
  if (offsetHours > 23 || offsetMinutes > 59) return undefined
  const shift = (offsetHours * 60 + offsetMinutes) * (offset.startsWith('-') ? 60_000 : -60_000)
  const utc = new Date(time.getTime() + shift)
  // Beyond the year 9999 (or before 0) the text would no longer sort by time
  return /^\d{4}-/.test(utc.toISOString()) ? utc.toISOString() : undefined
}
