import type { DomainEvent } from '#libs/event-sourcing'
import type { Verdict } from './verdicts.js'

/** What a reviewer thinks of a finding: it had a reason, or it should not have been. */
export const DISPOSITIONS = ['justified', 'deficiency'] as const
export type Disposition = (typeof DISPOSITIONS)[number]

/**
 * Streams `finding-<id>`: what was said of a finding. `question`, `record` and `persons`: as the finding stood when it was
 * judged, so that the verdict can be read by itself.
 */
export type FindingDisposed = DomainEvent<
  'FindingDisposed',
  {
    disposition: Disposition
    comment: string
    question: string
    record: string
    persons: readonly string[]
  }
>

/** Streams `auditread-<person>`: audit data left the program. `rows`: how many; `sha256`: of an extract, without its head. */
export type AuditDataRead = DomainEvent<
  'AuditDataRead',
  { what: string; query: string; rows: number; form: 'json' | 'csv' | 'zip'; sha256?: string }
>

/** A modification of controlled attributes, judged by a change, or by there being none. */
interface JudgedModification {
  ci: string
  /** Absent: none is named, or linked. */
  change?: string
  /** Id of the event that modified the item. */
  modification: string
  attributes: readonly string[]
  /** Who did it, and when: ISO 8601. */
  by: string
  at: string
}

/**
 * Streams `judgement-<CI>`: a modification that its change did not allow, or that has none. Recorded again when the verdict is
 * another one, or rests on another change.
 */
export type UnauthorisedChangeDetected = DomainEvent<
  'UnauthorisedChangeDetected',
  JudgedModification & { verdict: Exclude<Verdict, 'authorised' | 'not-assessable'> }
>
/** What was detected is allowed after all: its change was approved or ratified since, or one that allows it was linked. */
export type ModificationAuthorised = DomainEvent<'ModificationAuthorised', JudgedModification>

export type JudgementEvent = UnauthorisedChangeDetected | ModificationAuthorised

export type AuditEvent = FindingDisposed | AuditDataRead | JudgementEvent
