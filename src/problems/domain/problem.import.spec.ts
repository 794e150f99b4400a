import { ImportProblemUpdate } from './problem.commands.js'
import type { ProblemEvent, ProblemState } from './problem.events.js'
import type { ObservedProblem } from './problem.import.js'
import { isOpened, NOT_OPENED, type Problem, type ProblemRecord } from './problem.state.js'
import { given, givenOnly, imported, NUMBER, opened, taskAdded } from './problem.story.fixture.js'

const row = (data: ObservedProblem, metadata = imported()) => new ImportProblemUpdate(NUMBER, data, metadata)

/** The events and the state after rows, one after the other. */
function told(...rows: ObservedProblem[]): { events: ProblemEvent[]; problem: Problem } {
  const { source } = imported()
  const metadata = { channel: 'import' as const, source }
  const events: ProblemEvent[] = []
  let problem: ProblemRecord = NOT_OPENED
  for (const data of rows) {
    const outcome = givenOnly(...events.map((event) => ({ ...event, metadata }))).when(row(data))
    events.push(...outcome.events)
    problem = outcome.state
  }
  if (!isOpened(problem)) throw new Error('not opened')
  return { events: JSON.parse(JSON.stringify(events)), problem }
}

describe('rows of a source', () => {
  it('become a problem, its first state and what has no home', () => {
    const { events } = told({
      state: 'Root Cause Analysis',
      phase: 'unknown',
      fields: { country: 'se', product: null },
    })
    expect(events).toEqual([
      {
        type: 'ProblemOpened',
        data: {
          title: 'P-1',
          affectedCis: [],
          origin: 'reactive',
          sourceFields: { country: 'se', product: null },
        },
      },
      {
        type: 'ProblemStateObserved',
        data: { from: 'New', to: 'Root Cause Analysis', phase: 'unknown' },
      },
    ])
  })

  it('leave at least one event each, with the columns that differ', () => {
    const first: ObservedProblem = { state: 'New', group: 'G1', fields: { a: '1', b: '2' } }
    const { events, problem } = told(first, { ...first }, { ...first, fields: { a: '1', b: null } })
    expect(events.slice(1)).toEqual([
      { type: 'ProblemUpdateObserved', data: {} },
      { type: 'ProblemUpdateObserved', data: { sourceFields: { b: null } } },
    ])
    expect(problem.source?.fields).toEqual({ a: '1', b: null })
  })

  it('tell what changes: fields, hands, priority, the change that fixes it, what was found', () => {
    const { events, problem } = told(
      { title: 'Slow', priority: 3 },
      {
        title: 'Late',
        group: 'G2',
        assignee: 'siebel',
        impact: 1,
        fixedByChange: 'RFC 1',
        rootCause: 'A disk',
        workaround: 'Restart',
      },
      { fixedByChange: 'RFC 2', group: null, workaround: null },
      { fixedByChange: null },
    )
    expect(events.map(({ type }) => type)).toEqual([
      'ProblemOpened',
      'ProblemPrioritized',
      'ProblemDetailsChanged',
      'ProblemAssigned',
      'ProblemPrioritized',
      'ProblemLinked',
      'ProblemFindingsObserved',
      'ProblemAssigned',
      'ProblemUnlinked',
      'ProblemLinked',
      'ProblemFindingsObserved',
      'ProblemUnlinked',
    ])
    expect(problem).toMatchObject({
      fields: { title: 'Late' },
      group: null,
      assignee: 'siebel',
      impact: 1,
      priority: 3,
      links: [],
      rootCause: 'A disk',
      workaround: null,
    })
  })

  it('put on hold beside the state, and take it off again', () => {
    const { events, problem } = told(
      { state: 'Assess' },
      { state: 'On Hold' },
      { state: 'On Hold', hold: 'vendor' },
      { state: 'Assess' },
    )
    expect(events.slice(1).map(({ data }) => data)).toEqual([
      { from: 'New', to: 'Assess' },
      { from: 'Assess', to: 'On Hold', hold: 'unspecified' },
      { from: 'On Hold', to: 'On Hold', hold: 'vendor' },
      { from: 'On Hold', to: 'Assess' },
    ])
    expect([problem.stage.state, problem.hold]).toEqual(['Assess', null])
    expect(told({ state: 'On Hold' }).events[1]?.data).toMatchObject({ irregular: 'PROBLEM.NOT_HOLDABLE' })
  })

  it('go on after Closed: recorded, and marked as irregular', () => {
    const { events, problem } = told(
      { state: 'Closed', outcome: 'fix applied' },
      { state: 'Root Cause Analysis', phase: 'unknown', group: 'G2' },
      { state: 'Closed' },
      { assignee: 'siebel', state: 'Closed' },
    )
    expect(events.slice(2).map(({ type, data }) => [type, data.irregular])).toEqual([
      ['ProblemAssigned', 'PROBLEM.CLOSED'],
      ['ProblemStateObserved', 'PROBLEM.CLOSED'],
      ['ProblemStateObserved', undefined],
      ['ProblemAssigned', 'PROBLEM.CLOSED'],
    ])
    expect(problem.stage.state).toBe('Closed')
  })

  it('tell the resolution again when it ends again', () => {
    const end: ObservedProblem = { state: 'Closed', resolutionNotes: 'A larger disk' }
    const { events, problem } = told(end, { state: 'Assess' }, end)
    expect(events.slice(-2).map(({ type }) => type)).toEqual([
      'ProblemFindingsObserved',
      'ProblemStateObserved',
    ])
    expect(problem.resolutionNotes).toBe('A larger disk')
    expect(told(end, { state: 'Assess' }).problem.resolutionNotes).toBeNull()
  })

  it('close it with the tasks that were added here: nobody could finish them afterwards', () => {
    const { source } = imported()
    const metadata = { channel: 'import' as const, source }
    const story = givenOnly({ ...opened, metadata }, taskAdded(), taskAdded('T2'), {
      type: 'ProblemTaskFinished',
      data: { task: 'T2', result: 'done', notes: null },
    })
    story.when(row({ state: 'Closed' })).thenEvents(
      {
        type: 'ProblemStateObserved',
        data: { from: 'New', to: 'Closed', irregular: 'PROBLEM.STEP_SKIPPED' },
      },
      {
        type: 'ProblemTaskFinished',
        data: { task: 'T1', result: 'skipped', notes: 'The source has closed the problem.' },
      },
    )
    story.when(row({ state: 'Assess' })).thenTypes('ProblemStateObserved')
  })

  it.each<[ProblemState, ProblemState, string | undefined]>([
    ['New', 'Assess', undefined],
    ['Assess', 'Root Cause Analysis', undefined],
    ['Fix in Progress', 'Root Cause Analysis', undefined],
    ['Resolved', 'Root Cause Analysis', undefined],
    ['Resolved', 'Closed', undefined],
    ['Assess', 'New', 'PROBLEM.STEP_SKIPPED'],
    ['New', 'Closed', 'PROBLEM.STEP_SKIPPED'],
    ['Closed', 'New', 'PROBLEM.CLOSED'],
  ])('from %s to %s: %s', (from, to, irregular) => {
    const { events } = told({ state: from }, { state: to })
    expect(events.at(-1)?.data.irregular).toBe(irregular)
  })

  it('in a phase that the source does not tell skip none on their way onwards, but never go back', () => {
    const { events } = told(
      { state: 'Assess' },
      { state: 'Root Cause Analysis', phase: 'unknown' },
      { state: 'New' },
      { state: 'Root Cause Analysis', phase: 'unknown' },
      { state: 'On Hold' },
      { state: 'Closed' },
    )
    expect(events.slice(2).map(({ data }) => data.irregular)).toEqual([
      undefined,
      'PROBLEM.STEP_SKIPPED',
      undefined,
      undefined,
      undefined,
    ])
    // Where the source tells the phase, it may be skipped.
    expect(told({ state: 'Root Cause Analysis' }, { state: 'Closed' }).events.at(-1)?.data.irregular).toBe(
      'PROBLEM.STEP_SKIPPED',
    )
  })

  it('that happened before one that is known are kept whole, and move nothing', () => {
    const closed: ObservedProblem = { state: 'Closed', group: 'G1', fields: { a: '2' } }
    const before: ObservedProblem = {
      state: 'Assess',
      group: 'G2',
      affectedCis: ['CI-1', 'CI-2'],
      impact: 2,
      rootCause: null,
      fields: { a: '1', b: null },
    }
    const { events, problem } = told(closed, { ...before, late: true })
    const late = {
      state: 'Assess',
      group: 'G2',
      affectedCis: 'CI-1, CI-2',
      impact: '2',
      rootCause: null,
      a: '1',
      b: null,
    }
    expect(events.at(-1)).toEqual({ type: 'ProblemUpdateObserved', data: { late } })
    expect(problem).toEqual(told(closed).problem)
    // A first row is what the problem begins with, whenever it happened.
    expect(told({ ...before, late: true }).problem.stage.state).toBe('Assess')
    // Counter-proof: the same row in its turn does move it.
    expect(told(closed, before).problem).toMatchObject({ stage: { state: 'Assess' }, group: 'G2' })
  })

  it('of another record, or another source, are refused, and so is a problem that was opened here', () => {
    const { source } = imported()
    const first = {
      type: 'ProblemOpened',
      data: { title: 'x', affectedCis: [], origin: 'reactive' },
      metadata: { source },
    }
    const known = givenOnly(first as never)
    known.when(row({})).thenTypes('ProblemUpdateObserved')
    known.when(row({}, imported('P-2'))).thenRefused('PROBLEM.FOREIGN_RECORD')
    known.when(row({}, imported('P-1', 'other'))).thenRefused('PROBLEM.FOREIGN_RECORD')
    given().when(row({})).thenRefused('PROBLEM.FOREIGN_RECORD')
  })
})
