import type { DomainEvent } from '#libs/event-sourcing'

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

export type AuditEvent = FindingDisposed | AuditDataRead
