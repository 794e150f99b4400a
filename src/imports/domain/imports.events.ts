import type { DomainEvent } from '#libs/event-sourcing'

/**
 * Streams `import-<run>`: one for each time that a file was read, by whom, with what and with which result. Each of a
 * run's other events names the run in `metadata.source`.
 */
export type ImportStarted = DomainEvent<
  'ImportStarted',
  {
    source: string
    recordType: string
    /** Without its folder. `sha256` (hex) of its bytes as they lay there. */
    file: { name: string; bytes: number; sha256: string }
    /** Read beside it. */
    otherFiles?: readonly { name: string; bytes: number; sha256: string }[]
    mapping: { sha256: string; timeZone: string; precision: string; rowOrder: string; numbers: string }
    /** ISO 8601; rows later than this were left for another run. */
    until?: string
  }
>
/** What could not be imported; `row` counts from 1, the header is not counted. */
export type RowRejected = DomainEvent<'RowRejected', { row: number; reason: string; externalId?: string }>
export interface ImportCounts {
  rows: number
  /** Rows that became events in this run. */
  applied: number
  /** Rows that an earlier run had imported. */
  known: number
  rejected: number
  /** Rows later than `until`. */
  later: number
  /** Events of the records, the directory and the settings. */
  events: number
}
/** The whole file was read. */
export type ImportCompleted = DomainEvent<'ImportCompleted', ImportCounts>
/** Somebody stopped it; the next run goes on from there. A run without an end was killed. */
export type ImportStopped = DomainEvent<'ImportStopped', ImportCounts>
/** Policies look after the records of this source that were still open: so many. */
export type ImportActivated = DomainEvent<'ImportActivated', { source: string; activated: number }>

export type ImportRunEvent = ImportStarted | RowRejected | ImportCompleted | ImportStopped | ImportActivated

/**
 * Streams `external-<source>/<external id>`: the number that a record of a source got here, when it could not keep its
 * own. Where it kept it, the number is the external id.
 */
export type ExternalIdClaimed = DomainEvent<'ExternalIdClaimed', { number: string }>
