import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import type { PublishMajorIncidentSettings } from './settings.commands.js'
import type { MajorIncidentSettings, MajorIncidentSettingsPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** A week: a promise beyond it is a mistyped one. */
const MAX_MINUTES = 10_080
const MAX_COUNT = 10_000

/** What proposes a major incident, and how often people are told of one. */
export const majorIncidentSettingsDecider = versionedDecider<
  MajorIncidentSettings,
  PublishMajorIncidentSettings,
  MajorIncidentSettingsPublished
>({
  published: 'MajorIncidentSettingsPublished',
  contentOf: ({ settings }) => settings,
  check({ data: { settings } }) {
    const { proposeAtPriority, proposeAboveChildren, updateEveryMinutes, remindEveryMinutes } = settings
    const kept = { proposeAtPriority, proposeAboveChildren, updateEveryMinutes, remindEveryMinutes }
    const errors = [
      ...rangeErrors('/proposeAtPriority', proposeAtPriority, 1, 99),
      ...rangeErrors('/proposeAboveChildren', proposeAboveChildren, 0, MAX_COUNT),
      ...rangeErrors('/updateEveryMinutes', updateEveryMinutes, 1, MAX_MINUTES),
      ...rangeErrors('/remindEveryMinutes', remindEveryMinutes, 1, MAX_MINUTES),
    ]
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.MAJOR_INCIDENT_MALFORMED',
        'The settings of major incidents are not well formed',
        errors,
      )
    }
    return { settings: kept }
  },
})

function rangeErrors(pointer: string, value: unknown, lowest: number, highest: number): FieldError[] {
  const fits =
    value === null || (Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest)
  return fits ? [] : [{ pointer, message: `must be a whole number from ${lowest} to ${highest}, or null` }]
}
