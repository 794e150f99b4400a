import { Command } from '#libs/event-sourcing'
import type { DeliveryChannelName, NotificationHead, Preferences } from './notification.events.js'
import type { Values } from './rendering.js'

/** News of a record. */
export interface News {
  event: { id: string; type: string; data: unknown }
  /** Who did it, and on whose behalf: they are not told. */
  by: readonly string[]
  /** ISO 8601, when it was recorded. */
  at: string
}

/** Tells of an incident's event whomever it concerns; its id is the incident's number. */
export class AnnounceIncidentEvent extends Command<'AnnounceIncidentEvent', News> {
  readonly type = 'AnnounceIncidentEvent'
}

/** The same of a problem's; its id is the problem's number. */
export class AnnounceProblemEvent extends Command<'AnnounceProblemEvent', News> {
  readonly type = 'AnnounceProblemEvent'
}

/** The same of a change's; its id is the change's number. */
export class AnnounceChangeEvent extends Command<'AnnounceChangeEvent', News> {
  readonly type = 'AnnounceChangeEvent'
}
export type AnnounceRecordEvent = AnnounceIncidentEvent | AnnounceProblemEvent | AnnounceChangeEvent

/** Tells those whose approval is asked; its id is the round's. */
export class AnnounceApproval extends Command<
  'AnnounceApproval',
  {
    event: { id: string; type: string }
    /** ISO 8601, when it was recorded. */
    at: string
  }
> {
  readonly type = 'AnnounceApproval'
}

export class QueueNotification extends Command<
  'QueueNotification',
  {
    head: NotificationHead
    values: Values
    /** Whether the recipient may see the record. */
    maySee: boolean
  }
> {
  readonly type = 'QueueNotification'
}

/** A wish: whether it is due, and who delivers it, is settled when an attempt is claimed. */
export class DeliverNotification extends Command<'DeliverNotification', { channel: DeliveryChannelName }> {
  readonly type = 'DeliverNotification'
}

/** Claims the next attempt until a time (ISO 8601). `maySee` false: its recipient may not see the record any more. */
export class StartDelivery extends Command<'StartDelivery', { until: string; maySee?: boolean }> {
  readonly type = 'StartDelivery'
}

export class RecordDelivery extends Command<'RecordDelivery', { attempt: number; messageId: string }> {
  readonly type = 'RecordDelivery'
}

/** `permanent`: no repeat would help. */
export class RecordDeliveryFailure extends Command<
  'RecordDeliveryFailure',
  { attempt: number; error: string; permanent: boolean }
> {
  readonly type = 'RecordDeliveryFailure'
}

export class ResendNotification extends Command<'ResendNotification', object> {
  readonly type = 'ResendNotification'
}

/** Replaces all preferences of the person whose id it has. */
export class SetNotificationPreferences extends Command<
  'SetNotificationPreferences',
  { preferences: Preferences }
> {
  readonly type = 'SetNotificationPreferences'
}

export type NotificationCommand =
  | QueueNotification
  | StartDelivery
  | RecordDelivery
  | RecordDeliveryFailure
  | ResendNotification

/** Those that the decider of notifications answers. */
export const NOTIFICATION_COMMANDS = [
  QueueNotification,
  StartDelivery,
  RecordDelivery,
  RecordDeliveryFailure,
  ResendNotification,
] as const

/** Those with effects beyond one stream, which have handlers of their own. */
export const OUTBOX_COMMANDS = [
  AnnounceIncidentEvent,
  AnnounceProblemEvent,
  AnnounceChangeEvent,
  AnnounceApproval,
  DeliverNotification,
] as const

export const PREFERENCE_COMMANDS = [SetNotificationPreferences] as const
