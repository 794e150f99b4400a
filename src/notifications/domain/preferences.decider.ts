import { isDeepStrictEqual } from 'node:util'
import { type Decider, type FieldError, InvalidInput } from '#libs/event-sourcing'
import { isKind, KINDS, kindOf } from './defaults.js'
import type { SetNotificationPreferences } from './notification.commands.js'
import type { NotificationPreferencesSet, Preferences } from './notification.events.js'

/** What a person wants to be told, and how. Which record a notification is about makes no difference. */
export const preferencesDecider: Decider<
  Preferences,
  SetNotificationPreferences,
  NotificationPreferencesSet
> = {
  streamPrefix: 'preferences-',
  initial: {},
  decide({ data: { preferences } }, known) {
    const errors = Object.entries(preferences).flatMap(([kind, channels]) => errorsOf(kind, channels ?? []))
    if (errors.length > 0)
      throw new InvalidInput(
        'NOTIFICATION.PREFERENCES_MALFORMED',
        'The preferences are not well formed',
        errors,
      )
    if (isDeepStrictEqual({ ...preferences }, { ...known })) return []
    return [{ type: 'NotificationPreferencesSet', data: { preferences } }]
  },
  evolve: (known, event) => (event.type === 'NotificationPreferencesSet' ? event.data.preferences : known),
}

function errorsOf(kind: string, channels: readonly string[]): FieldError[] {
  const pointer = `/preferences/${kind}`
  if (!isKind(kind)) return [{ pointer, message: `is no kind; there are ${KINDS.join(', ')}` }]
  if (channels.some((channel) => channel !== 'email'))
    return [{ pointer, message: 'people are told by email: give ["email"], or [] for not at all' }]
  return kindOf(kind).mandatory && channels.length === 0
    ? [{ pointer, message: 'cannot be switched off' }]
    : []
}
