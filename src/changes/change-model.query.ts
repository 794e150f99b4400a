import { NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type ChangeModel, evolveModel, NO_MODEL } from './domain/change-model.decider.js'
import type { ChangeModelEvent } from './domain/change-model.events.js'

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
