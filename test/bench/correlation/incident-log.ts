import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'

/** A row of the log: an incident as it stood after an update. Absent: not told. */
export interface Row {
  number: string
  /** `sys_updated_at` and `opened_at`, milliseconds since 1970. */
  at: number
  openedAt: number
  category?: string
  subcategory?: string
  symptom?: string
  location?: string
  openedBy?: string
  primaryCi?: string
  group?: string
  /** What people linked it to: never seen by what is measured. */
  problem?: string
}

/** The rows of the log, by when they were written; those of the same minute in the order of the file. */
export function readIncidentLog(path: string): readonly Row[] {
  const bytes = readFileSync(path)
  const text = path.endsWith('.gz') ? gunzipSync(bytes) : bytes
  const records = parse(text, { columns: true }) as Record<string, string>[]
  return records.map(rowOf).sort((a, b) => a.at - b.at)
}

function rowOf(record: Record<string, string>): Row {
  const told = (column: string) => (record[column] === '?' ? undefined : record[column])
  return {
    number: record.number as string,
    at: timeOf(record.sys_updated_at as string),
    openedAt: timeOf(record.opened_at as string),
    category: told('category'),
    subcategory: told('subcategory'),
    symptom: told('u_symptom'),
    location: told('location'),
    openedBy: told('opened_by'),
    primaryCi: told('cmdb_ci'),
    group: told('assignment_group'),
    problem: told('problem_id'),
  }
}

/** `d/m/yyyy HH:MM`, without a time zone: read as UTC. */
function timeOf(text: string): number {
  const [day, month, year, hour, minute] = text.split(/[/ :]/).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return Date.UTC(year, month - 1, day, hour, minute)
}

/** An incident and a problem that it was linked to, when the first row that says so was written. */
export interface LinkedPair {
  number: string
  problem: string
  at: number
  /** That row. */
  row: Row
  /** Incidents that bore a link to the same problem in an earlier row. */
  linkedBefore: ReadonlySet<string>
  /** Incidents of the same problem of which any earlier row tells, linked by then or not. */
  knownBefore: ReadonlySet<string>
}

export interface Links {
  /** Every pair of an incident and a problem. */
  all: readonly LinkedPair[]
  /** Those that had an earlier incident of the same problem: the queries, by time. */
  queries: readonly LinkedPair[]
}

export function linksOf(rows: readonly Row[]): Links {
  const firstRows = new Map<string, number>()
  const firstLinks = new Map<string, Row & { problem: string }>()
  const members = new Map<string, { number: string; at: number }[]>()
  for (const row of rows) {
    if (!firstRows.has(row.number)) firstRows.set(row.number, row.at)
    const { number, problem, at } = row
    const pair = `${number} ${problem}`
    if (problem === undefined || firstLinks.has(pair)) continue
    firstLinks.set(pair, { ...row, problem })
    members.set(problem, [...(members.get(problem) ?? []), { number, at }])
  }
  const all = [...firstLinks.values()].map((row): LinkedPair => {
    const { number, problem, at } = row
    const others = (members.get(problem) ?? []).filter((other) => other.number !== number)
    const numbers = (those: readonly { number: string }[]) => new Set(those.map((one) => one.number))
    return {
      ...{ number, problem, at, row },
      linkedBefore: numbers(others.filter((other) => other.at < at)),
      knownBefore: numbers(others.filter((other) => (firstRows.get(other.number) as number) < at)),
    }
  })
  return { all, queries: all.filter(({ linkedBefore }) => linkedBefore.size > 0) }
}
