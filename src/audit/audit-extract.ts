import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { AuditFinding } from '#projections/audit-findings/finding'
import { csvOf } from '../http/csv.js'

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

/** Gives the findings of an extract, page by page; each time that it is called the same ones. */
export type FindingPages = () => AsyncIterable<readonly AuditFinding[]>

/** How an extract came to be; stands above it. */
export interface ExtractHead {
  query: string
  /** Everything up to here is in it. */
  position: string
  /** Commits of a source's configuration in that time, of which nothing can be asked. */
  notAssessable: number
  by: string
  /** ISO 8601. */
  at: string
}

/** What is known of an extract's lines below its head. */
export interface ExtractMeasure {
  rows: number
  /** Hexadecimal. */
  sha256: string
}

/** Goes through an extract once: its head, which comes first, says what follows. Holds one page at a time. */
export async function measureExtract(pages: FindingPages): Promise<ExtractMeasure> {
  let rows = 0
  const hash = createHash('sha256')
  const lines = asCsv(async function* () {
    for await (const page of pages()) {
      rows += page.length
      yield page
    }
  })
  for await (const chunk of lines) hash.update(chunk)
  return { rows, sha256: hash.digest('hex') }
}

/**
 * Findings as CSV below lines that say how they came to be, as fast as they are read. It ends before its end, as an error, when they are
 * not those that were measured: what the head says must be true.
 */
export function extractStream(
  head: ExtractHead,
  { rows, sha256 }: ExtractMeasure,
  pages: FindingPages,
): Readable {
  const lines = [
    '# Findings of an audit',
    `# query: ${head.query}`,
    `# rows: ${rows}`,
    `# not assessable: ${head.notAssessable} (changes that a source tells of without evidence of approval or outcome; left out)`,
    `# position: ${head.position}`,
    `# extracted by: ${head.by}`,
    `# extracted at: ${head.at}`,
    `# SHA-256 of all lines below: ${sha256}`,
  ]
  async function* text() {
    yield Buffer.from(`${lines.join('\n')}\n`)
    const hash = createHash('sha256')
    for await (const chunk of asCsv(pages)) {
      hash.update(chunk)
      yield chunk
    }
    if (hash.digest('hex') !== sha256)
      throw new Error(`The findings at ${head.position} are others than a moment ago`)
  }
  return Readable.from(text(), { objectMode: false })
}

function asCsv(pages: FindingPages): Readable {
  const rows = async function* () {
    for await (const page of pages()) for (const finding of page) yield rowOf(finding)
  }
  return csvOf(Readable.from(rows()), COLUMNS)
}

function rowOf({ persons, details, events, verdicts, ...finding }: AuditFinding): object {
  return {
    ...finding,
    // Ids of people and details may hold any separator
    persons: JSON.stringify(persons),
    details: JSON.stringify(details),
    events: events.join(' '),
    verdicts: verdicts
      ?.map(({ verdict, change }) => (change ? `${verdict} (${change})` : verdict))
      .join(', then '),
  }
}
