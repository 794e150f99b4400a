import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { wantedShape } from '../servers/deployment.js'
import { linkFigures } from './link.figures.js'
import { Installation } from './running-server.js'
import { type Facts, factsOf, sum, tally } from './served-rows.js'

const DATA = join(__dirname, '../data')
const SAMPLE = join(DATA, 'servicenow-incidents-sample.csv.gz')
const LINES = gunzipSync(readFileSync(SAMPLE)).toString().trim().split('\n')
const COLUMNS = LINES[0]!.split(',')
type Row = Readonly<Record<string, string>>
const ROWS = LINES.slice(1).map(
  (line): Row => Object.fromEntries(line.split(',').map((cell, at) => [COLUMNS[at]!, cell])),
)
/** A scale-out's tests run on slow doubles of its servers, where every eighth incident will do. `CI_WHOLE=1`: all of them. */
const ONE_IN = wantedShape() === 'scale-out' && !process.env.CI_WHOLE ? 8 : 1
const expected = JSON.parse(readFileSync(join(DATA, 'servicenow-incidents-expected.json'), 'utf8'))
/** The first 119,998 rows of UCI 498, which the project does not ship; say where it lies to have its figures checked. */
const WHOLE_FILE = process.env.UCI_INCIDENT_LOG ?? ''

// Each import is a process of its own, beside whatever else this machine does.
jest.setTimeout(600_000)

function hours(seconds: readonly (number | undefined)[]) {
  const known = seconds.filter((value) => value !== undefined).map((value) => value / 3600)
  const sorted = known.sort((a, b) => a - b)
  const middle = sorted.length / 2
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
  return {
    incidents: known.length,
    mean: known.reduce((sum, value) => sum + value, 0) / known.length,
    median,
  }
}

async function backlog(installation: Installation, token: string, at: string) {
  const response = await installation.get(`/queues?validAt=${at}`, token)
  const { items } = (await response.json()) as { items: { byState: Record<string, number> }[] }
  const inState = (state: string) => items.reduce((sum, { byState }) => sum + (byState[state] ?? 0), 0)
  return { open: inState('New') + inState('In Progress') + inState('On Hold'), resolved: inState('Resolved') }
}

/** Type, data and valid time of every incident event, by stream: what an import must give whatever way it took. */
function history(installation: Installation): Map<string, string[]> {
  const streams = new Map<string, string[]>()
  for (const line of installation.run(['events', 'export', '--stream', 'incident-']).trim().split('\n')) {
    const { subject, type, data, time } = JSON.parse(line)
    const events = streams.get(subject) ?? []
    events.push(JSON.stringify([type, data, time]))
    streams.set(subject, events)
  }
  return streams
}

/** Events of problems and changes: rows that only name such records must lead to none. */
function recordsElsewhere(installation: Installation): string[] {
  return ['problem-', 'change-']
    .flatMap((stream) => installation.run(['events', 'export', '--stream', stream]).split('\n'))
    .filter((line) => line !== '')
}

/** Each incident's last row, of those until an instant if one is given. */
function lastRows(rows: readonly Row[], until = Number.POSITIVE_INFINITY): Map<string, Row> {
  const instant = ({ sys_updated_at: local = '' }: Row) => {
    const [, day, month, year, time] = /^(\d+)\/(\d+)\/(\d+) (\d\d:\d\d)$/.exec(local)!
    return Date.parse(`${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}T${time}Z`)
  }
  return new Map(rows.filter((row) => instant(row) <= until).map((row) => [row.number!, row]))
}

/** A plain reading of the backlog at an instant. */
function plainBacklog(rows: readonly Row[], at: string) {
  const states = [...lastRows(rows, Date.parse(at)).values()].map((row) => row.incident_state!)
  const open = states.filter((state) => !['Resolved', 'Closed'].includes(state)).length
  return { open, resolved: states.filter((state) => state === 'Resolved').length }
}

