import type { Filter } from '../filter.js'
import type { OrderPlan } from '../query-rules.js'
import type { CollectionSchema, KeysetCursor, SortKey } from '../read-store.js'
import { type Condition, filterCondition, type Space, type SpacedField, spacedField } from './filter-query.js'
import { isIndexed } from './stored-document.js'

type Direction = 1 | -1

/** A page as queries in their order: its rows are those of the first, then of the next, until there are enough. */
export interface PageQuery {
  pieces: Condition[]
  sort: [string, Direction][]
}

/** The rows that satisfy a filter. @param direction in which an index of them is walked */
export function fitting(
  schema: CollectionSchema,
  filter: Filter,
  direction: SortKey['direction'] = 'asc',
): Condition {
  return {
    $and: [{ deleted: false }, filterCondition(filter, (column) => walkedField(schema, direction, column))],
  }
}

/**
 * Without a cursor one query, else one per key of the order: the rows that equal the cursor in all keys but the last,
 * then those that equal it in all but the last two, and so on. Each is one run of an index.
 */
export function pageQuery(
  schema: CollectionSchema,
  plan: OrderPlan,
  filter: Filter,
  after: KeysetCursor | undefined,
): PageQuery {
  const idDirection = plan.orderBy.at(-1)?.direction ?? 'asc'
  const direction = plan.levels[0]?.direction ?? idDirection
  const condition = fitting(schema, filter, direction)
  const levels = plan.levels.map(({ column, direction }) => ({
    ...spacedField(spaceOf(direction), column),
    direction: toSign(direction),
    value: after?.values[plan.orderBy.findIndex((key) => key.column === column)] ?? null,
  }))
  const sort: [string, Direction][] = [
    ...levels.map(({ name, direction }): [string, Direction] => [name, direction]),
    ['_id', toSign(idDirection)],
  ]
  if (!after) return { pieces: [condition], sort }
  const keys = [...levels, { name: '_id', absent: null, direction: toSign(idDirection), value: after.id }]
  const pieces = keys.flatMap((key, place) => {
    const equal = keys.slice(0, place).map(({ name, absent, value }) => ({ [name]: value ?? absent }))
    // Behind an absent value comes nothing
    return key.value === null ? [] : [{ $and: [condition, ...equal, beyond(key)] }]
  })
  return { pieces: pieces.reverse(), sort }
}

/**
 * All that comes later in the key's direction: what is not before, and so what is absent too, which no comparison with a
 * value sees.
 */
function beyond(key: SpacedField & { direction: Direction; value: unknown }): Condition {
  if (key.name === '_id') return { _id: { [key.direction === 1 ? '$gt' : '$lt']: key.value } }
  return { [key.name]: { $not: { [key.direction === 1 ? '$lte' : '$gte']: key.value } } }
}

/** Conditions are put to the index that is walked, which has the columns of one direction. */
function walkedField(schema: CollectionSchema, direction: 'asc' | 'desc', column: string): SpacedField {
  return spacedField(isIndexed(schema, column) ? spaceOf(direction) : 'c', column)
}

const spaceOf = (direction: 'asc' | 'desc'): Space => (direction === 'asc' ? 'a' : 'c')

const toSign = (direction: 'asc' | 'desc'): Direction => (direction === 'asc' ? 1 : -1)
