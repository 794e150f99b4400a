import fc from 'fast-check'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { temporaryEventStore } from '../../libs/testing/temporary-event-store.js'
import type { ImportMapping } from '../../src/imports/mapping.js'
import { toldSummary } from '../../src/imports/told-summary.js'
import { problemDecider } from '../../src/problems/domain/problem.decider.js'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { outcomeOf, type Problem } from '../../src/problems/domain/problem.state.js'
import { type ProblemRow, problemLog, problemRow, VINST_PROBLEMS } from './export-forms.fixture.js'
import { allEvents, importInto, temporaryFolder } from './import.fixture.js'

const folder = temporaryFolder()
const disposals: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose()
})
afterAll(() => folder.dispose())

async function newStore(): Promise<EventStore> {
  const { store, dispose } = await temporaryEventStore()
  disposals.push(dispose)
  return store
}

type File = readonly [columns: 'closed' | 'open', ...rows: ProblemRow[]]

/** Imports files one after the other into one instance. */
async function importing(files: readonly File[], mapping: ImportMapping = VINST_PROBLEMS) {
  const store = await newStore()
  const summaries = []
  for (const [columns, ...rows] of files) {
    const file = folder.file(`${columns}.csv`, problemLog(columns, ...rows))
    summaries.push(await importInto(store, file, { mapping }))
  }
  return { store, summaries }
}

async function eventsOf(store: EventStore, number = 'PRB0000001'): Promise<RecordedEvent<ProblemEvent>[]> {
  return (await store.readStream(`problem-${number}`)) as RecordedEvent<ProblemEvent>[]
}

async function standing(store: EventStore, number?: string): Promise<Problem> {
  const events = await eventsOf(store, number)
  return events.reduce(problemDecider.evolve, problemDecider.initial) as Problem
}

/** What identity of rows is about: rows in the log, by the commands that they became. */
async function rowsIn(store: EventStore): Promise<number> {
  return new Set((await allEvents(store, ['problem-'])).map(({ metadata }) => metadata.commandId)).size
}

const LIFE = [
  problemRow('1-7', '02 09:00', 'Awaiting Assignment'),
  problemRow('1-7', '02 10:00', 'Assigned'),
  problemRow('1-7', '03 10:00', 'In Progress'),
  problemRow('1-7', '04 10:00', 'Wait'),
  problemRow('1-7', '05 10:00', 'In Progress'),
  problemRow('1-7', '06 10:00', 'Closed'),
]

describe('a log of problems', () => {
  it('goes through the states that its own words mean here, which are kept', async () => {
    const { store, summaries } = await importing([['closed', ...LIFE]])
    expect(summaries[0]).toMatchObject({
      recordType: 'problem',
      rows: 6,
      applied: 6,
      records: 1,
      rejected: 0,
    })
    expect(toldSummary(summaries[0]!)[2]).toContain('1 new problems')
    const events = await eventsOf(store)
    expect(
      events.filter(({ type }) => type === 'ProblemStateObserved').map(({ data }) => data),
    ).toMatchObject([
      { from: 'New', to: 'Assess' },
      { from: 'Assess', to: 'Root Cause Analysis', phase: 'unknown' },
      { from: 'Root Cause Analysis', to: 'On Hold', hold: 'unspecified' },
      { from: 'On Hold', to: 'Root Cause Analysis', phase: 'unknown' },
      { from: 'Root Cause Analysis', to: 'Closed' },
    ])
    const told = events.flatMap(({ data }) => ('sourceFields' in data && data.sourceFields?.state) || [])
    expect(told).toEqual(['Awaiting Assignment', 'Assigned', 'In Progress', 'Wait', 'In Progress', 'Closed'])
    expect(summaries[0]!.irregular).toEqual({})
  })

  it('finds a home for what has one, and keeps the rest', async () => {
    const { store } = await importing([['closed', LIFE[0]!]])
    const { fields, group, impact, assignee, source } = await standing(store)
    expect(fields).toMatchObject({ title: '1-7', affectedCis: ['PROD1'] })
    expect({ group, impact, assignee }).toEqual({ group: 'vinst:T1 2nd', impact: 3, assignee: null })
    expect(source).toEqual({
      name: 'vinst',
      externalId: '1-7',
      fields: {
        state: 'Awaiting Assignment',
        'Problem Status': 'Queued',
        'Problem Latest Impact': 'Medium',
        'Problem Involved ST Org line 3': 'Line A',
        'Problem Involved ST Function Div': null,
        Country: 'se',
        'Problem Involved Action Owner Country': 'Sweden',
        'Problem Involved Action Owner First Name': 'José',
      },
    })
    expect((await allEvents(store, ['person-', 'group-'])).map(({ stream }) => stream)).toEqual([
      'group-vinst:T1 2nd',
    ])
  })

  it('that goes on after Closed is imported as it stands, and marked', async () => {
    const { store, summaries } = await importing([
      [
        'closed',
        ...LIFE,
        problemRow('1-7', '07 10:00', 'In Progress'),
        problemRow('1-7', '08 10:00', 'Closed'),
      ],
    ])
    expect(summaries[0]!.irregular).toEqual({ 'PROBLEM.CLOSED': 1 })
    expect((await standing(store)).stage.state).toBe('Closed')
  })

  it('tells of a cancellation how it ended, and of a defect of the source nothing', async () => {
    const { store } = await importing([
      [
        'closed',
        problemRow('1-7', '02 09:00', 'In Progress'),
        problemRow('1-7', '03 09:00', 'Unmatched'),
        problemRow('1-8', '03 09:00', 'In Progress'),
        problemRow('1-8', '04 09:00', 'Cancelled'),
      ],
    ])
    const unmatched = await standing(store, 'PRB0000001')
    expect([unmatched.stage.state, unmatched.phaseUnknown]).toEqual(['Root Cause Analysis', true])
    expect(unmatched.source?.fields.state).toBe('Unmatched')
    const canceled = await standing(store, 'PRB0000002')
    expect([canceled.stage.state, outcomeOf(canceled)]).toEqual(['Closed', 'canceled'])
  })
})