describe('the sample, read plainly', () => {
  it('has as many incidents, and as many of them open in the morning, as its description says', () => {
    const { incidents, rows, atCutOff, cutOff } = expected.sample
    expect([ROWS.length, lastRows(ROWS).size]).toEqual([rows, incidents])
    const open = atCutOff.New + atCutOff['In Progress'] + atCutOff['On Hold']
    expect(plainBacklog(ROWS, cutOff)).toEqual({ open, resolved: atCutOff.Resolved })
  })
})

describe('the sample, imported and served', () => {
  const chosen = new Set([...lastRows(ROWS).keys()].filter((_, index) => index % ONE_IN === 0))
  const rows = ROWS.filter((row) => chosen.has(row.number!))
  const lines = LINES.filter((_, at) => at === 0 || chosen.has(ROWS[at - 1]!.number!))
  let installation: Installation
  let token = ''
  let facts: Facts[] = []

  const written = (name: string) => {
    const path = join(installation.folder, name)
    writeFileSync(path, `${lines.join('\n')}\n`)
    return path
  }

  beforeAll(async () => {
    installation = await Installation.make()
    installation.run(['import', ONE_IN === 1 ? SAMPLE : written('part.csv'), '--json'])
    const roles = ['analyst', 'auditor']
    token = installation.run(['token', 'create', '--person', 'ann', '--role', ...roles]).trim()
    await installation.serve()
    facts = await factsOf(installation, token)
  })
  afterAll(() => installation.dispose())

  it('has every incident and every row', () => {
    expect(facts).toHaveLength(chosen.size)
    expect(sum(facts, ({ updates }) => updates)).toBe(rows.length)
  })

  it('derives every priority by the source’s own matrix', () => {
    expect(facts.filter(({ priorityOverridden }) => priorityOverridden)).toEqual([])
  })

  it('agrees with a plain reading of the file about each incident’s last row', () => {
    const last = lastRows(rows)
    for (const { number, priority, madeSla } of facts) {
      const row = last.get(number)!
      expect([number, priority]).toEqual([number, Number(row.priority![0])])
      expect([number, String(madeSla)]).toEqual([number, row.made_sla])
    }
  })

  it('names the problems and changes that the file names, and makes no records of them', async () => {
    const plain = (column: string) => {
      const last = new Map<string, string>()
      const counts = { set: 0, withdrawn: 0 }
      for (const row of rows) {
        const [before, now] = [last.get(row.number!) ?? '?', row[column]!]
        last.set(row.number!, now)
        if (now === before) continue
        if (before !== '?') counts.withdrawn++
        if (now !== '?') counts.set++
      }
      const standing = [...last.values()].filter((target) => target !== '?')
      return { ...counts, incidents: standing.length, targets: new Set(standing).size }
    }
    const figures = await linkFigures(installation, token)
    expect(figures.links).toEqual({
      'has-problem': plain('problem_id'),
      'fixed-by-change': plain('rfc'),
      'caused-by-change': plain('caused_by'),
    })
    expect(figures.namespaces).toEqual(['servicenow'])
    expect(recordsElsewhere(installation)).toEqual([])
  })

  it('shows the backlog of the morning', async () => {
    const { cutOff } = expected.sample
    expect(await backlog(installation, token, cutOff)).toEqual(plainBacklog(rows, cutOff))
  })

  it('imported again under another name, it adds nothing', () => {
    const copy = written('another-name.csv')
    const { applied, known, events } = JSON.parse(installation.run(['import', copy, '--json']))
    expect({ applied, known, events }).toEqual({ applied: 0, known: rows.length, events: 0 })
  })
})

describe('an import in two pieces, by two administrators and under two names', () => {
  let atOnce: Installation
  let inPieces: Installation
  beforeAll(async () => {
    ;[atOnce, inPieces] = await Promise.all([Installation.make(), Installation.make()])
  })
  afterAll(() => Promise.all([atOnce.dispose(), inPieces.dispose()]))

  it('gives the same history as one import', () => {
    const whole = join(inPieces.folder, 'whole.csv')
    const piece = join(inPieces.folder, 'piece.csv')
    writeFileSync(whole, `${LINES.join('\n')}\n`)
    writeFileSync(piece, `${LINES.slice(0, 5_001).join('\n')}\n`)
    atOnce.run(['import', SAMPLE])
    for (const administrator of ['rita', 'rolf']) {
      inPieces.run(['token', 'create', '--person', administrator, '--role', 'administrator'])
    }
    inPieces.run(['import', piece, '--as', 'rita'])
    inPieces.run(['import', whole, '--as', 'rolf'])
    expect(history(inPieces)).toEqual(history(atOnce))
  })
})

