import { dayOf, isZone, minutesOf, WEEKDAYS } from '#libs/business-time'
import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { nameErrors } from './setting-names.js'
import type { PublishCalendars } from './settings.commands.js'
import type { CalendarsPublished, NamedCalendar } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** When the organisation, or a part of it, works. */
export const calendarsDecider = versionedDecider<
  readonly NamedCalendar[],
  PublishCalendars,
  CalendarsPublished
>({
  published: 'CalendarsPublished',
  contentOf: ({ calendars }) => calendars,
  check({ data: { calendars } }) {
    const errors = calendars.flatMap((calendar, index) => [
      ...nameErrors('calendars', index, calendars),
      ...calendarErrors(calendar, `/calendars/${index}`),
    ])
    if (errors.length > 0)
      throw new InvalidInput('SETTINGS.CALENDARS_MALFORMED', 'The calendars are not well formed', errors)
    return { calendars }
  },
})

function calendarErrors({ zone, hours, holidays }: NamedCalendar, pointer: string): FieldError[] {
  return [
    ...zoneErrors(zone, `${pointer}/zone`),
    ...hours.flatMap((entry, index) => hoursErrors(entry, `${pointer}/hours/${index}`)),
    ...holidays.flatMap(({ date, name }, index) => [
      ...dateErrors(date, `${pointer}/holidays/${index}/date`),
      ...(name.trim() === '' ? [{ pointer: `${pointer}/holidays/${index}/name`, message: 'is empty' }] : []),
    ]),
  ]
}

export function zoneErrors(zone: string, pointer: string): FieldError[] {
  return isZone(zone) ? [] : [{ pointer, message: 'must be a time zone by its IANA name: Europe/Berlin' }]
}

function hoursErrors({ day, from, to }: NamedCalendar['hours'][number], pointer: string): FieldError[] {
  const errors: FieldError[] = []
  if (!WEEKDAYS.includes(day))
    errors.push({ pointer: `${pointer}/day`, message: `must be one of ${WEEKDAYS.join(', ')}` })
  const [start, end] = [minutesOf(from), minutesOf(to)]
  if (start === undefined) errors.push({ pointer: `${pointer}/from`, message: 'must be a time: 09:00' })
  if (end === undefined) errors.push({ pointer: `${pointer}/to`, message: 'must be a time: 17:00, or 24:00' })
  if (start !== undefined && end !== undefined && start >= end) {
    errors.push({
      pointer: `${pointer}/to`,
      message: 'must be later than "from": write hours over midnight as two entries',
    })
  }
  return errors
}

/** `2026-04-03`, or `12-25` of every year. */
function dateErrors(date: string, pointer: string): FieldError[] {
  // 2024 has a 29 February
  const exists = dayOf(date) !== undefined || dayOf(`2024-${date}`) !== undefined
  return exists ? [] : [{ pointer, message: 'must be a day that exists: 2026-04-03, or 12-25 of every year' }]
}
