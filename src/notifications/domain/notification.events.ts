import type { DomainEvent } from '#libs/event-sourcing'
import type { Kind } from './defaults.js'

/**
 * Streams `notification-<id>`: one message to one recipient by one channel. The id follows from the cause, the kind, the
 * recipient and the channel, so that nothing is queued twice.
 */

export const CHANNELS = ['email', 'webhook'] as const
export type DeliveryChannelName = (typeof CHANNELS)[number]

/** Why it goes to this recipient. */
export interface NotificationReason {
  relation:
    | 'caller'
    | 'affected user'
    | 'requester'
    | 'implementer'
    | 'assignee'
    | 'member'
    | 'manager'
    | 'informed'
    | 'watcher'
    | 'major incident role'
    | 'on call'
    | 'approver'
    | 'endpoint'
  /** Of which he is a member or the manager. */
  group?: string
  /** How many members of the group were left out, because only so many are told. */
  leftOut?: number
}

export interface NotificationHead {
  kind: Kind
  channel: DeliveryChannelName
  /** Directory id of the person; of a webhook, the endpoint's name. Addresses stand in the directory and the settings only. */
  recipient: string
  reason: NotificationReason
  /** Number of the record that it is about. */
  record: string
  /** Id of the event that it tells of. */
  cause: string
}

/** Rendered now and never again. `templateVersion` 0: the built-in one. */
export type NotificationQueued = DomainEvent<
  'NotificationQueued',
  NotificationHead & { templateVersion: number; subject: string; text: string }
>
/** Would have been sent, but is not; also after it was queued, when its recipient has lost access to the record since. */
export type NotificationSuppressed = DomainEvent<
  'NotificationSuppressed',
  NotificationHead & { because: 'preference' | 'no-address' | 'deactivated' | 'no-access' }
>
/** A process has taken this attempt; nobody else may try before `until` (ISO 8601). Attempts count from 1. */
export type DeliveryStarted = DomainEvent<'DeliveryStarted', { attempt: number; until: string }>
/** The mail server or endpoint took it. A second one for another attempt says that it went twice. */
export type NotificationDelivered = DomainEvent<
  'NotificationDelivered',
  { attempt: number; messageId: string }
>
/** `retryAt` (ISO 8601): when the next attempt is due; without, a `NotificationDeadLettered` follows. */
export type DeliveryFailed = DomainEvent<
  'DeliveryFailed',
  { attempt: number; error: string; retryAt?: string }
>
export type NotificationDeadLettered = DomainEvent<
  'NotificationDeadLettered',
  { attempt: number; because: 'refused' | 'exhausted' }
>
/** An administrator sends a dead letter again. */
export type NotificationRequeued = DomainEvent<'NotificationRequeued', { channel: DeliveryChannelName }>

export type NotificationEvent =
  | NotificationQueued
  | NotificationSuppressed
  | DeliveryStarted
  | NotificationDelivered
  | DeliveryFailed
  | NotificationDeadLettered
  | NotificationRequeued

/** Streams `preferences-<person>`. By kind the channels by which she wants it; a kind that is not there comes by all. */
export type NotificationPreferencesSet = DomainEvent<
  'NotificationPreferencesSet',
  { preferences: Preferences }
>
export type Preferences = Readonly<Partial<Record<Kind, readonly 'email'[]>>>
