import { ICalCalendar, ICalEventStatus, ICalEventTransparency } from 'ical-generator'
import type { CalendarChange } from './queries/calendar-changes.js'
import type { CalendarWindow, ChangeCalendar } from './queries/change-calendar.query.js'

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
  const { assignmentGroup, assignee, affectedCis, conflictKinds, startedAt, endedAt, outcome } = change
  const { plannedStart, plannedEnd } = change
  const lines = [
    `State: ${state}${onHold ? ', on hold' : ''}`,
    `Type: ${type}`,
    ...(outcome === undefined ? [] : [`Outcome: ${outcome}`]),
    // Where it stands in the calendar says when it was done
    ...(startedAt === undefined || plannedStart === undefined
      ? []
      : [`Planned: ${plannedStart} to ${plannedEnd}`]),
    ...(startedAt === undefined
      ? []
      : [`Begun: ${startedAt}${endedAt === undefined ? '' : `, ended: ${endedAt}`}`]),
    ...(risk === undefined ? [] : [`Risk: ${risk}`]),
    ...(assignmentGroup === undefined ? [] : [`Group: ${assignmentGroup}`]),
    ...(assignee === undefined ? [] : [`Assignee: ${assignee}`]),
    ...(affectedCis.length === 0 ? [] : [`Affected: ${affectedCis.join(', ')}`]),
    ...(conflictKinds === undefined ? [] : [`Conflicts: ${conflictKinds.join(', ')}`]),
  ]
  return {
    id: `${number}.${logId}`,
    start: new Date(start),
    end: endOf(start, end),
    stamp: new Date(updatedAt),
    summary: `${number} ${title}`,
    description: lines.join('\n'),
    status: statusOf(state),
    categories: [{ name: 'Change' }, { name: type }],
  }
}

/** An end is later than its start, and times are whole seconds (RFC 5545, section 3.6.1): what took less has none. */
function endOf(start: string, end: string): Date | null {
  const second = (time: string) => Math.floor(Date.parse(time) / 1000)
  return second(end) > second(start) ? new Date(end) : null
}

function statusOf(state: CalendarChange['state']): ICalEventStatus {
  if (state === 'Canceled') return ICalEventStatus.CANCELLED
  // Nobody has allowed it yet.
  return state === 'Authorize' ? ICalEventStatus.TENTATIVE : ICalEventStatus.CONFIRMED
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
