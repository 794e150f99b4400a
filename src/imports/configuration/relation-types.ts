import { InvalidInput } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { CiRelationType, CiRelationTypesPublished } from '../../settings/domain/settings.events.js'
import type { HistoryMapping } from './history-mapping.js'

/**
 * The types of relations in force, which those of the mapping must be among, read from either end.
 * @throws InvalidInput `IMPORT.RELATION_TYPE_UNKNOWN`
 */
export async function relationTypesFor(
  store: EventStore,
  { relations, references }: HistoryMapping,
  defaults: readonly CiRelationType[],
): Promise<readonly CiRelationType[]> {
  const [last] = await store.readStream('settings-ci-relation-types', { direction: 'backwards', limit: 1 })
  const types = (last?.data as CiRelationTypesPublished['data'] | undefined)?.types ?? defaults
  const known = new Set(types.flatMap(({ name, inverse }) => [name, inverse]))
  const unknown = [...relations, ...references].map(({ type }) => type).filter((type) => !known.has(type))
  if (unknown.length === 0) return types
  throw new InvalidInput(
    'IMPORT.RELATION_TYPE_UNKNOWN',
    `The mapping names types of relations that there are not: ${unknown.join(', ')}. Publish them first ` +
      `(PUT /settings/ci-relation-types), or choose one of ${types.map(({ name }) => name).join(', ')}.`,
  )
}
