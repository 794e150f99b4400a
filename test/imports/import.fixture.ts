import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { importRules } from '../../src/cli/import-rules.js'
import { type ImportOptions, importFile } from '../../src/imports/import-file.js'
import type { ImportSummary } from '../../src/imports/import-summary.js'
import { parseMapping } from '../../src/imports/mapping.js'

export const SERVICENOW = parseMapping(
  readFileSync(join(__dirname, '../../src/imports/mappings/servicenow-incident-audit-log.yaml'), 'utf8'),
)

/** A small export with what the laws of an import are about: equal rows, states, a column that is filled in later. */
export const SMALL = parseMapping(`
source: small
recordType: incident
format: { delimiter: ',', quote: null, missing: ['?'] }
rowOrder: file
externalId: id
number: { policy: keep }
time: { column: at, format: d/M/yyyy HH:mm, zone: UTC, precision: minute }
namespaces: { people: 'small:', groups: 'small:' }
attributedTo: by
state:
  column: state
  values: { New: New, Active: In Progress, Waiting: { state: On Hold, hold: awaiting-caller }, Resolved: Resolved, Closed: Closed }
fields: { impact: impact, urgency: urgency, priority: priority, assignmentGroup: group, resolutionCode: closed }
backFilled: [closed]
times: []
priorityMatrix:
  impacts: ['1', '2']
  urgencies: ['1', '2']
  priorities: ['1', '2', '3']
  cells: [[1, null], [2, 3]]
`)

export const SMALL_HEADER = 'id,at,by,state,impact,urgency,priority,group,note,closed'

export interface Folder {
  /** Path of a new file. */
  file(name: string, content: readonly string[] | string | Buffer): string
  dispose(): void
}

export function temporaryFolder(): Folder {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-import-'))
  return {
    file(name, content) {
      const path = join(folder, name)
      writeFileSync(path, Array.isArray(content) ? `${content.join('\n')}\n` : (content as string | Buffer))
      return path
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export function importInto(
  store: EventStore,
  file: string,
  options: Partial<ImportOptions> = {},
): Promise<ImportSummary> {
  return importFile({ store, rules: importRules, mapping: SMALL, file, actor: { id: 'adam' }, ...options })
}

export async function allEvents(store: EventStore, prefixes?: readonly string[]): Promise<RecordedEvent[]> {
  return (await store.readAll({ after: LOG_START, limit: 1_000_000, prefixes })).events
}

/** What the law of imports compares: types, data and `occurredAt` per stream, in order; not the runs themselves. */
export async function storyOf(
  store: EventStore,
  prefixes: readonly string[] = ['incident-', 'person-', 'group-', 'settings-', 'external-'],
): Promise<Record<string, unknown[]>> {
  const streams: Record<string, unknown[]> = {}
  for (const { stream, type, data, metadata } of await allEvents(store, prefixes)) {
    const told = streams[stream] ?? []
    told.push([type, JSON.parse(JSON.stringify(data)), metadata.occurredAt])
    streams[stream] = told
  }
  return streams
}
