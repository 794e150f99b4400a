import {
  type Decider,
  type Fact,
  type FactQuestions,
  fact,
  NotFound,
  type RecordedEvent,
  Refused,
  type StreamFold,
} from '#libs/event-sourcing'
import type { PersonEvent } from '../../directory/domain/directory.events.js'
import type { NotificationTemplatesPublished } from '../../settings/domain/settings.events.js'
import { DEFAULT_TEMPLATES, kindOf, type Templates } from './defaults.js'
import type {
  NotificationCommand,
  QueueNotification,
  RecordDeliveryFailure,
  StartDelivery,
} from './notification.commands.js'
import type {
  NotificationEvent,
  NotificationHead,
  NotificationPreferencesSet,
  NotificationSuppressed,
  Preferences,
} from './notification.events.js'
import { renderMail, renderWebhook } from './rendering.js'

/** Minutes from a failed attempt to the next; after the last of them the notification is a dead letter. */
export const RETRY_AFTER_MINUTES = [1, 5, 15, 60, 240] as const
const MOST_ATTEMPTS = RETRY_AFTER_MINUTES.length + 1

export interface Unborn {
  readonly status: 'unborn'
}
export interface Suppressed {
  readonly status: 'suppressed'
}
export interface Notification {
  readonly status: 'queued' | 'sending' | 'retrying' | 'delivered' | 'dead-lettered'
  readonly head: NotificationHead
  readonly subject: string
  readonly text: string
  /** ISO 8601. */
  readonly queuedAt: string
  /** Of the latest attempt; 0: none yet. */
  readonly attempt: number
  /** Attempts since it was queued last. */
  readonly tries: number
  /** Until when the attempt under way is its process's, or when the next one is due; ISO 8601. */
  readonly until: string
  /** Attempts that went through. */
  readonly delivered: readonly number[]
}
export type NotificationState = Unborn | Suppressed | Notification

export interface NotificationFacts {
  person: Fact<PersonAddress>
  preferences: Fact<Preferences>
  templates: Fact<{ version: number; templates: Templates }>
}

export interface PersonAddress {
  readonly active: boolean
  readonly email?: string
}

/** Where a person gets mail. */
export const personAddress: StreamFold<PersonAddress, PersonEvent> = {
  initial: { active: false },
  evolve: (person, event) => {
    switch (event.type) {
      case 'PersonRegistered':
        return { active: true, email: event.data.email }
      case 'PersonChanged':
        return event.data.email === undefined ? person : { ...person, email: event.data.email ?? undefined }
      case 'PersonDeactivated':
        return { ...person, active: false }
      case 'PersonReactivated':
        return { ...person, active: true }
      default:
        return person
    }
  },
}

const preferencesInForce: StreamFold<Preferences, NotificationPreferencesSet> = {
  initial: {},
  evolve: (known, event) => (event.type === 'NotificationPreferencesSet' ? event.data.preferences : known),
}

const templatesInForce: StreamFold<NotificationFacts['templates']['value'], NotificationTemplatesPublished> =
  {
    initial: { version: 0, templates: DEFAULT_TEMPLATES },
    evolve: (known, event) => (event.type === 'NotificationTemplatesPublished' ? event.data : known),
  }

/** One message to one recipient: queued once, claimed attempt by attempt, delivered or given up. */
export const notificationDecider: Decider<
  NotificationState,
  NotificationCommand,
  NotificationEvent,
  NotificationFacts
> = { streamPrefix: 'notification-', initial: { status: 'unborn' }, facts, decide, evolve }

function facts(
  command: NotificationCommand,
  state: NotificationState,
): Partial<FactQuestions<NotificationFacts>> {
  if (command.type !== 'QueueNotification' || state.status !== 'unborn') return {}
  const { channel, recipient } = command.data.head
  if (channel !== 'email') return {}
  return {
    person: fact(`person-${recipient}`, personAddress),
    preferences: fact(`preferences-${recipient}`, preferencesInForce),
    templates: fact('settings-notification-templates', templatesInForce),
  }
}

function decide(
  command: NotificationCommand,
  state: NotificationState,
  facts: NotificationFacts,
): readonly NotificationEvent[] {
  if (command.type === 'QueueNotification') return state.status === 'unborn' ? queue(command, facts) : []
  if (state.status === 'unborn') {
    throw new NotFound('NOTIFICATION.UNKNOWN', `There is no notification ${command.id}`)
  }
  if (state.status === 'suppressed') {
    throw new Refused('NOTIFICATION.SUPPRESSED', 'It was suppressed: whoever it is for was not to get it')
  }
  switch (command.type) {
    case 'StartDelivery':
      return startDelivery(command, state)
    case 'RecordDelivery': {
      const { attempt, messageId } = command.data
      // Also of an attempt that was given up for lost: it went out, and that is what happened.
      return state.delivered.includes(attempt)
        ? []
        : [{ type: 'NotificationDelivered', data: { attempt, messageId } }]
    }
    case 'RecordDeliveryFailure':
      return recordFailure(command, state)
    case 'ResendNotification':
      return resend(state)
  }
}

