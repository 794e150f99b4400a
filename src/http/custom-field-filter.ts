import type { CustomFieldSchema } from '#libs/custom-fields'
import { type FactQuestion, InvalidInput, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { Filter } from '#libs/read-store'

/**
 * The read model holds all scalar custom fields, as `<name>=<value>`; lists may ask for those only that the schema in
 * force declares filterable.
 * @param question asks for the custom fields in force
 * @throws InvalidInput `FILTER.CUSTOM_FIELD`, naming the field
 */
export async function requireFilterable(
  filter: Filter,
  eventStore: EventStore,
  { stream, fold }: FactQuestion<CustomFieldSchema>,
): Promise<void> {
  const terms = customTerms(filter)
  if (terms.length === 0) return
  const events = (await eventStore.readStream(stream)) as RecordedEvent<never>[]
  const { filterable } = events.reduce(fold.evolve, fold.initial)
  const errors = terms
    .filter((term) => !filterable.some((name) => term.startsWith(`${name}=`)))
    .map((term) => ({
      pointer: 'filter',
      message: `"${term.split('=', 1)[0]}" is no custom field that lists filter by`,
    }))
  if (errors.length === 0) return
  const offered = filterable.length === 0 ? 'none is' : `these are: ${filterable.join(', ')}`
  throw new InvalidInput(
    'FILTER.CUSTOM_FIELD',
    `Ask by custom:"<field>=<value>" for custom fields that are declared filterable; ${offered}.`,
    errors,
  )
}

/** What the filter asks of the column of custom fields, under whatever AND, OR and NOT. */
function customTerms(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap(customTerms)
    case 'not':
      return customTerms(filter.filter)
    case 'has':
      return filter.column === 'custom' ? [filter.value] : []
    default:
      return []
  }
}
