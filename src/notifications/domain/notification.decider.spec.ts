import { commandMetadata, deciderSpec } from '#libs/testing'
import {
  QueueNotification,
  RecordDelivery,
  RecordDeliveryFailure,
  ResendNotification,
  StartDelivery,
} from './notification.commands.js'
import { notificationDecider, RETRY_AFTER_MINUTES } from './notification.decider.js'
import type { NotificationEvent, NotificationHead } from './notification.events.js'

const ID = '00000000-0000-5000-8000-000000000000'
const head: NotificationHead = {
  kind: 'comment-added',
  channel: 'email',
  recipient: 'carl',
  reason: { relation: 'caller' },
  record: 'INC0000001',
  cause: 'event-1',
}
const values = {
  title: 'Mail\r\nBcc: all@example.org',
  state: 'New',
  group: 'Secret team',
  detail: 'Try {{title}} again',
  event: 'CommentAdded',
  at: '2026-01-05T08:00:00.000Z',
}
const story = deciderSpec(notificationDecider)
const carl = { type: 'PersonRegistered', data: { kind: 'person', name: 'Carl', email: 'carl@example.org' } }

const queue = (data: Partial<QueueNotification['data']> = {}) =>
  new QueueNotification(ID, { head, values, maySee: true, ...data }, commandMetadata())
const at = (occurredAt: string) => commandMetadata({ occurredAt })
const start = (time: string, until = '2026-01-05T09:03:00.000Z') => new StartDelivery(ID, { until }, at(time))
const fail = (attempt: number, permanent = false) =>
  new RecordDeliveryFailure(ID, { attempt, error: '451', permanent }, commandMetadata())

const queued: NotificationEvent = {
  type: 'NotificationQueued',
  data: { ...head, templateVersion: 0, subject: 's', text: 't' },
}
const started = (attempt: number, until = '2026-01-05T09:03:00.000Z'): NotificationEvent => ({
  type: 'DeliveryStarted',
  data: { attempt, until },
})
const failed = (attempt: number, retryAt?: string): NotificationEvent => ({
  type: 'DeliveryFailed',
  data: { attempt, error: '451', retryAt },
})
const delivered: NotificationEvent = { type: 'NotificationDelivered', data: { attempt: 1, messageId: 'm' } }
const dead: NotificationEvent = { type: 'NotificationDeadLettered', data: { attempt: 1, because: 'refused' } }

describe('queueing', () => {
  it('renders the words now, on one line of subject, and fills a template in once', () => {
    const [event] = story.given().and('person-carl', carl).when(queue()).events
    expect(event?.data).toMatchObject({
      subject: '[INC0000001] New comment: Mail Bcc: all@example.org',
      text: 'There is a comment on INC0000001:\n\nTry {{title}} again\n',
    })
  })

  it('uses the templates in force, which tell requesters nothing of the desk', () => {
    const templates = { 'comment-added': { subject: 'News', text: '{{detail}} ({{group}})' } }
    const published = { type: 'NotificationTemplatesPublished', data: { version: 3, templates } }
    const told = story
      .given()
      .and('person-carl', carl)
      .and('settings-notification-templates', published)
      .when(queue()).events
    expect(told[0]?.data).toMatchObject({
      templateVersion: 3,
      subject: '[INC0000001] News',
      text: 'Try {{title}} again ()\n',
    })
  })

  it('is done once', () => story.given(queued).and('person-carl', carl).when(queue()).thenNothing())

  const suppressed = (because: string): NotificationEvent =>
    ({ type: 'NotificationSuppressed', data: { ...head, because } }) as NotificationEvent
  const wantsNone = {
    type: 'NotificationPreferencesSet',
    data: { preferences: { 'comment-added': [], 'on-call-paged': [] } },
  }

  it('says why it does not send', () => {
    story.given().when(queue()).thenEvents(suppressed('no-address'))
    story
      .given()
      .and('person-carl', carl)
      .when(queue({ maySee: false }))
      .thenEvents(suppressed('no-access'))
    story
      .given()
      .and('person-carl', carl, { type: 'PersonDeactivated', data: {} })
      .when(queue())
      .thenEvents(suppressed('deactivated'))
    story
      .given()
      .and('person-carl', carl)
      .and('preferences-carl', wantsNone)
      .when(queue())
      .thenEvents(suppressed('preference'))
  })

  it('pages whoever is on call whatever she prefers', () => {
    story
      .given()
      .and('person-carl', carl)
      .and('preferences-carl', wantsNone)
      .when(queue({ head: { ...head, kind: 'on-call-paged' } }))
      .thenTypes('NotificationQueued')
  })

  it('sends webhooks what happened, without free text', () => {
    const [event] = story.given().when(queue({ head: { ...head, channel: 'webhook' } })).events
    const { text } = (event as { data: { text: string } }).data
    expect(JSON.parse(text)).toEqual({
      type: 'incident.comment-added',
      timestamp: values.at,
      data: {
        record: 'INC0000001',
        kind: 'comment-added',
        event: 'CommentAdded',
        eventId: 'event-1',
        title: values.title,
        state: 'New',
        group: 'Secret team',
      },
    })
  })
})

