import { compareText } from './text-order.js'

export type FilterValue = string | number | boolean | null
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='

/**
 * A condition on the columns of a collection, evaluated inside the store. Two-valued: a condition on an absent (null)
 * value is plainly false, save `= null` and `!= value`, and `not` turns that round.
 */
export type Filter =
  | { kind: 'and'; filters: readonly Filter[] }
  | { kind: 'or'; filters: readonly Filter[] }
  | { kind: 'not'; filter: Filter }
  /** `= null` and `!= null` test for absence and presence. */
  | { kind: 'compare'; column: string; op: Comparison; value: FilterValue }
  /** The text begins with `prefix` (AIP-160 `column = "abc*"`). */
  | { kind: 'prefix'; column: string; prefix: string }
  | { kind: 'in'; column: string; values: readonly FilterValue[] }
  /** A `strings` column contains the value (AIP-160 `column:value`). */
  | { kind: 'has'; column: string; value: string }
  | { kind: 'true' }
  | { kind: 'false' }

export const all: Filter = { kind: 'true' }
export const none: Filter = { kind: 'false' }
export const and = (...filters: Filter[]): Filter => ({ kind: 'and', filters })
export const or = (...filters: Filter[]): Filter => ({ kind: 'or', filters })
export const not = (filter: Filter): Filter => ({ kind: 'not', filter })
export const eq = (column: string, value: FilterValue): Filter => ({
  kind: 'compare',
  column,
  op: '=',
  value,
})
export const compare = (column: string, op: Comparison, value: FilterValue): Filter => ({
  kind: 'compare',
  column,
  op,
  value,
})
export const startsWith = (column: string, prefix: string): Filter => ({ kind: 'prefix', column, prefix })
export const isIn = (column: string, values: readonly FilterValue[]): Filter => ({
  kind: 'in',
  column,
  values,
})
export const has = (column: string, value: string): Filter => ({ kind: 'has', column, value })

/**
 * Evaluates a filter on one document, as every store must. Absent fields are null; values of different types are
 * unequal and have no order.
 */
export function matches(filter: Filter, document: object): boolean {
  const field = (column: string) => (document as Record<string, unknown>)[column] ?? null
  switch (filter.kind) {
    case 'and':
      return filter.filters.every((part) => matches(part, document))
    case 'or':
      return filter.filters.some((part) => matches(part, document))
    case 'not':
      return !matches(filter.filter, document)
    case 'compare':
      return holds(field(filter.column), filter.op, filter.value)
    case 'prefix': {
      const text = field(filter.column)
      return typeof text === 'string' && text.startsWith(filter.prefix)
    }
    case 'in':
      return (filter.values as readonly unknown[]).includes(field(filter.column))
    case 'has': {
      const list = field(filter.column)
      return Array.isArray(list) && list.includes(filter.value)
    }
    case 'true':
      return true
    case 'false':
      return false
  }
}

function holds(left: unknown, op: Comparison, right: FilterValue): boolean {
  if (op === '=') return left === right
  if (op === '!=') return left !== right
  if (left === null || right === null || typeof left !== typeof right) return false
  const order = compareValues(left as string | number | boolean, right)
  switch (op) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

/** Order of two present values of one type: texts by code point, `false` before `true`. */
export function compareValues(a: string | number | boolean, b: string | number | boolean): number {
  return typeof a === 'string' && typeof b === 'string' ? compareText(a, b) : Number(a) - Number(b)
}

/** Every column a filter mentions. @param columns to which they are added */
export function columnsOf(filter: Filter, columns = new Set<string>()): Set<string> {
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const part of filter.filters) columnsOf(part, columns)
      return columns
    case 'not':
      return columnsOf(filter.filter, columns)
    case 'true':
    case 'false':
      return columns
    default:
      return columns.add(filter.column)
  }
}

/**
 * An equal filter that is easier to plan: nested `and` and `or` are flattened, constants are folded away, a choice
 * between values of one column becomes `in`, an `in` of one value an equality.
 */
export function simplify(filter: Filter): Filter {
  switch (filter.kind) {
    case 'and':
      return simplifyAnd(filter.filters.map(simplify))
    case 'or':
      return simplifyOr(filter.filters.map(simplify))
    case 'not':
      return simplifyNot(simplify(filter.filter))
    case 'in':
      return simplifyIn(filter.column, filter.values)
    default:
      return filter
  }
}

function simplifyAnd(parts: readonly Filter[]): Filter {
  const flat = parts.flatMap((part) => (part.kind === 'and' ? part.filters : [part]))
  const filters = flat.filter((part) => part.kind !== 'true')
  if (filters.some((part) => part.kind === 'false')) return none
  if (filters.length === 0) return all
  return filters.length === 1 ? (filters[0] as Filter) : { kind: 'and', filters }
}

function simplifyOr(parts: readonly Filter[]): Filter {
  const flat = parts.flatMap((part) => (part.kind === 'or' ? part.filters : [part]))
  if (flat.some((part) => part.kind === 'true')) return all
  const choices = new Map<string, FilterValue[]>()
  const others: Filter[] = []
  for (const part of flat) {
    if (part.kind === 'in') choices.set(part.column, [...(choices.get(part.column) ?? []), ...part.values])
    else if (part.kind === 'compare' && part.op === '=')
      choices.set(part.column, [...(choices.get(part.column) ?? []), part.value])
    else if (part.kind !== 'false') others.push(part)
  }
  const filters = [...[...choices].map(([column, values]) => simplifyIn(column, values)), ...others]
  if (filters.length === 0) return none
  return filters.length === 1 ? (filters[0] as Filter) : { kind: 'or', filters }
}

function simplifyNot(inner: Filter): Filter {
  if (inner.kind === 'not') return inner.filter
  if (inner.kind === 'true') return none
  if (inner.kind === 'false') return all
  return { kind: 'not', filter: inner }
}

function simplifyIn(column: string, values: readonly FilterValue[]): Filter {
  const distinct = [...new Set(values)]
  if (distinct.length === 0) return none
  return distinct.length === 1 ? eq(column, distinct[0] as FilterValue) : isIn(column, distinct)
}

/** The conditions that must all hold, of a simplified filter. */
export function conjuncts(filter: Filter): readonly Filter[] {
  if (filter.kind === 'true') return []
  return filter.kind === 'and' ? filter.filters : [filter]
}
