import { nonEmpty } from './drafts.js'

/** Longest value that is worth filtering by. */
const MAX_TERM_LENGTH = 200

/** Filterable form of the scalar custom fields of a record: `<name>=<value>`. */
export function customTerms(
  fields: Record<string, unknown> | null | undefined,
): readonly string[] | undefined {
  if (!fields) return undefined
  const terms = Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((item) => ['string', 'number', 'boolean'].includes(typeof item))
      .map((item) => `${name}=${item}`)
      .filter((term) => term.length <= MAX_TERM_LENGTH),
  )
  return nonEmpty(terms)
}