describe('an attempt', () => {
  it('is one process’s until its time is over', () => {
    story.given(queued).when(start('2026-01-05T09:00:00.000Z')).thenEvents(started(1))
    const underWay = story.given(queued, started(1))
    underWay.when(start('2026-01-05T09:02:59.999Z')).thenRefused('NOTIFICATION.UNDER_WAY')
    underWay.when(start('2026-01-05T09:03:00.000Z')).thenTypes('DeliveryStarted')
  })

  it('comes when it is due, later each time, and at last no more', () => {
    const events: NotificationEvent[] = [queued]
    for (const [index, minutes] of RETRY_AFTER_MINUTES.entries()) {
      events.push(started(index + 1))
      const [event] = story.given(...events).when(fail(index + 1)).events
      const retryAt = new Date(Date.UTC(2026, 0, 5, 9) + minutes * 60_000).toISOString()
      expect(event).toEqual(failed(index + 1, retryAt))
      events.push(event as NotificationEvent)
      story
        .given(...events)
        .when(start(new Date(Date.parse(retryAt) - 1).toISOString()))
        .thenRefused('NOTIFICATION.NOT_DUE')
    }
    const last = RETRY_AFTER_MINUTES.length + 1
    story
      .given(...events, started(last))
      .when(fail(last))
      .thenTypes('DeliveryFailed', 'NotificationDeadLettered')
  })

  it('that was lost counts like one that failed', () => {
    const lost = Array.from({ length: RETRY_AFTER_MINUTES.length + 1 }, (_, index) => started(index + 1))
    story
      .given(queued, ...lost)
      .when(start('2026-01-05T10:00:00.000Z'))
      .thenTypes('NotificationDeadLettered')
  })

  it('that the server refused for good is the last', () =>
    story
      .given(queued, started(1))
      .when(fail(1, true))
      .thenTypes('DeliveryFailed', 'NotificationDeadLettered'))

  it('that was given up for lost and went out is told all the same, and its failure is no news', () => {
    const second = story.given(queued, started(1), started(2))
    second
      .when(new RecordDelivery(ID, { attempt: 1, messageId: 'm' }, commandMetadata()))
      .thenEvents(delivered)
    second.when(fail(1)).thenNothing()
  })

  it('does not follow a delivery', () => {
    const done = story.given(queued, started(1), delivered)
    done.when(start('2026-01-06T09:00:00.000Z')).thenRefused('NOTIFICATION.ENDED')
    done.when(new RecordDelivery(ID, { attempt: 1, messageId: 'm' }, commandMetadata())).thenNothing()
  })
})

describe('a dead letter', () => {
  const resend = new ResendNotification(ID, {}, commandMetadata())

  it('is sent again when an administrator says so, with all its attempts', () => {
    const again: NotificationEvent = { type: 'NotificationRequeued', data: { channel: 'email' } }
    story.given(queued, started(1), failed(1), dead).when(resend).thenEvents(again)
    story.given(queued, started(1), failed(1), dead, again).when(resend).thenNothing()
    story
      .given(queued, started(1), failed(1), dead, again)
      .when(start('2026-01-05T09:00:00.000Z'))
      .thenEvents(started(2))
  })

  it('alone is sent again', () => {
    story.given(queued, started(1), delivered).when(resend).thenRefused('NOTIFICATION.DELIVERED')
    story.given().when(resend).thenRefused('NOTIFICATION.UNKNOWN')
  })
})
