import type { DomainEvent } from '#libs/event-sourcing'

/** What of a source's notifications is one alert: Alertmanager's group, one of its alerts, or what a sender of the generic form calls so. */
export type AlertKeyKind = 'group' | 'fingerprint' | 'sender'

export type AlertCondition = 'firing' | 'cleared'

/** Name → value, as the source has them; long values are cut. */
export type Labels = Readonly<Record<string, string>>

/** First notification ever. `firing`: how many alerts of the group do; `truncated`: how many more the sender left out. */
export type AlertFired = DomainEvent<
  'AlertFired',
  {
    source: string
    key: string
    keyedBy: AlertKeyKind
    labels: Labels
    annotations: Labels
    /** ISO 8601, by the source's clock. */
    startsAt: string
    firing: number
    truncated?: number
    /** Of the notification, to tell a retry from a repeat. */
    hash: string
  }
>
/** It still fires. Small, as a storm has thousands of them. `incident`: the one to be told, because it is Resolved. */
export type AlertRepeated = DomainEvent<
  'AlertRepeated',
  { count: number; firing: number; hash: string; incident?: string }
>
/** `incident`: the one to be told; absent: it is not known yet, and is told when it is bound. */
export type AlertCleared = DomainEvent<
  'AlertCleared',
  { count: number; hash: string; clearedAt: string; incident?: string }
>
/**
 * Its end was heard before it was ever heard to fire: notifications overtake each other. Remembered, so that the firing that
 * comes late opens nothing. `clearedAt`: ISO 8601.
 */
export type AlertEndHeard = DomainEvent<
  'AlertEndHeard',
  { source: string; key: string; keyedBy: AlertKeyKind; hash: string; clearedAt: string }
>
/** It fires once more after it had cleared, for the `firings`th time. `incident`: the one to be told. */
export type AlertRefired = DomainEvent<
  'AlertRefired',
  {
    count: number
    firings: number
    labels: Labels
    annotations: Labels
    startsAt: string
    firing: number
    truncated?: number
    hash: string
    incident?: string
  }
>

/** What an incident of an alert is opened with. */
export interface WantedIncident {
  title: string
  description?: string
  group?: string
  impact?: number
  urgency?: number
  category?: string
  subcategory?: string
  service?: string
  primaryCi?: string
  /** ISO 8601: when the alert began to fire. */
  detectedAt: string
}
/**
 * An incident is to be opened, the `episode`th of this alert; until it is bound, no other is. `previous`: the one before,
 * which is finished. `mapping`: the version in force and the rules that had a say.
 */
export type AlertIncidentRequested = DomainEvent<
  'AlertIncidentRequested',
  {
    episode: number
    previous: string | null
    incident: WantedIncident
    mapping: { version: number; rules: readonly string[] }
  }
>
/** `condition`, `count`: as of now, for the incident to be told. `merged`: it goes on in another incident. */
export type AlertIncidentBound = DomainEvent<
  'AlertIncidentBound',
  {
    number: string
    episode: number
    previous: string | null
    condition: AlertCondition
    count: number
    merged?: true
  }
>

export type AlertEvent =
  | AlertFired
  | AlertRepeated
  | AlertCleared
  | AlertEndHeard
  | AlertRefired
  | AlertIncidentRequested
  | AlertIncidentBound
