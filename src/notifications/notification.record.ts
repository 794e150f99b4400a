import { grantFor, isSystemId, type Principal } from '#libs/access'
import { onlyFor, type RecordType } from '#libs/command-handling'
import { Forbidden } from '#libs/event-sourcing'
import type { NotificationCommand, SetNotificationPreferences } from './domain/notification.commands.js'
import {
  type NotificationFacts,
  type NotificationState,
  notificationDecider,
} from './domain/notification.decider.js'
import type {
  NotificationEvent,
  NotificationPreferencesSet,
  Preferences,
} from './domain/notification.events.js'
import { preferencesDecider } from './domain/preferences.decider.js'

const byAdministrators = onlyFor(['administrator'], 'NOTIFICATION.FORBIDDEN')

export const notificationRecords: RecordType<
  NotificationState,
  NotificationCommand,
  NotificationEvent,
  NotificationFacts
> = {
  decider: notificationDecider,
  rights(principal, command) {
    if (command.type === 'ResendNotification') return byAdministrators(principal, command)
    if (isSystemId(principal.id)) return grantFor(principal, ['service'])
    throw new Forbidden('NOTIFICATION.FORBIDDEN', `${command.type} is done by the program itself`)
  },
}

export const preferenceRecords: RecordType<
  Preferences,
  SetNotificationPreferences,
  NotificationPreferencesSet,
  Record<never, never>
> = { decider: preferencesDecider, rights: ownOrAdministrators }

function ownOrAdministrators(principal: Principal, { id }: SetNotificationPreferences): string | undefined {
  const grant = grantFor(principal, ['administrator'])
  if (grant !== undefined || principal.id === id) return grant
  throw new Forbidden(
    'NOTIFICATION.FORBIDDEN',
    'Everybody sets her own preferences, administrators those of all',
  )
}
