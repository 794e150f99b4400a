import { type CommandMetadata, type Decider, Refused } from '#libs/event-sourcing'
import type { AlertCommand, BindAlertIncident, Notification, ReceiveAlert } from './alert.commands.js'
import type { AlertEvent, AlertIncidentRequested, AlertRepeated } from './alert.events.js'
import { type AlertFacts, facts } from './alert.facts.js'
import { mapped } from './alert.mapping.js'
import { type Alert, type AlertRecord, evolve } from './alert.state.js'

export const alertDecider: Decider<AlertRecord, AlertCommand, AlertEvent, AlertFacts> = {
  streamPrefix: 'alert-',
  initial: null,
  evolve,
  facts,
  decide,
}

/**
 * The events that a command leads to; none when it says nothing new.
 * @throws Refused `ALERT.INCIDENT_NOT_WANTED`
 */
export function decide(command: AlertCommand, record: AlertRecord, known: AlertFacts): readonly AlertEvent[] {
  switch (command.type) {
    case 'ReceiveAlert':
      return isRetry(command, record, known) || isOvertaken(command, record, known)
        ? []
        : received(command, record, known)
    case 'BindAlertIncident':
      return bound(command, record)
    case 'ReplaceAlertIncident':
      return replaced(command.data.number, record, known)
    default: {
      const unknown: never = command
      throw new Error(`no rule for ${(unknown as AlertCommand).type}`)
    }
  }
}

/**
 * The same once more, so shortly after that its sender can only have missed the answer. Also when something else was heard in
 * between, as long as the notification says itself when what it tells was: one without times may mean each time another.
 */
function isRetry(
  { data: { hash, status, startsAt, endsAt }, metadata: { keyed, occurredAt } }: ReceiveAlert,
  record: AlertRecord,
  { mapping }: AlertFacts,
): boolean {
  if (record === null || keyed) return false
  const tellsWhen = (status === 'firing' ? startsAt : endsAt) !== undefined
  const candidates = tellsWhen ? record.heard : record.heard.slice(-1)
  const same = candidates.find((one) => one.hash === hash)
  const window = mapping.value.mapping.retryWindowSeconds * 1_000
  return same !== undefined && window > 0 && Date.parse(occurredAt) - Date.parse(same.at) < window
}

/**
 * A firing that began before the end that was heard last, and comes so shortly after it that its end has overtaken it. Later
 * it is no late one: senders give up after that time, so the source says that the alert fires after all (it may have been
 * taken for cleared while its source was away, and then has its old beginning).
 */
function isOvertaken(
  { data: { status, startsAt }, metadata: { occurredAt } }: ReceiveAlert,
  record: AlertRecord,
  { mapping }: AlertFacts,
): boolean {
  if (status !== 'firing' || record?.condition !== 'cleared' || record.cleared === null) return false
  const { at, heardAt } = record.cleared
  const window = mapping.value.mapping.retryWindowSeconds * 1_000
  const shortly = Date.parse(occurredAt) - Date.parse(heardAt) < window
  return startsAt !== undefined && startsAt < at && shortly
}

function received(
  { data, metadata }: ReceiveAlert,
  record: AlertRecord,
  known: AlertFacts,
): readonly AlertEvent[] {
  if (data.status === 'resolved') return cleared(data, metadata, record)
  if (record === null || record.firings === 0) return fired(data, metadata, known)
  return record.condition === 'cleared'
    ? refired(data, metadata, record, known)
    : repeated(data, record, known)
}

function fired(data: Notification, metadata: CommandMetadata, known: AlertFacts): readonly AlertEvent[] {
  const { source, key, keyedBy, hash } = data
  const said = saidIn(data, metadata)
  return [
    { type: 'AlertFired', data: { source, key, keyedBy, ...said, hash } },
    requested({ key, ...said }, 1, null, known),
  ]
}

/** What a notification says of the alert itself. Clocks differ: nothing began later than it was heard of. */
function saidIn(
  { labels, annotations, startsAt, firing, truncated }: Notification,
  metadata: CommandMetadata,
) {
  return { labels, annotations, startsAt: notAfter(startsAt, metadata.occurredAt), firing, truncated }
}

