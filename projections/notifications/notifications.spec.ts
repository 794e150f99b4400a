import { matches } from '#libs/read-store'
import { projectionSpec, recorded } from '#libs/testing'
import type { NotificationEvent } from '../../src/notifications/domain/notification.events.js'
import { principal } from '../principals.fixture.js'
import { notificationList } from './notifications.js'

const STREAM = 'notification-n1'
const head = {
  kind: 'resolved',
  channel: 'email',
  recipient: 'carl',
  reason: { relation: 'caller' },
  record: 'INC0000001',
} as const
const queued: NotificationEvent = {
  type: 'NotificationQueued',
  data: { ...head, cause: 'e', templateVersion: 0, subject: 's', text: 'secret' },
}
const started: NotificationEvent = {
  type: 'DeliveryStarted',
  data: { attempt: 1, until: '2026-01-05T08:03:00.000Z' },
}
const failed: NotificationEvent = {
  type: 'DeliveryFailed',
  data: { attempt: 1, error: '550 no', retryAt: undefined },
}
const rowAfter = (...events: NotificationEvent[]) =>
  projectionSpec(notificationList)
    .given(...recorded(STREAM, events))
    .document(STREAM)

const at = '2026-01-05T08:00:00.000Z'

it('tells how far a notification has come, without its text', () => {
  expect(rowAfter(queued)).toEqual({
    id: 'n1',
    state: 'queued',
    ...head,
    subject: 's',
    queuedAt: at,
    updatedAt: at,
    attempts: 0,
  })
  expect(rowAfter(queued, started)).toMatchObject({ state: 'sending', attempts: 1 })
  const dead: NotificationEvent = {
    type: 'NotificationDeadLettered',
    data: { attempt: 1, because: 'refused' },
  }
  expect(rowAfter(queued, started, failed, dead)).toMatchObject({ state: 'dead-lettered', error: '550 no' })
  const done: NotificationEvent = { type: 'NotificationDelivered', data: { attempt: 1, messageId: 'm' } }
  expect(rowAfter(queued, started, done)).toMatchObject({ state: 'delivered', deliveredAt: at })
})

it('tells what was not sent, and why', () => {
  const suppressed: NotificationEvent = {
    type: 'NotificationSuppressed',
    data: { ...head, cause: 'e', because: 'preference' },
  }
  expect(rowAfter(suppressed)).toMatchObject({ state: 'suppressed', suppressedBecause: 'preference' })
  const lost: NotificationEvent = {
    ...suppressed,
    data: { ...suppressed.data, because: 'no-access' },
  } as never
  expect(rowAfter(queued, failed, lost)).toMatchObject({
    subject: 's',
    state: 'suppressed',
    suppressedBecause: 'no-access',
  })
})

it('shows everybody her own mail, overseers all, and nobody what an endpoint of her name was sent', () => {
  const sees = (id: string, role: 'requester' | 'agent' | 'auditor', row: object) =>
    matches(notificationList.rows(principal(id, [role])), row as never)
  const row = rowAfter(queued)
  expect(sees('carl', 'requester', row)).toBe(true)
  expect(sees('rita', 'requester', row)).toBe(false)
  expect(sees('ann', 'agent', row)).toBe(false)
  expect(sees('audrey', 'auditor', row)).toBe(true)
  expect(sees('carl', 'requester', { ...row, channel: 'webhook' })).toBe(false)
})
