import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import type { PublishIncidentSettings } from './settings.commands.js'
import type { IncidentSettings, IncidentSettingsPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** A year: a timer beyond it is a mistyped one. */
const MAX_DAYS = 365

/** What incidents do by themselves, and after how long. */
export const incidentSettingsDecider = versionedDecider<
  IncidentSettings,
  PublishIncidentSettings,
  IncidentSettingsPublished
>({
  published: 'IncidentSettingsPublished',
  contentOf: ({ settings }) => settings,
  check({ data: { settings } }) {
    const { autoCloseAfterDays, remindCallerAfterDays, resolveSilentAfterDays } = settings
    const { reopenWithinDays = null } = settings
    const kept: IncidentSettings = {
      autoCloseAfterDays,
      remindCallerAfterDays,
      resolveSilentAfterDays,
      reopenWithinDays,
    }
    const errors = Object.entries(kept).flatMap(([name, days]) => daysErrors(`/${name}`, days))
    if (resolveSilentAfterDays !== null && remindCallerAfterDays === null) {
      errors.push({
        pointer: '/remindCallerAfterDays',
        message: 'is needed: a silent caller is reminded before his incident is resolved',
      })
    }
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.INCIDENT_MALFORMED',
        'The incident settings are not well formed',
        errors,
      )
    }
    return { settings: kept }
  },
})

function daysErrors(pointer: string, days: unknown): FieldError[] {
  const fits =
    days === null || (Number.isInteger(days) && (days as number) >= 1 && (days as number) <= MAX_DAYS)
  return fits ? [] : [{ pointer, message: `must be 1 to ${MAX_DAYS} whole days, or null` }]
}