function queue({ data }: QueueNotification, facts: NotificationFacts): readonly NotificationEvent[] {
  const { head, values } = data
  if (head.channel === 'webhook')
    return [
      { type: 'NotificationQueued', data: { ...head, templateVersion: 0, ...renderWebhook(head, values) } },
    ]
  const because = reasonToSuppress(data, facts)
  if (because !== undefined) return [{ type: 'NotificationSuppressed', data: { ...head, because } }]
  const { version, templates } = facts.templates.value
  return [
    {
      type: 'NotificationQueued',
      data: { ...head, templateVersion: version, ...renderMail(head, values, templates) },
    },
  ]
}

function reasonToSuppress(
  { head: { kind }, maySee }: QueueNotification['data'],
  { person, preferences }: NotificationFacts,
): NotificationSuppressed['data']['because'] | undefined {
  if (!maySee) return 'no-access'
  if (person.revision >= 0 && !person.value.active) return 'deactivated'
  if (person.value.email === undefined) return 'no-address'
  const wanted = preferences.value[kind]
  if (!kindOf(kind).mandatory && wanted !== undefined && !wanted.includes('email')) return 'preference'
  return undefined
}

function startDelivery(
  { data: { until, maySee = true }, metadata: { occurredAt } }: StartDelivery,
  state: Notification,
): readonly NotificationEvent[] {
  const { status, attempt, tries, head } = state
  if (status === 'delivered' || status === 'dead-lettered')
    throw new Refused('NOTIFICATION.ENDED', `It is ${status}`)
  if (status === 'sending' && occurredAt < state.until)
    throw new Refused('NOTIFICATION.UNDER_WAY', `Attempt ${attempt} has until ${state.until}`)
  if (status === 'retrying' && occurredAt < state.until)
    throw new Refused('NOTIFICATION.NOT_DUE', `The next attempt is due at ${state.until}`)
  if (!maySee) return [{ type: 'NotificationSuppressed', data: { ...head, because: 'no-access' } }]
  if (tries >= MOST_ATTEMPTS)
    return [{ type: 'NotificationDeadLettered', data: { attempt, because: 'exhausted' } }]
  return [{ type: 'DeliveryStarted', data: { attempt: attempt + 1, until } }]
}

function recordFailure(
  { data, metadata: { occurredAt } }: RecordDeliveryFailure,
  { status, attempt: current, tries }: Notification,
): readonly NotificationEvent[] {
  const { attempt, error, permanent } = data
  // Of an attempt that was given up for lost, a failure is no news.
  if (status !== 'sending' || attempt !== current) return []
  const minutes = permanent ? undefined : RETRY_AFTER_MINUTES[tries - 1]
  if (minutes !== undefined) {
    const retryAt = new Date(Date.parse(occurredAt) + minutes * 60_000).toISOString()
    return [{ type: 'DeliveryFailed', data: { attempt, error, retryAt } }]
  }
  return [
    { type: 'DeliveryFailed', data: { attempt, error } },
    { type: 'NotificationDeadLettered', data: { attempt, because: permanent ? 'refused' : 'exhausted' } },
  ]
}

function resend({ status, head }: Notification): readonly NotificationEvent[] {
  if (status === 'delivered')
    throw new Refused('NOTIFICATION.DELIVERED', 'It was delivered: only a dead letter is sent again')
  if (status !== 'dead-lettered') return []
  return [{ type: 'NotificationRequeued', data: { channel: head.channel } }]
}

function evolve(state: NotificationState, event: RecordedEvent<NotificationEvent>): NotificationState {
  if (event.type === 'NotificationQueued') {
    const { subject, text, templateVersion, ...head } = event.data
    const queuedAt = event.metadata.occurredAt
    return {
      status: 'queued',
      head,
      subject,
      text,
      queuedAt,
      attempt: 0,
      tries: 0,
      until: queuedAt,
      delivered: [],
    }
  }
  if (event.type === 'NotificationSuppressed') return { status: 'suppressed' }
  if (state.status === 'unborn' || state.status === 'suppressed') return state
  switch (event.type) {
    case 'DeliveryStarted': {
      const { attempt, until } = event.data
      return { ...state, status: 'sending', attempt, tries: state.tries + 1, until }
    }
    case 'NotificationDelivered':
      return { ...state, status: 'delivered', delivered: [...state.delivered, event.data.attempt] }
    case 'DeliveryFailed':
      return { ...state, status: 'retrying', until: event.data.retryAt ?? state.until }
    case 'NotificationDeadLettered':
      return { ...state, status: 'dead-lettered' }
    case 'NotificationRequeued':
      return { ...state, status: 'queued', tries: 0 }
    default:
      return state
  }
}
