import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type CabMeetingEntry, cabMeetings, shownMeeting } from '#projections/cab-meetings/cab-meetings'
import { changes } from '#projections/changes/changes'
import { type ListArguments, listPage } from '../../http/listing.js'
import { seenAmong } from '../../http/seen-among.js'

/** Meetings of the board as they are now. */
export async function listCabMeetings(
  args: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const listed = await listPage<CabMeetingEntry>(dependencies, args, {
    definition: cabMeetings,
    usualOrder: [{ column: 'start', direction: 'desc' }],
    render: shownMeeting,
  })
  const page = JSON.parse(listed.json) as { items: Pick<CabMeetingEntry, 'agenda'>[] }
  const items = await withAgendasAsSeen(page.items, args, dependencies)
  return { ...listed, json: JSON.stringify({ ...page, items }) }
}

/** Of what is on their agendas, the changes that the principal may see. */
async function withAgendasAsSeen<Meeting extends Pick<CabMeetingEntry, 'agenda'>>(
  meetings: readonly Meeting[],
  reader: { principal: Principal; minPosition?: string },
  dependencies: QueryDependencies,
): Promise<Meeting[]> {
  const named = meetings.flatMap(({ agenda }) => agenda.map(({ change }) => change))
  const seen = await seenAmong(named, changes, reader, dependencies)
  return meetings.map((meeting) => ({
    ...meeting,
    agenda: meeting.agenda.filter(({ change }) => seen.has(change)),
  }))
}

/** One meeting. @throws NotFound `CAB.UNKNOWN` */
export async function readCabMeeting(
  { principal, id, minPosition }: { principal: Principal; id: string; minPosition?: string },
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { models, waitMilliseconds: timeoutMilliseconds } = dependencies
  const { row, position } = await models
    .of<CabMeetingEntry>(cabMeetings.name)
    .get(`cab-${id}`, { principal, minPosition, timeoutMilliseconds })
  if (!row) throw new NotFound('CAB.UNKNOWN', `There is no meeting ${id}, or none that you may see`)
  const [meeting] = await withAgendasAsSeen([row.document], { principal, minPosition }, dependencies)
  return { json: JSON.stringify({ ...shownMeeting(meeting!, row.stale), position }), position }
}