/** The earlier of two times, ISO 8601 in UTC; none given: now. */
export function notAfter(time: string | undefined, now: string): string {
  return time === undefined || time > now ? now : time
}

function refired(
  data: Notification,
  metadata: CommandMetadata,
  alert: Alert,
  known: AlertFacts,
): readonly AlertEvent[] {
  const said = saidIn(data, metadata)
  const finished = isFinished(alert, known)
  const fact: AlertEvent = {
    type: 'AlertRefired',
    data: {
      count: alert.count + 1,
      firings: alert.firings + 1,
      ...said,
      hash: data.hash,
      incident: finished ? undefined : (alert.incident ?? undefined),
    },
  }
  return finished ? [fact, again({ ...alert, ...said, truncated: said.truncated ?? 0 }, known)] : [fact]
}

/**
 * Whoever has resolved the incident of an alert that goes on firing is told by its next notification. Whoever has closed it
 * gets a new one. Whoever has canceled it has said that there is none, until the alert clears and fires again.
 */
function repeated({ hash, firing }: Notification, alert: Alert, known: AlertFacts): readonly AlertEvent[] {
  const state = known.incident?.value.state
  const fact: AlertRepeated = {
    type: 'AlertRepeated',
    data: {
      count: alert.count + 1,
      firing,
      hash,
      incident: state === 'Resolved' ? (alert.incident ?? undefined) : undefined,
    },
  }
  return state === 'Closed' ? [fact, again(alert, known)] : [fact]
}

function cleared(
  { source, key, keyedBy, hash, endsAt }: Notification,
  { occurredAt }: CommandMetadata,
  record: AlertRecord,
): readonly AlertEvent[] {
  const clearedAt = notAfter(endsAt, occurredAt)
  if (record === null) return [{ type: 'AlertEndHeard', data: { source, key, keyedBy, hash, clearedAt } }]
  if (record.condition === 'cleared') return []
  const { count, incident } = record
  return [{ type: 'AlertCleared', data: { count, hash, clearedAt, incident: incident ?? undefined } }]
}

function isFinished({ incident }: Alert, known: AlertFacts): boolean {
  if (incident === null) return false
  const { state } = known.incident.value
  return state === 'Closed' || state === 'Canceled'
}

/** Another incident, after one that is finished. */
function again(alert: Alert, known: AlertFacts): AlertIncidentRequested {
  return requested(alert, alert.episode + 1, alert.incident, known)
}

function requested(
  alert: Pick<Alert, 'key' | 'labels' | 'annotations' | 'startsAt' | 'firing'> & { truncated?: number },
  episode: number,
  previous: string | null,
  { mapping: { value }, matrix }: AlertFacts,
): AlertIncidentRequested {
  const { key, labels, annotations, startsAt, firing, truncated = 0 } = alert
  const described = { key, labels, annotations, startsAt, firing, truncated }
  const { incident, rules } = mapped(value.mapping, described, matrix.value)
  return {
    type: 'AlertIncidentRequested',
    data: { episode, previous, incident, mapping: { version: value.version, rules } },
  }
}

function bound({ data: { number, instead } }: BindAlertIncident, record: AlertRecord): readonly AlertEvent[] {
  if (record?.incident === number) return []
  const wanted =
    record !== null &&
    record.firings > 0 &&
    (instead === undefined ? record.incident === null : record.incident === instead)
  if (!wanted) {
    throw new Refused(
      'ALERT.INCIDENT_NOT_WANTED',
      `The alert waits for no incident${instead === undefined ? '' : ` instead of ${instead}`}: nothing needs to be done.`,
    )
  }
  const { episode, previous, condition, count } = record
  return [
    {
      type: 'AlertIncidentBound',
      data:
        instead === undefined
          ? { number, episode, previous, condition, count }
          : { number, episode, previous: instead, condition, count, merged: true },
    },
  ]
}

/** Told that the alert fires, the incident turned out to be finished: another one is opened at once. */
function replaced(number: string, record: AlertRecord, known: AlertFacts): readonly AlertEvent[] {
  if (record === null || record.incident !== number || record.condition === 'cleared') return []
  return isFinished(record, known) ? [again(record, known)] : []
}
