import { Command } from '#libs/event-sourcing'
import type { AlertKeyKind, Labels } from './alert.events.js'

/** What a source says of one alert at a time. */
export interface Notification {
  source: string
  key: string
  keyedBy: AlertKeyKind
  status: 'firing' | 'resolved'
  labels: Labels
  annotations: Labels
  /** ISO 8601, by the source's clock; absent: when it came. */
  startsAt?: string
  endsAt?: string
  /** How many alerts of the group fire. */
  firing: number
  /** How many more the sender left out. */
  truncated?: number
  /** Of all that the sender said: equal ones shortly after each other are one notification, sent twice. */
  hash: string
}

/** A source's notification. Under an `Idempotency-Key` the sender says what a retry is, otherwise the hash does. */
export class ReceiveAlert extends Command<'ReceiveAlert', Notification> {
  readonly type = 'ReceiveAlert'
}

/** The policy's: the incident that was asked for has this number; or another goes on `instead` of the merged one. */
export class BindAlertIncident extends Command<'BindAlertIncident', { number: string; instead?: string }> {
  readonly type = 'BindAlertIncident'
}

/** The policy's: the bound incident was told that the alert fires, and may have been finished by then. */
export class ReplaceAlertIncident extends Command<'ReplaceAlertIncident', { number: string }> {
  readonly type = 'ReplaceAlertIncident'
}

export type AlertCommand = ReceiveAlert | BindAlertIncident | ReplaceAlertIncident

/** Every command class, for the handlers. */
export const ALERT_COMMANDS = [ReceiveAlert, BindAlertIncident, ReplaceAlertIncident] as const
