import type { DomainEvent } from '#libs/event-sourcing'

/** What a CI's attribute holds; which ones a class has, and of which kind, its JSON Schema says. */
export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[]
export type Attributes = Readonly<Record<string, AttributeValue>>
/** null: absent. */
export type AttributeChanges = Readonly<
  Record<string, { before: AttributeValue | null; after: AttributeValue | null }>
>

/** What allowed a modification: the number of a change. */
interface Authorised {
  change?: string
}
/** Which source said so: a discovery tool, or an import's name space. */
interface FromSource {
  source?: string
}
interface Imported {
  /** What a live guard would have refused. */
  irregular?: string
  /** Columns of the source without a home. */
  sourceFields?: Readonly<Record<string, unknown>>
}

/** Streams `ci-<number>`: one configuration item each. */
export type CiRegistered = DomainEvent<
  'CiRegistered',
  { class: string; name: string; attributes: Attributes; classesVersion?: number } & Authorised &
    FromSource &
    Imported
>
/** Only what differs. */
export type CiChanged = DomainEvent<
  'CiChanged',
  { changes: AttributeChanges; classesVersion?: number } & Authorised & FromSource & Imported
>
export type CiRenamed = DomainEvent<
  'CiRenamed',
  { before: string; after: string } & Authorised & FromSource & Imported
>
export type CiReclassified = DomainEvent<
  'CiReclassified',
  { before: string; after: string; classesVersion?: number } & Authorised & Imported
>
export type CiRetired = DomainEvent<'CiRetired', Authorised & FromSource & Imported>
/** A source reported it, and nothing differed. */
export type CiObserved = DomainEvent<'CiObserved', { run?: string } & Authorised & FromSource & Imported>
/**
 * How it was from `occurredAt` on (until `until`, if given, ISO 8601 UTC), whatever was recorded since: what was effective later still wins.
 * `attributes`: null takes one away.
 */
export type CiCorrected = DomainEvent<
  'CiCorrected',
  {
    name?: string
    status?: 'live' | 'retired'
    attributes?: Readonly<Record<string, AttributeValue | null>>
    until?: string
  } & Authorised
>
/** What a source says of it, whether or not that source is the one that is believed. */
export type CiSourceValuesRecorded = DomainEvent<
  'CiSourceValuesRecorded',
  { source: string; values: Readonly<Record<string, AttributeValue | null>>; run?: string }
>

/** Attributes that somebody has changed since a base value was taken of them; null: not set. */
export type MovedValues = Readonly<
  Record<string, { base: AttributeValue | null; now: AttributeValue | null }>
>

/** A change was done that was to give it these values, and they are not possible: somebody must look. */
export type ProposedValuesNotApplied = DomainEvent<
  'ProposedValuesNotApplied',
  {
    change: string
    attributes: Readonly<Record<string, AttributeValue | null>>
    /** Of the rule that refused them. */
    code: string
    detail: string
    /** Those attributes that are wrong. */
    errors?: readonly { pointer: string; message: string }[]
    /** Those that are no longer what they were when the change was approved. */
    moved?: MovedValues
  }
>

/**
 * A number was taken for a CI that is to be registered: its name is reserved next. Without a `CiRegistered` after it nothing
 * came of it.
 */
export type CiProposed = DomainEvent<'CiProposed', { class: string; name: string }>
/** Whoever wanted the name gave up waiting for this operation (a command id), which can't go on from here. */
export type CiNamingAbandoned = DomainEvent<'CiNamingAbandoned', { operation: string }>

/** Streams `ciname-<id of class and name>`: who is to bear a name, before it does. `operation`: the command id. */
export type CiNameReserved = DomainEvent<
  'CiNameReserved',
  { class: string; name: string; ci: string; operation: string }
>
/** Nothing came of the operation. */
export type CiNameReleased = DomainEvent<'CiNameReleased', { operation: string }>
export type CiNameEvent = CiNameReserved | CiNameReleased

/** What a source says of something that may be a CI we know. */
export interface DiscoveredItem {
  class: string
  name: string
  attributes: Attributes
}
/** Streams `reconciliation-<id>`: what one source says fits several CIs; nothing was written. */
export type ReconciliationReviewOpened = DomainEvent<
  'ReconciliationReviewOpened',
  {
    source: string
    run: string
    item: DiscoveredItem
    candidates: readonly string[]
    rule: readonly string[]
  }
>
/** `same-as`: it is this CI, now and whenever the source says it; `new`: none of the candidates; `dismissed`: not ours. */
export type ReconciliationReviewResolved = DomainEvent<
  'ReconciliationReviewResolved',
  { decision: 'same-as' | 'new' | 'dismissed'; ci?: string }
>
export type ReconciliationEvent = ReconciliationReviewOpened | ReconciliationReviewResolved

/** An end of a relation: a CI for ever, or whichever live CI bears the name then (`class`: of it or one below it). */
export type RelationEnd = { readonly ci: string } | { readonly name: string; readonly class?: string }

/** Streams `relation-<id>`: one relation each, its ends fixed; `type` reads from source to target ("source runs on target"). */
export type CiRelated = DomainEvent<
  'CiRelated',
  { type: string; source: RelationEnd; target: RelationEnd; attributes?: Attributes } & Authorised & Imported
>
/** Its type and ends once more, as far as they are known: whom it concerns, nobody has to look up. */
export type CiUnrelated = DomainEvent<
  'CiUnrelated',
  { type?: string; source?: RelationEnd; target?: RelationEnd } & Authorised & Imported
>
/** Whether it was there from `occurredAt` on (until `until`); its ends stand in every event, since it may be the first. */
export type RelationCorrected = DomainEvent<
  'RelationCorrected',
  { type: string; source: RelationEnd; target: RelationEnd; present: boolean; until?: string } & Authorised
>

/** Streams `discovery-<source>`. A long run is several events with the same `run`. */
export type DiscoveryRunRecorded = DomainEvent<
  'DiscoveryRunRecorded',
  { source: string; run: string; seen: readonly string[] }
>

/** Streams `baseline-<id>`: a named point on both time axes. */
export type BaselineTaken = DomainEvent<'BaselineTaken', { name: string; validAt: string; asOf: string }>

export type CiEvent =
  | CiRegistered
  | CiChanged
  | CiRenamed
  | CiReclassified
  | CiRetired
  | CiObserved
  | CiCorrected
  | CiSourceValuesRecorded
  | ProposedValuesNotApplied
  | CiProposed
  | CiNamingAbandoned
export type RelationEvent = CiRelated | CiUnrelated | RelationCorrected
export type ConfigurationEvent =
  | CiEvent
  | CiNameEvent
  | RelationEvent
  | DiscoveryRunRecorded
  | ReconciliationEvent
  | BaselineTaken
