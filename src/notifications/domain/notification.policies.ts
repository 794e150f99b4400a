import type { RecordedEvent } from '#libs/event-sourcing'
import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type { ApprovalEvent } from '../../approvals/domain/approval.events.js'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { ProblemEvent } from '../../problems/domain/problem.events.js'
import { isToldOfChange } from './change-notices.js'
import type { ToldEvent } from './incident-as-told.js'
import {
  AnnounceApproval,
  AnnounceChangeEvent,
  AnnounceIncidentEvent,
  AnnounceProblemEvent,
  DeliverNotification,
  type News,
} from './notification.commands.js'
import type { DeliveryChannelName, NotificationEvent } from './notification.events.js'
import { isToldOfProblem } from './problem-notices.js'
import { isTold } from './recipients.js'

const INCIDENT_PREFIX = 'incident-'
const PROBLEM_PREFIX = 'problem-'
const CHANGE_PREFIX = 'change-'
const APPROVAL_PREFIX = 'approval-'
const NOTIFICATION_PREFIX = 'notification-'

/**
 * Has whoever it concerns told of what happens to an incident. It keeps nothing: recipients follow from the incident's
 * own stream, so that an import of a million events costs it no write.
 */
export const incidentNotifications = definePolicy<object, ToldEvent>({
  name: 'incident_notifications',
  from: [INCIDENT_PREFIX],
  key: (event) => (event.metadata.channel !== 'import' && isTold(event) ? event.stream : undefined),
  initial: {},
  evolve: (state) => state,
  react: (event) => {
    const { type, stream, metadata } = event
    // Who has written a mail learns by the answer alone that it was received, and under which number
    const byMail = type === 'IncidentOpened' && metadata.channel === 'email'
    const news = newsOf(event, byMail ? undefined : metadata.onBehalfOf)
    const number = stream.slice(INCIDENT_PREFIX.length)
    return [
      {
        kind: 'command',
        build: (metadata) => new AnnounceIncidentEvent(number, news, metadata),
        reason: type,
      },
    ]
  },
})

function newsOf(
  { id, type, data, metadata: { actor, attributedTo, recordedAt: at } }: RecordedEvent,
  onBehalfOf: string | undefined,
): News {
  const by = [actor, attributedTo, onBehalfOf].filter((who) => who !== undefined)
  return { event: { id, type, data }, by, at }
}

/** The same of problems. */
export const problemNotifications = definePolicy<object, ProblemEvent>({
  name: 'problem_notifications',
  from: [PROBLEM_PREFIX],
  key: ({ type, stream, metadata }) =>
    metadata.channel !== 'import' && isToldOfProblem(type) ? stream : undefined,
  initial: {},
  evolve: (state) => state,
  react: (event) => {
    const news = newsOf(event, event.metadata.onBehalfOf)
    const number = event.stream.slice(PROBLEM_PREFIX.length)
    return [
      {
        kind: 'command',
        build: (metadata) => new AnnounceProblemEvent(number, news, metadata),
        reason: event.type,
      },
    ]
  },
})

/** The same of changes. */
export const changeNotifications = definePolicy<object, ChangeEvent>({
  name: 'change_notifications',
  from: [CHANGE_PREFIX],
  key: ({ type, stream, metadata }) =>
    metadata.channel !== 'import' && isToldOfChange(type) ? stream : undefined,
  initial: {},
  evolve: (state) => state,
  react: (event) => {
    const news = newsOf(event, event.metadata.onBehalfOf)
    const number = event.stream.slice(CHANGE_PREFIX.length)
    return [
      {
        kind: 'command',
        build: (metadata) => new AnnounceChangeEvent(number, news, metadata),
        reason: event.type,
      },
    ]
  },
})

/** Has those told whose approval is asked. */
export const approvalNotifications = definePolicy<object, ApprovalEvent>({
  name: 'approval_notifications',
  from: [APPROVAL_PREFIX],
  key: ({ type, stream, metadata }) =>
    metadata.channel !== 'import' && type === 'ApprovalRequested' ? stream : undefined,
  initial: {},
  evolve: (state) => state,
  react: ({ id, type, stream, metadata: { recordedAt: at } }) => [
    {
      kind: 'command',
      build: (metadata) =>
        new AnnounceApproval(stream.slice(APPROVAL_PREFIX.length), { event: { id, type }, at }, metadata),
      reason: type,
    },
  ],
})

/** What of a notification's delivery is to be looked after; without a channel nothing is. */
interface InDelivery {
  channel?: DeliveryChannelName
}

/**
 * How long after a wish the notification is looked at again. Wishes wait in a process's memory, behind slow servers
 * maybe, and are lost with it.
 */
const LOOK_AGAIN_MS = 2 * 60_000
const TIMER = 'deliver'

/** Wishes that every notification be delivered, until it is or is given up: at once, when an attempt is due, and again when one was lost. */
export const notificationDelivery = definePolicy<InDelivery, NotificationEvent>({
  name: 'notification_delivery',
  from: [NOTIFICATION_PREFIX],
  key: ({ stream }) => stream,
  initial: {},
  evolve: (state, event) => {
    switch (event.type) {
      case 'NotificationQueued':
      case 'NotificationRequeued':
        return { channel: event.data.channel }
      case 'NotificationDelivered':
      case 'NotificationDeadLettered':
      case 'NotificationSuppressed':
        return null
      default:
        return state
    }
  },
  react: (event, { channel }) => {
    if (channel === undefined) return []
    switch (event.type) {
      case 'NotificationQueued':
      case 'NotificationRequeued':
        return wish(event.stream, channel, event.metadata.recordedAt)
      case 'DeliveryStarted':
        return lookAt(event.data.until)
      case 'DeliveryFailed':
        return event.data.retryAt === undefined ? [] : lookAt(event.data.retryAt)
      default:
        return []
    }
  },
  onTimer: ({ key, dueAt }, { channel }) => (channel === undefined ? [] : wish(key, channel, dueAt)),
})

function wish(
  stream: RecordedEvent['stream'],
  channel: DeliveryChannelName,
  now: string,
): readonly Reaction[] {
  return [
    {
      kind: 'command',
      build: (metadata) =>
        new DeliverNotification(stream.slice(NOTIFICATION_PREFIX.length), { channel }, metadata),
    },
    ...lookAt(new Date(Date.parse(now) + LOOK_AGAIN_MS).toISOString()),
  ]
}

function lookAt(at: string): readonly Reaction[] {
  return [{ kind: 'setTimer', name: TIMER, at }]
}

export const notificationPolicies = [
  incidentNotifications,
  problemNotifications,
  changeNotifications,
  approvalNotifications,
  notificationDelivery,
] as const
