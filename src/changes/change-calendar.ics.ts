import { ICalCalendar, ICalEventStatus, ICalEventTransparency } from 'ical-generator'
import type { CalendarChange, CalendarWindow, ChangeCalendar } from './queries/change-calendar.query.js'

/** The media type of iCalendar (RFC 5545). */
export const ICALENDAR = 'text/calendar'

/**
 * The calendar of changes as iCalendar (RFC 5545), for programs that subscribe to it. All times are UTC.
 * @param logId makes the ids of its events unique over all installations
 */
export function asICalendar({ changes, blackouts, maintenance }: ChangeCalendar, logId: string): string {
  const calendar = new ICalCalendar({
    name: 'Changes',
    prodId: { company: 'Ledgerdesk', product: 'Change calendar', language: 'EN' },
  })
  for (const change of changes) calendar.createEvent(changeEvent(change, logId))
  for (const window of blackouts)
    for (const event of windowEvents(window, 'Blackout', logId)) calendar.createEvent(event)
  for (const window of maintenance)
    for (const event of windowEvents(window, 'Maintenance window', logId)) calendar.createEvent(event)
  return calendar.toString()
}

function changeEvent(change: CalendarChange, logId: string) {
  const { number, type, title, state, onHold, risk, start, end, updatedAt } = change
  const { assignmentGroup, assignee, affectedCis, conflictKinds } = change
  const lines = [
    `State: ${state}${onHold ? ', on hold' : ''}`,
    `Type: ${type}`,
    ...(risk === undefined ? [] : [`Risk: ${risk}`]),
    ...(assignmentGroup === undefined ? [] : [`Group: ${assignmentGroup}`]),
    ...(assignee === undefined ? [] : [`Assignee: ${assignee}`]),
    ...(affectedCis.length === 0 ? [] : [`Affected: ${affectedCis.join(', ')}`]),
    ...(conflictKinds === undefined ? [] : [`Conflicts: ${conflictKinds.join(', ')}`]),
  ]
  return {
    id: `${number}.${logId}`,
    start: new Date(start),
    end: new Date(end),
    stamp: new Date(updatedAt),
    summary: `${number} ${title}`,
    description: lines.join('\n'),
    // Nobody has allowed it yet.
    status: state === 'Authorize' ? ICalEventStatus.TENTATIVE : ICalEventStatus.CONFIRMED,
    categories: [{ name: 'Change' }, { name: type }],
  }
}

function windowEvents({ name, periods, publishedAt }: CalendarWindow, kind: string, logId: string) {
  return periods.map(({ start, end }) => ({
    id: `${encodeURIComponent(kind)}.${encodeURIComponent(name)}.${start}.${logId}`,
    start: new Date(start),
    end: new Date(end),
    stamp: new Date(publishedAt),
    summary: `${kind}: ${name}`,
    transparency: ICalEventTransparency.TRANSPARENT,
    categories: [{ name: kind }],
  }))
}
