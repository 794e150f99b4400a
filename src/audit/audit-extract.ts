import { createHash } from 'node:crypto'
import { stringify } from 'csv-stringify/sync'
import type { AuditFinding } from '#projections/audit-findings/audit-findings'

const COLUMNS = [
  'at',
  'question',
  'recordType',
  'record',
  'change',
  'persons',
  'standing',
  'details',
  'verdicts',
  'disposition',
  'reviewer',
  'comment',
  'position',
  'events',
  'id',
] as const satisfies readonly (keyof AuditFinding)[]

/** How an extract came to be; stands above it. */
export interface ExtractHead {
  query: string
  /** Everything up to here is in it. */
  position: string
  by: string
  /** ISO 8601. */
  at: string
}

/** Findings as CSV below lines that say how they came to be. @returns the SHA-256 of what follows those lines, too */
export function auditExtract(
  findings: readonly AuditFinding[],
  { query, position, by, at }: ExtractHead,
): { text: string; sha256: string } {
  const rows = stringify(findings.map(rowOf), {
    header: true,
    columns: [...COLUMNS],
    cast: { boolean: String },
    // A spreadsheet would take it for a formula
    escape_formulas: true,
  })
  const sha256 = createHash('sha256').update(rows).digest('hex')
  const head = [
    '# Findings of an audit',
    `# query: ${query}`,
    `# rows: ${findings.length}`,
    `# position: ${position}`,
    `# extracted by: ${by}`,
    `# extracted at: ${at}`,
    `# SHA-256 of all lines below: ${sha256}`,
  ]
  return { text: `${head.join('\n')}\n${rows}`, sha256 }
}

function rowOf({ persons, details, events, verdicts, ...finding }: AuditFinding): object {
  return {
    ...finding,
    persons: persons.join(' '),
    details: details.join('; '),
    events: events.join(' '),
    verdicts: verdicts
      ?.map(({ verdict, change }) => (change ? `${verdict} (${change})` : verdict))
      .join(', then '),
  }
}
