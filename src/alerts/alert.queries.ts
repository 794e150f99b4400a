import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type AlertEntry, alerts } from '#projections/alerts/alerts'
import { type ListArguments, listPage } from '../http/listing.js'

/** Alerts as they are now. */
export function listAlerts(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<AlertEntry>(dependencies, args, {
    definition: alerts,
    usualOrder: [{ column: 'firstSeenAt', direction: 'desc' }],
    render: (alert, stale) => ({ ...alert, ...(stale && { stale }) }),
  })
}

/** Events of an alert that its page shows: a storm has thousands, nearly all of them repeats. */
const SHOWN_EVENTS = 100

/**
 * One alert with its latest events.
 * @throws NotFound when there is none, or none that the principal may see
 */
export async function readAlert(
  { principal, id, minPosition }: { principal: Principal; id: string; minPosition?: string },
  { eventStore, models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const stream = `alert-${id}`
  const found = await models
    .of<AlertEntry>(alerts.name)
    .get(stream, { principal, minPosition, timeoutMilliseconds })
  if (!found.row) throw new NotFound('ALERT.UNKNOWN', `There is no alert ${id}, or none that you may see`)
  const events = await eventStore.readStream(stream, { direction: 'backwards', limit: SHOWN_EVENTS })
  const history = events.map(({ type, data, metadata }) => ({ type, at: metadata.occurredAt, data }))
  const { document, stale } = found.row
  const { position } = found
  return { json: JSON.stringify({ ...document, ...(stale && { stale }), history, position }), position }
}
