// Cuts the sample out of UCI data set 498: node test/data/cut-sample.mjs <incident_event_log.csv[.gz]> [<output.csv.gz>]
// Whole incidents with all their rows, unchanged and in file order: every 16th of all, and every 4th of those that are
// unresolved at the cut-off, so that there is a queue to work on then. Prints the figures of the README as JSON.

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'

const CUT_OFF = '2016-04-12T09:00:00.000Z'
const EVERY = 16
const EVERY_UNRESOLVED = 4

const [, , input, output = new URL('servicenow-incidents-sample.csv.gz', import.meta.url).pathname] = process.argv
if (input === undefined) throw new Error('Say which file to cut the sample from')
const bytes = readFileSync(input)
// The source quotes nothing.
const [header, ...lines] = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8').trimEnd().split('\n')
const columns = header.split(',')
const column = (line, name) => line.split(',')[columns.indexOf(name)]

const incidents = groupByNumber(lines)
const numbers = [...incidents.keys()]
const unresolved = numbers.filter((number) => isUnresolved(standingAt(incidents.get(number), CUT_OFF)))
const chosen = new Set([
  ...numbers.filter((_, index) => index % EVERY === 0),
  ...unresolved.filter((_, index) => index % EVERY_UNRESOLVED === 0),
])
const kept = lines.filter((line) => chosen.has(column(line, 'number')))
const text = `${[header, ...kept].join('\n')}\n`
writeFileSync(output, gzipSync(text, { level: 9 }))
process.stdout.write(`${JSON.stringify(figures(), null, 2)}\n`)

function groupByNumber(rows) {
  const groups = new Map()
  for (const row of rows) {
    const number = column(row, 'number')
    const group = groups.get(number)
    if (group) group.push(row)
    else groups.set(number, [row])
  }
  return groups
}

/** The last row in force at a time; a row is never in force before the rows that stand above it. */
function standingAt(rows, time) {
  let standing
  let state
  for (const row of rows) {
    if (instant(column(row, 'sys_updated_at')) > time) break
    const said = column(row, 'incident_state')
    if (said !== '-100') state = said
    standing = { state, group: column(row, 'assignment_group'), assignee: column(row, 'assigned_to') }
  }
  return standing
}

function isUnresolved(standing) {
  return standing !== undefined && standing.state !== 'Resolved' && standing.state !== 'Closed'
}

/** `29/2/2016 01:16` → `2016-02-29T01:16:00.000Z` */
function instant(text) {
  const [date, time] = text.split(' ')
  const [day, month, year] = date.split('/')
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${time}:00.000Z`
}

function figures() {
  const standings = [...chosen].map((number) => standingAt(incidents.get(number), CUT_OFF))
  const open = standings.filter(isUnresolved)
  const times = kept.map((row) => instant(column(row, 'sys_updated_at'))).sort()
  return {
    incidents: chosen.size,
    rows: kept.length,
    sha256OfText: createHash('sha256').update(text).digest('hex'),
    firstUpdate: times[0],
    lastUpdate: times.at(-1),
    cutOff: CUT_OFF,
    atCutOff: {
      rowsUntil: [...chosen].reduce((sum, number) => sum + rowsUntil(incidents.get(number)), 0),
      known: standings.filter((standing) => standing !== undefined).length,
      open: open.length,
      resolved: standings.filter((standing) => standing?.state === 'Resolved').length,
      closed: standings.filter((standing) => standing?.state === 'Closed').length,
      openByState: counts(open.map(({ state }) => state)),
      openWithoutGroup: open.filter(({ group }) => group === '?').length,
      openUnassigned: open.filter(({ assignee }) => assignee === '?').length,
      groupsWithOpen: new Set(open.map(({ group }) => group).filter((group) => group !== '?')).size,
      largestQueues: Object.fromEntries(
        Object.entries(counts(open.map(({ group }) => group).filter((group) => group !== '?'))).slice(0, 5),
      ),
    },
  }
}

function rowsUntil(rows) {
  const end = rows.findIndex((row) => instant(column(row, 'sys_updated_at')) > CUT_OFF)
  return end < 0 ? rows.length : end
}

function counts(values) {
  const totals = new Map()
  for (const value of values) totals.set(value, (totals.get(value) ?? 0) + 1)
  return Object.fromEntries([...totals].sort((a, b) => b[1] - a[1]))
}
