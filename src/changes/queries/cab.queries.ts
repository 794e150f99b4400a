import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type CabMeetingEntry, cabMeetings, shownMeeting } from '#projections/cab-meetings/cab-meetings'
import { type ListArguments, listPage } from '../../http/listing.js'

/** Meetings of the board as they are now. */
export function listCabMeetings(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<CabMeetingEntry>(dependencies, args, {
    definition: cabMeetings,
    usualOrder: [{ column: 'start', direction: 'desc' }],
    render: shownMeeting,
  })
}

/** One meeting. @throws NotFound `CAB.UNKNOWN` */
export async function readCabMeeting(
  { principal, id, minPosition }: { principal: Principal; id: string; minPosition?: string },
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { row, position } = await models
    .of<CabMeetingEntry>(cabMeetings.name)
    .get(`cab-${id}`, { principal, minPosition, timeoutMilliseconds })
  if (!row) throw new NotFound('CAB.UNKNOWN', `There is no meeting ${id}, or none that you may see`)
  return { json: JSON.stringify({ ...shownMeeting(row.document, row.stale), position }), position }
}
