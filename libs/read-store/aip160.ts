import { InvalidInput } from '#libs/event-sourcing'
import {
  all,
  type Comparison,
  compare,
  type Filter,
  type FilterValue,
  has,
  not,
  startsWith,
} from './filter.js'
import { type Literal, readValue, refuseFilter } from './filter-literal.js'
import { type ColumnType, columnType, type FilterColumn } from './read-store.js'

/** Longest filter text, in UTF-16 units. */
export const MAX_FILTER_LENGTH = 4_000
/** Deepest nesting of parentheses and negations. */
export const MAX_FILTER_DEPTH = 20

const COMPARATORS = ['<=', '>=', '!=', '=', '<', '>', ':'] as const
type Comparator = (typeof COMPARATORS)[number]
const WHITE_SPACE = ' \t\r\n'
/** What ends a bare word: outside quotes these mean something. */
const FIELD_END = `${WHITE_SPACE}()"'\\<>=!:,`
const VALUE_END = `${WHITE_SPACE}()"'\\<>=!`

/**
 * Reads a filter in the language of AIP-160 (https://google.aip.dev/160): restrictions `field operator value` with
 * `= != < <= > >= :`, joined by `AND`, `OR` (which binds tighter) and `NOT` or `-`; restrictions side by side are joined
 * by `AND`. Texts may be quoted with `"` or `'`, where `\` escapes quotes, itself and `*`; a text that ends in `*` is a
 * prefix with `=`, `!=` and `:`. `:` asks whether a list has a value, whether a field is there (`field:*`), and is `=`
 * otherwise. `null`, `true` and `false` stand bare. Timestamps are RFC 3339 (or a date: its UTC midnight), cut to
 * milliseconds; a duration such as `1.5s` is a number of seconds. Bare words without a field, functions and nested
 * fields are not offered.
 *
 * @param columns the fields that may be asked for, with their types
 * @throws InvalidInput `FILTER.SYNTAX`, `FILTER.UNKNOWN_FIELD`, `FILTER.UNKNOWN_VALUE`, `FILTER.WRONG_TYPE`,
 * `FILTER.WILDCARD`, `FILTER.TOO_LONG`, `FILTER.TOO_DEEP`, naming the position (from 1) and what may be used there
 */
export function parseFilter(text: string, columns: Readonly<Record<string, FilterColumn>>): Filter {
  if (text.length > MAX_FILTER_LENGTH)
    throw refuseFilter('TOO_LONG', MAX_FILTER_LENGTH, `a filter has at most ${MAX_FILTER_LENGTH} characters`)
  return new FilterParser(text, columns).parse()
}

class FilterParser {
  private at = 0

  constructor(
    private readonly text: string,
    private readonly columns: Readonly<Record<string, FilterColumn>>,
  ) {}

  parse(): Filter {
    this.skipSpace()
    if (this.atEnd()) return all
    const filter = this.expression(0)
    if (!this.atEnd()) throw this.unexpected('AND, OR or the end of the filter')
    return filter
  }

  /** Factors joined by AND, which may be left out. */
  private expression(depth: number): Filter {
    const filters = [this.factor(depth)]
    while (!this.atEnd() && this.peek() !== ')') {
      this.keyword('AND')
      filters.push(this.factor(depth))
    }
    return filters.length === 1 ? (filters[0] as Filter) : { kind: 'and', filters }
  }

  private factor(depth: number): Filter {
    const filters = [this.term(depth)]
    while (this.keyword('OR')) filters.push(this.term(depth))
    return filters.length === 1 ? (filters[0] as Filter) : { kind: 'or', filters }
  }

  private term(depth: number): Filter {
    if (depth > MAX_FILTER_DEPTH)
      throw refuseFilter('TOO_DEEP', this.at, `nest at most ${MAX_FILTER_DEPTH} parentheses and negations`)
    if (this.keyword('NOT') || this.symbol('-')) return not(this.term(depth + 1))
    if (!this.symbol('(')) return this.restriction()
    const inner = this.expression(depth + 1)
    if (!this.symbol(')')) throw this.unexpected('AND, OR or )')
    return inner
  }

  private restriction(): Filter {
    const start = this.at
    const name = this.word(FIELD_END)
    if (name === '') throw this.unexpected(`a field (${this.fields()})`)
    const column = Object.hasOwn(this.columns, name) ? this.columns[name] : undefined
    if (!column)
      throw refuseFilter('UNKNOWN_FIELD', start, `there is no field "${name}": use ${this.fields()}`)
    this.skipSpace()
    const operatorAt = this.at
    const comparator = COMPARATORS.find((candidate) => this.symbol(candidate))
    if (!comparator) throw this.unexpected(`one of ${COMPARATORS.join(' ')} after "${name}"`)
    const valueAt = this.at
    const literal = this.literal(name)
    return restrict({ name, column, comparator, literal, operatorAt, valueAt })
  }

