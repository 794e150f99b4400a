export type FilterValue = string | number | boolean | null
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='

/** A condition on the columns of a collection, evaluated inside the store. */
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
export const isIn = (column: string, values: readonly FilterValue[]): Filter => ({
  kind: 'in',
  column,
  values,
})
export const has = (column: string, value: string): Filter => ({ kind: 'has', column, value })
