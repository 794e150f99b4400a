import { NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type ChangeModelEntry, changeModels } from '#projections/change-models/change-models'
import { type ListArguments, listPage } from '../http/listing.js'
import { type ChangeModel, evolveModel, NO_MODEL } from './domain/change-model.decider.js'
import type { ChangeModelEvent } from './domain/change-model.events.js'

/** Models as they are now; what they say stands in each one. */
export function listChangeModels(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<ChangeModelEntry>(dependencies, args, {
    definition: changeModels,
    usualOrder: [{ column: 'id', direction: 'asc' }],
    render: (model, stale) => ({ ...model, ...(stale && { stale }) }),
  })
}

/**
 * A model of standard changes as it is now, from its stream.
 * @throws NotFound `CHANGE_MODEL.UNKNOWN`
 */
export async function readChangeModel(
  { id }: { id: string },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const events = (await eventStore.readStream(`changemodel-${id}`)) as RecordedEvent<ChangeModelEvent>[]
  const { draft, approved } = events.reduce<ChangeModel>(evolveModel, NO_MODEL)
  if (draft === null) throw new NotFound('CHANGE_MODEL.UNKNOWN', `There is no change model "${id}".`)
  const streamRevision = events.length - 1
  return { json: JSON.stringify({ id, draft, approved, streamRevision }), etag: streamRevision }
}
