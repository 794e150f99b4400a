import { hasRole, type Principal } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { all, and, eq, type Filter, none, not, oneOf } from '#libs/read-store'
import type {
  NotificationEvent,
  NotificationHead,
  NotificationReason,
} from '../../src/notifications/domain/notification.events.js'

export const DELIVERY_STATES = [
  'queued',
  'sending',
  'retrying',
  'delivered',
  'dead-lettered',
  'suppressed',
] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** One message to one recipient, and how far it has come; its text stands in its stream only. */
export interface NotificationRow {
  id: string
  state: DeliveryState
  kind: string
  channel: NotificationHead['channel']
  recipient: string
  reason: NotificationReason
  record: string
  subject?: string
  queuedAt: string
  updatedAt: string
  attempts: number
  /** Set while a next attempt is to come, or one is under way. */
  nextAttemptAt?: string
  deliveredAt?: string
  /** Of the last attempt that failed. */
  error?: string
  suppressedBecause?: string
}

/** What became of the notifications. Everybody sees her own mail; who oversees the desk, all. */
export const notificationList = defineProjection<NotificationRow, NotificationEvent>({
  name: 'notifications',
  version: 2,
  from: ['notification-'],
  key: ({ stream }) => stream,
  evolve(row, event) {
    if (event.type === 'NotificationQueued')
      return { ...begun(event), state: 'queued', subject: event.data.subject }
    if (row === undefined && event.type === 'NotificationSuppressed')
      return { ...begun(event), state: 'suppressed', suppressedBecause: event.data.because }
    return row && { ...row, ...changes(event), updatedAt: event.metadata.occurredAt }
  },
  columns: {
    id: 'string',
    state: oneOf(DELIVERY_STATES),
    kind: 'string',
    channel: oneOf<NotificationHead['channel']>({ email: true, webhook: true }),
    recipient: 'string',
    record: 'string',
    queuedAt: 'timestamp',
    suppressedBecause: 'string',
  },
  indexes: [['queuedAt'], ['record', 'queuedAt'], ['recipient', 'queuedAt'], ['state', 'queuedAt']],
  checked: ['id', 'kind', 'channel', 'suppressedBecause'],
  rows: visibleNotifications,
  parts: (principal) => [visibleNotifications(principal)],
})

function visibleNotifications(principal: Principal): Filter {
  if (hasRole(principal, 'auditor', 'administrator')) return all
  if (principal.grants.size === 0) return none
  // Endpoints have names of their own, which somebody may bear.
  // What was kept from her would tell her of the record that it is about.
  const kept = eq('suppressedBecause', 'no-access')
  return and(eq('recipient', principal.id), eq('channel', 'email'), not(kept))
}

type Begun = Extract<NotificationEvent, { type: 'NotificationQueued' | 'NotificationSuppressed' }>

function begun({ stream, data, metadata }: RecordedEvent<Begun>): Omit<NotificationRow, 'state'> {
  const { kind, channel, recipient, reason, record } = data
  const { occurredAt } = metadata
  return {
    id: stream.slice('notification-'.length),
    kind,
    channel,
    recipient,
    reason,
    record,
    queuedAt: occurredAt,
    updatedAt: occurredAt,
    attempts: 0,
  }
}

function changes(event: RecordedEvent<NotificationEvent>): Partial<NotificationRow> {
  switch (event.type) {
    case 'DeliveryStarted':
      return { state: 'sending', attempts: event.data.attempt, nextAttemptAt: event.data.until }
    case 'NotificationDelivered':
      return {
        state: 'delivered',
        deliveredAt: event.metadata.occurredAt,
        nextAttemptAt: undefined,
        error: undefined,
      }
    case 'DeliveryFailed':
      return { state: 'retrying', error: event.data.error, nextAttemptAt: event.data.retryAt }
    case 'NotificationDeadLettered':
      return { state: 'dead-lettered', nextAttemptAt: undefined }
    case 'NotificationSuppressed':
      return { state: 'suppressed', suppressedBecause: event.data.because, nextAttemptAt: undefined }
    case 'NotificationRequeued':
      return { state: 'queued', nextAttemptAt: undefined }
    default:
      return {}
  }
}