describe('two logs that overlap, in one instance', () => {
  it('have a row that is in both imported once, whatever the order of columns', async () => {
    const { store, summaries } = await importing([
      ['closed', ...LIFE],
      ['open', ...LIFE.slice(0, 3), problemRow('1-8', '03 09:00', 'Assigned')],
    ])
    expect(summaries[1]).toMatchObject({ rows: 4, applied: 1, known: 3, records: 1 })
    expect(await rowsIn(store)).toBe(7)
  })

  it('keep equal rows of one file apart', async () => {
    const [first, second] = [LIFE[0]!, LIFE[1]!]
    const { store, summaries } = await importing([
      ['closed', first, second, second],
      ['open', first, second],
    ])
    expect(summaries.map(({ applied, known }) => ({ applied, known }))).toEqual([
      { applied: 3, known: 0 },
      { applied: 0, known: 2 },
    ])
    expect(await rowsIn(store)).toBe(3)
    const reversed = await importing([
      ['open', first, second],
      ['closed', first, second, second],
    ])
    expect(await rowsIn(reversed.store)).toBe(3)
  })

  it('tell rows apart by every column but the impact, which the source fills in afterwards', async () => {
    const [first, second] = [LIFE[0]!, LIFE[1]!]
    const { store } = await importing([
      ['closed', first, second],
      ['open', first, { ...second, 'Problem Latest Impact': 'Major' }],
    ])
    expect(await rowsIn(store)).toBe(2)
    const other = await importing([
      ['closed', first, second],
      ['open', first, { ...second, Country: 'be' }],
    ])
    expect(await rowsIn(other.store)).toBe(3)
  })

  const open: File = ['open', LIFE[2]!, LIFE[5]!]
  const closed: File = ['closed', ...LIFE]

  it('end a problem of both as its last row says, whichever is imported first', async () => {
    for (const files of [
      [closed, open],
      [open, closed],
    ]) {
      const { store } = await importing(files)
      const { stage, source } = await standing(store)
      expect(stage.state).toBe('Closed')
      expect(source?.fields.state).toBe('Closed')
      expect(await rowsIn(store)).toBe(6)
    }
  })

  it('would reopen it if rows counted in the order in which they come (counter-proof)', async () => {
    const { store } = await importing([open, closed], { ...VINST_PROBLEMS, rowOrder: 'file' })
    expect((await standing(store)).stage.state).not.toBe('Closed')
  })

  it('keep all that a late row says', async () => {
    const { store } = await importing([open, closed])
    const [late] = (await eventsOf(store)).filter(({ data }) => 'late' in data)
    expect(late).toMatchObject({
      type: 'ProblemUpdateObserved',
      data: {
        late: {
          state: 'Awaiting Assignment',
          affectedCis: 'PROD1',
          group: 'vinst:T1 2nd',
          impact: '3',
          Country: 'se',
          'Problem Involved Action Owner First Name': 'José',
        },
      },
      metadata: { occurredAt: '2026-03-02T08:00:00.000Z' },
    })
  })

  it('whatever the two files share, are each row once and end where the last row is (law)', async () => {
    const STATES = ['Awaiting Assignment', 'Assigned', 'In Progress', 'Wait', 'Closed', 'Cancelled']
    const MEANT: Record<string, string> = {
      'Awaiting Assignment': 'New',
      Assigned: 'Assess',
      'In Progress': 'Root Cause Analysis',
      Closed: 'Closed',
      Cancelled: 'Closed',
    }
    const part = fc.constantFrom('closed', 'open', 'both')
    const row = fc.record({ state: fc.constantFrom(...STATES), part })
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (rows, openFirst) => {
          const written = rows.map(({ state }, n) => problemRow('1-7', `${10 + n} 10:00`, state))
          const rowsOf = (file: string) =>
            written.filter((_, n) => rows[n]!.part === file || rows[n]!.part === 'both')
          const files: File[] = [
            ['closed', ...rowsOf('closed')],
            ['open', ...rowsOf('open')],
          ]
          const { store } = await importing(openFirst ? files.reverse() : files)
          expect(await rowsIn(store)).toBe(rows.length)
          const { stage, hold, source } = await standing(store)
          const last = rows.at(-1)!.state
          if (last === 'Wait') expect(hold).not.toBeNull()
          else expect([stage.state, hold]).toEqual([MEANT[last], null])
          expect(source?.fields.state).toBe(last)
        },
      ),
      { numRuns: 30 },
    )
  })
})