const describeWhole = existsSync(WHOLE_FILE) ? describe : describe.skip
describeWhole('the whole file, imported with auto-close and assignment rules switched on', () => {
  let installation: Installation
  let token = ''
  let facts: Facts[] = []

  beforeAll(async () => {
    installation = await Installation.make()
    await installation.serve()
    const root = installation
      .run(['token', 'create', '--person', 'rita', '--role', 'administrator', 'analyst', 'auditor'])
      .trim()
    token = root
    await installation.put('/settings/incident', root, {
      autoCloseAfterDays: 1,
      remindCallerAfterDays: 1,
      resolveSilentAfterDays: 1,
    })
    await installation.post('/groups', root, { id: 'nobody', name: 'Nobody' })
    await installation.put('/settings/assignment-rules', root, {
      rules: [{ name: 'all', when: {}, group: 'nobody' }],
    })
    installation.run(['import', WHOLE_FILE])
    facts = await factsOf(installation, token)
  })
  afterAll(() => installation.dispose())

  it('counts what the published statistics count', () => {
    expect(facts).toHaveLength(expected.incidents)
    expect(sum(facts, ({ updates }) => updates)).toBe(expected.rows)
    expect(tally(facts, ({ priority }) => priority)).toEqual(expected.finalPriority)
    expect(facts.filter(({ priorityOverridden }) => priorityOverridden)).toHaveLength(
      expected.priorityOverrides,
    )
    expect(tally(facts, ({ state }) => state)).toEqual(expected.finalState)
    expect(facts.filter(({ madeSla }) => madeSla)).toHaveLength(expected.slaKept)
    const rowsByState: Record<string, number> = {}
    for (const { rowsBySourceState = {} } of facts) {
      for (const [state, rows] of Object.entries(rowsBySourceState))
        rowsByState[state] = (rowsByState[state] ?? 0) + rows
    }
    expect(rowsByState).toEqual(expected.rowsBySourceState)
  })

  it('measures resolution as imported and as replayed', () => {
    const asImported = hours(facts.map(({ resolveSecondsSource }) => resolveSecondsSource))
    expect(asImported.incidents).toBe(expected.resolutionHoursAsImported.incidents)
    expect(asImported.mean).toBeCloseTo(expected.resolutionHoursAsImported.mean, 3)
    expect(asImported.median).toBeCloseTo(expected.resolutionHoursAsImported.median, 3)
    const asReplayed = hours(facts.map(({ resolveSeconds }) => resolveSeconds))
    expect(asReplayed.incidents).toBe(expected.resolutionHoursAsReplayed.incidents)
    expect(asReplayed.mean).toBeCloseTo(expected.resolutionHoursAsReplayed.mean, 3)
    expect(asReplayed.median).toBeCloseTo(expected.resolutionHoursAsReplayed.median, 3)
  })

  it('counts reopenings, also the irregular ones', () => {
    expect(sum(facts, ({ reopens }) => reopens)).toBe(expected.reopened.fromResolved)
    expect(sum(facts, ({ reopensFromClosed }) => reopensFromClosed)).toBe(expected.reopened.fromClosed)
  })

  it('has every link to a problem and a change, and makes no records of these', async () => {
    const figures = await linkFigures(installation, token)
    expect(figures.links).toEqual(expected.links)
    expect(figures.namespaces).toEqual(['servicenow'])
    expect(recordsElsewhere(installation)).toEqual([])
  })

  it('shows the backlog at a past instant', async () => {
    const { at, open, resolved } = expected.backlog
    expect(await backlog(installation, token, at)).toEqual({ open, resolved })
  })

  it('let no policy act', () => {
    const events = installation.run(['events', 'export']).split('\n')
    expect(events.filter((event) => event.includes('"channel":"policy"'))).toEqual([])
  })
})