  private literal(name: string): Literal {
    const quote = this.peek()
    const literal = quote === '"' || quote === "'" ? this.quoted(quote) : this.bare(name)
    this.skipSpace()
    return literal
  }

  private bare(name: string): Literal {
    const text = this.word(VALUE_END)
    if (text === '') throw this.unexpected(`a value for "${name}"`)
    const next = this.peek()
    if (next && !`${WHITE_SPACE})`.includes(next))
      throw this.unexpected('a space (quote a value that has such characters)')
    return { text, quoted: false, stars: [...text.matchAll(/\*/g)].map(({ index }) => index) }
  }

  private quoted(quote: string): Literal {
    const start = this.at++
    const stars: number[] = []
    let text = ''
    for (;;) {
      const next = this.text[this.at++]
      if (next === undefined)
        throw refuseFilter('SYNTAX', start, `the text that begins here lacks its closing ${quote}`)
      if (next === quote) return { text, quoted: true, stars }
      if (next === '*') stars.push(text.length)
      text += next === '\\' ? this.escaped() : next
    }
  }

  private escaped(): string {
    const next = this.text[this.at++]
    if (next !== undefined && '"\'\\*'.includes(next)) return next
    throw refuseFilter('SYNTAX', this.at - 1, `after \\ comes one of " ' \\ *`)
  }

  private word(end: string): string {
    const start = this.at
    while (!this.atEnd() && !end.includes(this.peek() as string)) this.at++
    return this.text.slice(start, this.at)
  }

  /** Takes a keyword if it comes next, as a whole word. */
  private keyword(keyword: string): boolean {
    const after = this.text[this.at + keyword.length]
    if (
      !this.text.startsWith(keyword, this.at) ||
      (after !== undefined && !`${WHITE_SPACE}(`.includes(after))
    )
      return false
    this.at += keyword.length
    this.skipSpace()
    return true
  }

  private symbol(symbol: Comparator | '(' | ')' | '-'): boolean {
    if (!this.text.startsWith(symbol, this.at)) return false
    this.at += symbol.length
    this.skipSpace()
    return true
  }

  private skipSpace(): void {
    while (!this.atEnd() && WHITE_SPACE.includes(this.peek() as string)) this.at++
  }

  private peek(): string | undefined {
    return this.text[this.at]
  }

  private atEnd(): boolean {
    return this.at >= this.text.length
  }

  private fields(): string {
    return Object.keys(this.columns).join(', ')
  }

  private unexpected(wanted: string): InvalidInput {
    const found = this.atEnd() ? 'the filter ends' : `"${this.text.slice(this.at, this.at + 12)}" stands`
    return refuseFilter('SYNTAX', this.at, `${found} where ${wanted} is expected`)
  }
}

interface Restriction {
  name: string
  column: FilterColumn
  comparator: Comparator
  literal: Literal
  operatorAt: number
  valueAt: number
}

function restrict({ name, column, comparator, literal, operatorAt, valueAt }: Restriction): Filter {
  const type: ColumnType = columnType(column)
  if (type === 'strings') {
    if (comparator !== ':')
      throw refuseFilter('WRONG_TYPE', operatorAt, `"${name}" is a list: use ${name}:value`)
    if (literal.stars.length > 0)
      throw refuseFilter('WILDCARD', valueAt, `"${name}" is a list: name the whole value, without *`)
    requireKnownValue(name, column, literal.text, valueAt)
    return has(name, literal.text)
  }
  if (comparator === ':' && literal.text === '*' && literal.stars.length === 1)
    return compare(name, '!=', null)
  const op: Comparison = comparator === ':' ? '=' : comparator
  if (type === 'string' && literal.stars.length > 0) return matchPrefix(name, op, literal, valueAt)
  const value = readValue(name, type, literal, valueAt)
  if (value === null && op !== '=' && op !== '!=')
    throw refuseFilter('WRONG_TYPE', operatorAt, `null has no order: use = or !=`)
  if (op === '=' || op === '!=') requireKnownValue(name, column, value, valueAt)
  return compare(name, op, value)
}

/** Of a column whose values are known, none but these may be asked for: what can't be found was mistyped. */
function requireKnownValue(name: string, column: FilterColumn, value: FilterValue, valueAt: number): void {
  if (typeof column === 'string' || value === null || column.values.includes(value as string)) return
  throw refuseFilter(
    'UNKNOWN_VALUE',
    valueAt,
    `"${name}" is one of ${column.values.join(', ')}; "${value}" is not`,
  )
}

function matchPrefix(name: string, op: Comparison, { text, stars }: Literal, valueAt: number): Filter {
  const last = text.length - 1
  if (stars.length > 1 || stars[0] !== last)
    throw refuseFilter('WILDCARD', valueAt, `* may stand at the end of a value only ("\\*" is the character)`)
  if (op !== '=' && op !== '!=')
    throw refuseFilter('WILDCARD', valueAt, `* goes with = != and : only ("\\*" is the character)`)
  const prefix = startsWith(name, text.slice(0, last))
  return op === '=' ? prefix : not(prefix)
}
