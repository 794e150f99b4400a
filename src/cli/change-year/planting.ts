import type { AuditQuestion } from '#projections/audit-findings/finding'

/** A row that an auditor must find. */
export interface Planting {
  question: AuditQuestion
  /** Number of the change or item, id of the person or group, or what was read. */
  record: string
  /** False: it was put right in the year. */
  standing: boolean
}

/** What the year has, as whoever made it up knows. */
export interface YearAsPlanned {
  /** ISO 8601, half-open. */
  from: string
  to: string
  changes: number
  findings: readonly Planting[]
  /** Changes by the risk that they were assessed with. */
  risks: Readonly<Record<'low' | 'medium' | 'high', number>>
  /** Changes by the board's last advice. */
  advice: Readonly<Record<'recommend' | 'reject' | 'defer', number>>
  /** Changes by how they went. */
  outcomes: Readonly<Record<'successful' | 'with issues' | 'failed' | 'backed out', number>>
  /** Those whose approval an edit voided. */
  voided: readonly string[]
  /** Pairs that were planned for one item at once. */
  conflicts: readonly (readonly [string, string])[]
  reverts: readonly string[]
  rejected: readonly string[]
  /** Items of which two sources said different things: what holds, and what each said. */
  disputed: readonly {
    ci: string
    attribute: string
    holds: string
    values: Readonly<Record<string, string>>
  }[]
  /** What is wrong with the items: numbers; unresolved ends by name; stale ones were not seen in the second half of the year. */
  health: {
    readonly orphan: readonly string[]
    readonly incomplete: readonly string[]
    readonly duplicate: readonly (readonly string[])[]
    readonly unresolved: readonly string[]
    readonly stale: readonly string[]
  }
}
