import type { Comparison, Filter, FilterValue } from '#libs/read-store'

/**
 * Whether a document meets a filter: the meaning that a store's own evaluation must agree with. Comparisons with an
 * absent (null) field hold for `= null` and for `!=` only.
 */
export function matches(filter: Filter, document: object): boolean {
  const field = (column: string): unknown => (document as Record<string, unknown>)[column] ?? null
  switch (filter.kind) {
    case 'true':
      return true
    case 'false':
      return false
    case 'and':
      return filter.filters.every((part) => matches(part, document))
    case 'or':
      return filter.filters.some((part) => matches(part, document))
    case 'not':
      return !matches(filter.filter, document)
    case 'compare':
      return compares(field(filter.column), filter.op, filter.value)
    case 'in':
      return filter.values.includes(field(filter.column) as FilterValue)
    case 'prefix': {
      const value = field(filter.column)
      return typeof value === 'string' && value.startsWith(filter.prefix)
    }
    case 'has': {
      const value = field(filter.column)
      return Array.isArray(value) && value.includes(filter.value)
    }
  }
}

function compares(value: unknown, op: Comparison, wanted: FilterValue): boolean {
  if (op === '=') return value === wanted
  if (op === '!=') return value !== wanted
  if (value === null || wanted === null) return false
  const [a, b] = [value as string, wanted as string]
  switch (op) {
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}
