import { hash } from 'node:crypto'
import { canonicalJson, derivedId } from '#libs/event-sourcing'
import { toUtc } from '../http/instants.js'
import type { AlertMapping } from '../settings/domain/settings.events.js'
import type { Notification } from './domain/alert.commands.js'
import type { Labels } from './domain/alert.events.js'
import { cut } from './domain/alert.mapping.js'
import type { AlertmanagerAlert, AlertmanagerBody, GenericAlert } from './dto/alert.dto.js'

/** What of a source's labels is kept; more would be no label any more. */
const LONGEST_LABEL = 1_000
const LONGEST_ANNOTATION = 4_000
const MOST_LABELS = 100

/**
 * What an Alertmanager's webhook says, one notification per alert as the mapping counts them. Equal ones have equal hashes
 * whichever of several Alertmanagers, or receivers, it came from.
 */
export function fromAlertmanager(
  body: AlertmanagerBody,
  key: AlertMapping['key'],
  source: string,
): readonly Notification[] {
  const said = hashOf({
    status: body.status,
    truncated: body.truncatedAlerts ?? 0,
    alerts: body.alerts.map(({ status, labels, annotations, startsAt, endsAt }) => [
      status,
      labels,
      annotations,
      startsAt,
      endsAt,
    ]),
  })
  return key === 'group' ? [ofGroup(body, source, said)] : ofEach(body, source, said)
}

function ofGroup(body: AlertmanagerBody, source: string, said: string): Notification {
  const { alerts, status, truncatedAlerts: truncated } = body
  const firing = alerts.filter((alert) => alert.status === 'firing')
  return {
    source,
    key: body.groupKey,
    keyedBy: 'group',
    status,
    labels: kept({ ...body.groupLabels, ...body.commonLabels }, LONGEST_LABEL),
    annotations: kept(body.commonAnnotations, LONGEST_ANNOTATION),
    startsAt: earliest(firing.map(({ startsAt }) => startsAt)),
    endsAt: status === 'resolved' ? latest(alerts.map(({ endsAt }) => endsAt)) : undefined,
    firing: firing.length,
    ...(truncated && { truncated }),
    hash: said,
  }
}

/** Each alert by its fingerprint; one that stands there twice counts once. */
function ofEach({ alerts }: AlertmanagerBody, source: string, said: string): readonly Notification[] {
  const byKey = new Map<string, Notification>()
  for (const alert of alerts) {
    const { status, labels, annotations, startsAt, endsAt } = alert
    const key = fingerprintOf(alert)
    byKey.set(key, {
      source,
      key,
      keyedBy: 'fingerprint',
      status,
      labels: kept(labels, LONGEST_LABEL),
      annotations: kept(annotations, LONGEST_ANNOTATION),
      startsAt: instantOf(startsAt),
      endsAt: status === 'resolved' ? instantOf(endsAt) : undefined,
      firing: status === 'firing' ? 1 : 0,
      hash: said,
    })
  }
  return [...byKey.values()]
}

function fingerprintOf({ fingerprint, labels }: AlertmanagerAlert): string {
  return fingerprint ?? derivedId('fingerprint', canonicalJson(labels))
}

/** What a sender of the generic form says. */
export function fromGeneric(body: Omit<GenericAlert, 'reason'>): Notification {
  const { source, key, status, labels = {}, annotations = {}, startsAt, endsAt } = body
  return {
    source,
    key,
    keyedBy: 'sender',
    status,
    labels: kept(labels, LONGEST_LABEL),
    annotations: kept(annotations, LONGEST_ANNOTATION),
    startsAt: instantOf(startsAt),
    endsAt: status === 'resolved' ? instantOf(endsAt) : undefined,
    firing: status === 'firing' ? 1 : 0,
    hash: hashOf({ status, labels, annotations, startsAt, endsAt }),
  }
}

/** 128 bits: they tell a notification from the one before, no more, and stand in every event. */
function hashOf(said: object): string {
  return hash('sha256', canonicalJson(said), 'hex').slice(0, 32)
}

function kept(values: Labels = {}, longest: number): Labels {
  return Object.fromEntries(
    Object.entries(values)
      .slice(0, MOST_LABELS)
      .map(([name, value]) => [cut(name, LONGEST_LABEL), cut(value, longest)]),
  )
}

/** Alertmanager says the year 1 of what has not ended. */
function instantOf(text: string | undefined): string | undefined {
  if (text === undefined || text.startsWith('0001-')) return undefined
  return toUtc(text)
}

function earliest(times: readonly (string | undefined)[]): string | undefined {
  return times.flatMap((time) => instantOf(time) ?? []).sort()[0]
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  return times
    .flatMap((time) => instantOf(time) ?? [])
    .sort()
    .at(-1)
}
