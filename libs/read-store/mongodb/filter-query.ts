import type { Comparison, Filter, FilterValue } from '../filter.js'
import { afterPrefix } from '../text-order.js'
import { ABSENT_LAST, type StoredValue } from './stored-document.js'

/**
 * Which of the two fields of a column a condition is about: the one of the index that is walked. `c` has every column,
 * `a` those of indexes.
 */
export type Space = 'a' | 'c'

/** A query document of MongoDB. */
export type Condition = Record<string, unknown>

const NOTHING: Condition = { _id: { $in: [] } }

const OPERATORS: Readonly<Record<Comparison, string>> = {
  '=': '$eq',
  '!=': '$ne',
  '<': '$lt',
  '<=': '$lte',
  '>': '$gt',
  '>=': '$gte',
}

/**
 * A filter as MongoDB asks it, over documents that are not deleted. Comparisons see only values of the same type, so that
 * absent ones are in no range, and `$nor` turns false into true: two-valued, as `matches` is.
 */
export function filterCondition(filter: Filter, fieldOf: (column: string) => SpacedField): Condition {
  switch (filter.kind) {
    case 'and':
      return filter.filters.length === 0
        ? {}
        : { $and: filter.filters.map((part) => filterCondition(part, fieldOf)) }
    case 'or':
      return filter.filters.length === 0
        ? NOTHING
        : { $or: filter.filters.map((part) => filterCondition(part, fieldOf)) }
    case 'not':
      return { $nor: [filterCondition(filter.filter, fieldOf)] }
    case 'compare':
      return comparison(fieldOf(filter.column), filter.op, filter.value)
    case 'prefix': {
      const { name } = fieldOf(filter.column)
      const end = afterPrefix(filter.prefix)
      return { [name]: { $gte: filter.prefix, ...(end !== undefined && { $lt: end }) } }
    }
    case 'in': {
      const { name, absent } = fieldOf(filter.column)
      return { [name]: { $in: filter.values.map((value) => value ?? absent) } }
    }
    case 'has':
      return { [`c.${filter.column}`]: filter.value }
    case 'true':
      return {}
    case 'false':
      return NOTHING
  }
}

/** A field and what stands there for an absent value. */
export interface SpacedField {
  name: string
  absent: StoredValue
}

export function spacedField(space: Space, column: string): SpacedField {
  return { name: `${space}.${column}`, absent: space === 'a' ? ABSENT_LAST : null }
}

function comparison({ name, absent }: SpacedField, op: Comparison, value: FilterValue): Condition {
  if (value === null && op !== '=' && op !== '!=') return NOTHING
  return { [name]: { [OPERATORS[op]]: value ?? absent } }
}
