import { EventFactory, policySpec } from '#libs/testing'
import type { ApprovalEvent } from '../../approvals/domain/approval.events.js'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { ProblemEvent } from '../../problems/domain/problem.events.js'
import type { ToldEvent } from './incident-as-told.js'
import type { NotificationEvent } from './notification.events.js'
import {
  approvalNotifications,
  changeNotifications,
  incidentNotifications,
  notificationDelivery,
  problemNotifications,
} from './notification.policies.js'

const STREAM = 'notification-n1'
const head = {
  kind: 'resolved',
  channel: 'email',
  recipient: 'carl',
  reason: { relation: 'caller' },
  record: 'INC0000001',
  cause: 'e',
} as const
const queued: NotificationEvent = {
  type: 'NotificationQueued',
  data: { ...head, templateVersion: 0, subject: 's', text: 't' },
}
const deliver = { type: 'DeliverNotification', id: 'n1', data: { channel: 'email' } }

describe('delivery', () => {
  const events = new EventFactory()
  const happened = (event: NotificationEvent) => events.event(event, {}, STREAM)

  it('is wished for at once, and again until something comes of it', () => {
    const story = policySpec(notificationDelivery).given()
    story.when(happened(queued)).thenCommands(deliver)
    expect(story.timers).toHaveLength(1)
    story.whenDue('deliver').thenCommands(deliver)
    expect(story.timers).toHaveLength(1)
  })

  it('waits for the end of the claim, then for the next attempt, and for nothing once it is over', () => {
    const story = policySpec(notificationDelivery).given(happened(queued))
    const until = '2030-01-01T00:00:00.000Z'
    story
      .when(happened({ type: 'DeliveryStarted', data: { attempt: 1, until } }))
      .thenArmed({ name: 'deliver', at: until })
    const retryAt = '2030-01-02T00:00:00.000Z'
    story
      .when(happened({ type: 'DeliveryFailed', data: { attempt: 1, error: 'x', retryAt } }))
      .thenArmed({ name: 'deliver', at: retryAt })
    story
      .when(happened({ type: 'NotificationDeadLettered', data: { attempt: 1, because: 'refused' } }))
      .thenArmed()
    story.when(happened({ type: 'NotificationRequeued', data: { channel: 'email' } })).thenCommands(deliver)
    story.when(happened({ type: 'NotificationDelivered', data: { attempt: 2, messageId: 'm' } })).thenArmed()
  })

  it('is none of what was suppressed', () => {
    const suppressed = happened({
      type: 'NotificationSuppressed',
      data: { ...head, because: 'preference' },
    })
    policySpec(notificationDelivery).given().when(suppressed).thenNothing()
  })
})

describe('announcements', () => {
  const events = new EventFactory()
  const comment: ToldEvent = { type: 'CommentAdded', data: { text: 'Hello' } }

  it('name who did it, so that he is not told', () => {
    const event = events.event(comment, { actor: 'agnes', onBehalfOf: 'carl' }, 'incident-INC0000001')
    policySpec(incidentNotifications)
      .given()
      .when(event)
      .thenCommands({
        type: 'AnnounceIncidentEvent',
        id: 'INC0000001',
        data: {
          event: { id: event.id, type: 'CommentAdded', data: { text: 'Hello' } },
          by: ['agnes', 'carl'],
          at: event.metadata.recordedAt,
        },
      })
  })

  it('are none of imports, of which no state is kept either', () => {
    const imported = events.event(comment, { channel: 'import' }, 'incident-INC0000001')
    expect(incidentNotifications.key(imported)).toBeUndefined()
    policySpec(incidentNotifications).given().when(imported).thenNothing()
  })
})

describe('announcements of approvals', () => {
  const events = new EventFactory()
  const requested = { type: 'ApprovalRequested', data: {} } as ApprovalEvent
  const asked = (channel: 'policy' | 'import') => events.event(requested, { channel }, 'approval-a1')

  it('are made when somebody is asked, and of nothing else', () => {
    const event = asked('policy')
    const story = policySpec(approvalNotifications).given()
    story.when(event).thenCommands({
      type: 'AnnounceApproval',
      id: 'a1',
      data: { event: { id: event.id, type: 'ApprovalRequested' }, at: event.metadata.recordedAt },
    })
    const lapsed: ApprovalEvent = { type: 'ApprovalLapsed', data: { expiresAt: '2026-01-06T09:00:00.000Z' } }
    story.when(events.event(lapsed, {}, 'approval-a1')).thenNothing()
  })

  it('are none of what was imported', () => {
    policySpec(approvalNotifications).given().when(asked('import')).thenNothing()
  })
})

describe('what happens to problems', () => {
  const events = new EventFactory(undefined, 'problem-PRB0000001')
  const comment: ProblemEvent = { type: 'ProblemCommentAdded', data: { text: 'x' } }

  it('is told of, with who did it, unless an import brought it or it is the desk’s own', () => {
    const event = events.event(comment, { actor: 'ann', onBehalfOf: 'ben' })
    const { id, metadata } = event
    const data = {
      event: { id, ...comment },
      by: ['ann', 'ben'],
      at: metadata.recordedAt,
    }
    policySpec(problemNotifications)
      .given()
      .when(event)
      .thenCommands({ type: 'AnnounceProblemEvent', id: 'PRB0000001', data })
    const silent = [
      events.event(comment, { channel: 'import' }),
      events.event<ProblemEvent>({ type: 'ProblemWorkNoteAdded', data: { text: 'x' } }),
    ]
    for (const one of silent) expect(problemNotifications.key(one)).toBeUndefined()
  })
})

describe('what happens to changes', () => {
  const events = new EventFactory(undefined, 'change-CHG0000001')
  const comment: ChangeEvent = { type: 'ChangeCommentAdded', data: { text: 'x' } }

  it('is told of, with who did it, unless an import brought it or it is the desk’s own', () => {
    const event = events.event(comment, { actor: 'ann' })
    const { id, metadata } = event
    const data = { event: { id, ...comment }, by: ['ann'], at: metadata.recordedAt }
    policySpec(changeNotifications)
      .given()
      .when(event)
      .thenCommands({ type: 'AnnounceChangeEvent', id: 'CHG0000001', data })
    const silent = [
      events.event(comment, { channel: 'import' }),
      events.event<ChangeEvent>({ type: 'ChangeWorkNoteAdded', data: { text: 'x' } }),
    ]
    for (const event of silent) policySpec(changeNotifications).given().when(event).thenNothing()
  })
})
