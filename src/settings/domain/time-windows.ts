import { dayOf, isByDay, MOST_WINDOW_MINUTES, minutesOf, type TimeWindow } from '#libs/business-time'
import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { zoneErrors } from './calendars.js'
import { nameErrors } from './setting-names.js'
import type { PublishBlackoutWindows, PublishMaintenanceWindows } from './settings.commands.js'
import type { BlackoutWindowsPublished, CiWindow, MaintenanceWindowsPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** When configuration items may be changed; one that no window is for may be at any time. */
export const maintenanceWindowsDecider = versionedDecider<
  readonly CiWindow[],
  PublishMaintenanceWindows,
  MaintenanceWindowsPublished
>({
  published: 'MaintenanceWindowsPublished',
  contentOf: ({ windows }) => windows,
  check: ({ data: { windows } }) => ({ windows: checked(windows, 'maintenance') }),
})

/** When they may not: freezes. */
export const blackoutWindowsDecider = versionedDecider<
  readonly CiWindow[],
  PublishBlackoutWindows,
  BlackoutWindowsPublished
>({
  published: 'BlackoutWindowsPublished',
  contentOf: ({ windows }) => windows,
  check: ({ data: { windows } }) => ({ windows: checked(windows, 'blackout') }),
})

/** @throws InvalidInput `SETTINGS.MAINTENANCE_WINDOWS_MALFORMED`, `SETTINGS.BLACKOUT_WINDOWS_MALFORMED` */
function checked(windows: readonly CiWindow[], kind: 'maintenance' | 'blackout'): readonly CiWindow[] {
  const errors = windows.flatMap(({ appliesTo, window }, index) => [
    ...nameErrors('windows', index, windows),
    ...(['cis', 'classes'] as const).flatMap((list) =>
      appliesTo[list]?.length === 0
        ? [{ pointer: `/windows/${index}/appliesTo/${list}`, message: 'is empty: leave it out instead' }]
        : [],
    ),
    ...windowErrors(window, `/windows/${index}/window`),
  ])
  if (errors.length === 0) return windows
  const code = `SETTINGS.${kind.toUpperCase()}_WINDOWS_MALFORMED`
  throw new InvalidInput(code, `The ${kind} windows are not well formed`, errors)
}

const OF_KIND: Readonly<Record<TimeWindow['kind'], readonly string[]>> = {
  single: ['start', 'end'],
  recurring: [
    'zone',
    'frequency',
    'interval',
    'byDay',
    'byMonthDay',
    'firstDay',
    'lastDay',
    'from',
    'minutes',
  ],
}
const NEEDED: Readonly<Record<TimeWindow['kind'], readonly string[]>> = {
  single: ['start', 'end'],
  recurring: ['zone', 'frequency', 'firstDay', 'from', 'minutes'],
}

function windowErrors(window: TimeWindow, pointer: string): FieldError[] {
  const { kind, ...fields } = window
  const given = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  const errors = [
    ...NEEDED[kind]
      .filter((name) => !given.includes(name))
      .map((name) => ({ pointer: `${pointer}/${name}`, message: `is needed in a ${kind} window` })),
    ...given
      .filter((name) => !OF_KIND[kind].includes(name))
      .map((name) => ({ pointer: `${pointer}/${name}`, message: `does not belong into a ${kind} window` })),
  ]
  if (errors.length > 0) return errors
  return window.kind === 'single' ? singleErrors(window, pointer) : recurringErrors(window, pointer)
}

type Single = Extract<TimeWindow, { kind: 'single' }>
type Recurring = Extract<TimeWindow, { kind: 'recurring' }>

function singleErrors({ start, end }: Single, pointer: string): FieldError[] {
  const times = Object.entries({ start: Date.parse(start), end: Date.parse(end) })
  const malformed = times.flatMap(([name, time]) =>
    Number.isNaN(time) ? [{ pointer: `${pointer}/${name}`, message: 'must be an ISO 8601 time' }] : [],
  )
  if (malformed.length > 0) return malformed
  return Date.parse(start) < Date.parse(end)
    ? []
    : [{ pointer: `${pointer}/end`, message: 'must be later than "start"' }]
}

function recurringErrors(window: Recurring, pointer: string): FieldError[] {
  const { zone, from, minutes, firstDay, lastDay, interval = 1 } = window
  const errors = [...zoneErrors(zone, `${pointer}/zone`), ...recurrenceErrors(window, pointer)]
  const wrong = (field: string, message: string) => errors.push({ pointer: `${pointer}/${field}`, message })
  if (!Number.isInteger(interval) || interval < 1 || interval > 100)
    wrong('interval', 'must be a whole number from 1 to 100')
  const start = minutesOf(from)
  if (start === undefined || start === 1_440) wrong('from', 'must be a time: 02:00')
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MOST_WINDOW_MINUTES)
    wrong('minutes', `must be 1 to ${MOST_WINDOW_MINUTES} whole minutes (31 days)`)
  if (dayOf(firstDay) === undefined) wrong('firstDay', 'must be a day that exists: 2026-01-01')
  if (lastDay !== undefined && (dayOf(lastDay) === undefined || lastDay < firstDay))
    wrong('lastDay', 'must be a day that exists, not before "firstDay"')
  return errors
}

function recurrenceErrors(
  { frequency, byDay = [], byMonthDay = [] }: Recurring,
  pointer: string,
): FieldError[] {
  const errors: FieldError[] = byDay.flatMap((day, index) =>
    isByDay(frequency, day)
      ? []
      : [
          {
            pointer: `${pointer}/byDay/${index}`,
            message: frequency === 'weekly' ? 'must be a weekday: SU' : 'must be the n-th weekday: 2TU, -1SU',
          },
        ],
  )
  for (const [index, day] of byMonthDay.entries()) {
    const exists = Number.isInteger(day) && (day === -1 || (day >= 1 && day <= 31))
    if (!exists) errors.push({ pointer: `${pointer}/byMonthDay/${index}`, message: 'must be 1 to 31, or -1' })
  }
  if (frequency === 'weekly' && byMonthDay.length > 0)
    errors.push({ pointer: `${pointer}/byMonthDay`, message: 'belongs into a monthly window' })
  if (byDay.length + byMonthDay.length === 0)
    errors.push({ pointer: `${pointer}/byDay`, message: 'is needed: on which days does it begin?' })
  return errors
}
