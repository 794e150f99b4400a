import * as c from './problem.commands.js'
import { PROBLEM_STATES, type ProblemEvent, type ProblemState } from './problem.events.js'
import { isOpened } from './problem.state.js'
import {
  by,
  canceled,
  closed,
  duplicate,
  given,
  held,
  NUMBER,
  OTHER,
  ofPriority,
  riskAccepted,
  taskAdded,
  WAY_TO,
} from './problem.story.fixture.js'

const ann = by('ann')
const send = (Type: new (id: string, data: never, metadata: never) => c.ProblemCommand, data: object = {}) =>
  new Type(NUMBER, data as never, ann as never)

/** Each step: its command, where it leads to from where, and the code that it is refused with elsewhere; Closed: `PROBLEM.CLOSED`. */
const STEPS: Readonly<
  Record<
    string,
    { command: c.ProblemCommand; leads: Partial<Record<ProblemState, ProblemState>>; refused: string }
  >
> = {
  assess: { command: send(c.StartProblemAssessment), leads: { New: 'Assess' }, refused: 'PROBLEM.NOT_NEW' },
  analyse: {
    command: send(c.StartAnalysis),
    leads: { Assess: 'Root Cause Analysis' },
    refused: 'PROBLEM.NOT_ASSESSED',
  },
  fix: {
    command: send(c.StartFix),
    leads: { 'Root Cause Analysis': 'Fix in Progress' },
    refused: 'PROBLEM.NOT_ANALYSED',
  },
  resolve: {
    command: send(c.ResolveProblem, { notes: 'Done' }),
    leads: { 'Fix in Progress': 'Resolved' },
    refused: 'PROBLEM.NOT_FIXING',
  },
  reanalyse: {
    command: send(c.ReanalyseProblem, { notes: 'Again' }),
    leads: { 'Fix in Progress': 'Root Cause Analysis', Resolved: 'Root Cause Analysis' },
    refused: 'PROBLEM.NOT_ANALYSED',
  },
  acceptRisk: {
    command: send(c.AcceptRisk, { notes: 'It goes' }),
    leads: { Assess: 'Resolved', 'Root Cause Analysis': 'Resolved', 'Fix in Progress': 'Resolved' },
    refused: 'PROBLEM.RISK_UNKNOWN',
  },
  cancel: {
    command: send(c.CancelProblem, { notes: 'None' }),
    leads: { New: 'Closed', Assess: 'Closed', 'Root Cause Analysis': 'Closed', 'Fix in Progress': 'Closed' },
    refused: 'PROBLEM.RESOLVED',
  },
  duplicate: {
    command: send(c.MarkProblemDuplicate, { survivor: OTHER }),
    leads: { New: 'Closed', Assess: 'Closed', 'Root Cause Analysis': 'Closed', 'Fix in Progress': 'Closed' },
    refused: 'PROBLEM.RESOLVED',
  },
  close: { command: send(c.CloseProblem), leads: { Resolved: 'Closed' }, refused: 'PROBLEM.NOT_RESOLVED' },
}

/** A command that wants what is so already decides nothing. */
const UNCHANGED: Readonly<Record<string, ProblemState>> = {
  assess: 'Assess',
  analyse: 'Root Cause Analysis',
  fix: 'Fix in Progress',
  close: 'Closed',
}

describe.each(Object.keys(STEPS))('the step %s', (name) => {
  const { command, leads, refused } = STEPS[name]!
  it.each(PROBLEM_STATES)('from %s', (state) => {
    const outcome = given(...WAY_TO[state]).when(command)
    const to = leads[state]
    if (to !== undefined) {
      const { state: after } = outcome
      expect(isOpened(after) && after.stage.state).toBe(to)
    } else if (UNCHANGED[name] === state) outcome.thenNothing()
    else outcome.thenRefused(state === 'Closed' ? 'PROBLEM.CLOSED' : refused)
  })
})

describe('on hold', () => {
  it.each(PROBLEM_STATES)('only what is being worked on is put: %s', (state) => {
    const outcome = given(...WAY_TO[state]).when(send(c.HoldProblem, { reason: 'vendor' }))
    if (['Assess', 'Root Cause Analysis', 'Fix in Progress'].includes(state)) outcome.thenTypes('ProblemHeld')
    else outcome.thenRefused(state === 'Closed' ? 'PROBLEM.CLOSED' : 'PROBLEM.NOT_HOLDABLE')
  })
  it('no step is taken, until it is resumed', () => {
    const waiting = (state: ProblemState) => given(...WAY_TO[state], held)
    waiting('Assess').when(send(c.StartAnalysis)).thenRefused('PROBLEM.ON_HOLD')
    waiting('Assess').when(send(c.StartProblemAssessment)).thenRefused('PROBLEM.ON_HOLD')
    waiting('Root Cause Analysis').when(send(c.StartFix)).thenRefused('PROBLEM.ON_HOLD')
    // Not that it has not been analysed
    waiting('Fix in Progress').when(send(c.StartFix)).thenRefused('PROBLEM.ON_HOLD')
    waiting('Fix in Progress')
      .when(send(c.ResolveProblem, { notes: 'Done' }))
      .thenRefused('PROBLEM.ON_HOLD')
    waiting('Assess').when(send(c.ResumeProblem)).thenTypes('ProblemResumed')
    given(...WAY_TO.Assess, held, { type: 'ProblemResumed', data: {} })
      .when(send(c.StartAnalysis))
      .thenTypes('ProblemAnalysisStarted')
    given(...WAY_TO.Assess)
      .when(send(c.ResumeProblem))
      .thenNothing()
  })
  it('it may be ended, its cause found, and the reason changed', () => {
    const waiting = given(...WAY_TO.Assess, held)
    waiting.when(send(c.CancelProblem, { notes: 'None' })).thenTypes('ProblemCanceled')
    waiting.when(send(c.AcceptRisk, { notes: 'It goes' })).thenTypes('ProblemRiskAccepted')
    waiting.when(send(c.RecordRootCause, { cause: 'A disk' })).thenTypes('RootCauseRecorded')
    waiting.when(send(c.HoldProblem, { reason: 'vendor' })).thenNothing()
    waiting.when(send(c.HoldProblem, { reason: 'parts' })).thenTypes('ProblemHeld')
    const { state } = waiting.when(send(c.AcceptRisk, { notes: 'It goes' }))
    expect(isOpened(state) && state.hold).toBeNull()
  })
})

describe('what is said of a step', () => {
  it.each([
    ['ResolveProblem', c.ResolveProblem, 'notes', 'Fix in Progress'],
    ['AcceptRisk', c.AcceptRisk, 'notes', 'Assess'],
    ['CancelProblem', c.CancelProblem, 'notes', 'New'],
    ['ReanalyseProblem', c.ReanalyseProblem, 'notes', 'Resolved'],
    ['WithdrawKnownError', c.WithdrawKnownError, 'notes', 'Assess'],
    ['RecordRootCause', c.RecordRootCause, 'cause', 'Assess'],
    ['RecordWorkaround', c.RecordWorkaround, 'workaround', 'New'],
    ['ReviewProblem', c.ReviewProblem, 'conclusion', 'Resolved'],
    ['HoldProblem', c.HoldProblem, 'reason', 'Assess'],
  ] as const)('is mandatory: %s', (_, Type, field, state) => {
    given(...WAY_TO[state])
      .when(send(Type, { [field]: ' ' }))
      .thenRefused('PROBLEM.TEXT_REQUIRED')
  })
  it('the same once more is no news', () => {
    given(...WAY_TO.Resolved)
      .when(send(c.ResolveProblem, { notes: 'A larger disk' }))
      .thenNothing()
    given(...WAY_TO.Assess, riskAccepted)
      .when(send(c.AcceptRisk, { notes: 'It goes in May' }))
      .thenNothing()
    given(canceled)
      .when(send(c.CancelProblem, { notes: 'None' }))
      .thenNothing()
    given(duplicate)
      .when(send(c.MarkProblemDuplicate, { survivor: OTHER }))
      .thenNothing()
  })
})

describe('a fix', () => {
  it('is of a root cause that is known, and travels through a change', () => {
    given({ type: 'ProblemAssessmentStarted', data: {} }, { type: 'ProblemAnalysisStarted', data: {} })
      .when(send(c.StartFix))
      .thenRefused('PROBLEM.ROOT_CAUSE_REQUIRED')
    const link = { relation: 'fixed-by-change', targetType: 'change', target: 'CHG0000001' } as const
    const linked: ProblemEvent = { type: 'ProblemLinked', data: { link } }
    const start = send(c.StartFix, { change: 'CHG0000001' })
    given(...WAY_TO['Root Cause Analysis'])
      .when(start)
      .thenEvents(linked, { type: 'ProblemFixStarted', data: {} })
    given(...WAY_TO['Root Cause Analysis'], linked)
      .when(start)
      .thenTypes('ProblemFixStarted')
    given(...WAY_TO['Fix in Progress'])
      .when(start)
      .thenEvents(linked)
  })
  it('says what becomes of incidents that wait, as the setting in force has it', () => {
    const resolve = send(c.ResolveProblem, { notes: 'A larger disk' })
    given(...WAY_TO['Fix in Progress'])
      .when(resolve)
      .thenEvents(WAY_TO.Resolved.at(-1)!)
    given(...WAY_TO['Fix in Progress'])
      .and('settings-problem', {
        type: 'ProblemSettingsPublished',
        data: { version: 4, settings: { heldIncidentsAtFix: 'resume', reviewUpToPriority: null } },
      })
      .when(resolve)
      .thenEvents({
        type: 'ProblemResolved',
        data: { notes: 'A larger disk', heldIncidents: 'resume', settingsVersion: 4 },
      })
  })
  it('leaves no task behind; what ends otherwise skips them', () => {
    given(...WAY_TO['Fix in Progress'], taskAdded())
      .when(send(c.ResolveProblem, { notes: 'Done' }))
      .thenRefused('PROBLEM.TASKS_OPEN')
    for (const command of [
      send(c.CancelProblem, { notes: 'None' }),
      send(c.AcceptRisk, { notes: 'It goes' }),
      send(c.MarkProblemDuplicate, { survivor: OTHER }),
    ]) {
      const [skipped] = given(...WAY_TO.Assess, taskAdded()).when(command).events
      expect(skipped).toMatchObject({ type: 'ProblemTaskFinished', data: { task: 'T1', result: 'skipped' } })
    }
  })
})

describe('a duplicate', () => {
  const mark = (survivor: string) => send(c.MarkProblemDuplicate, { survivor })
  it('has a survivor: another problem that is one', () => {
    given().when(mark(NUMBER)).thenRefused('PROBLEM.SURVIVOR_UNKNOWN')
    given().when(mark('PRB0000099')).thenRefused('PROBLEM.SURVIVOR_UNKNOWN')
    given().and(`problem-${OTHER}`, canceled).when(mark(OTHER)).thenRefused('PROBLEM.SURVIVOR_CANCELED')
    given()
      .and(`problem-${OTHER}`, {
        type: 'ProblemMarkedDuplicate',
        data: { from: 'New', survivor: 'PRB0000003', notes: null },
      })
      .when(mark(OTHER))
      .thenRefused('PROBLEM.SURVIVOR_DUPLICATE')
    given()
      .and(`problem-${OTHER}`, ...WAY_TO.Closed)
      .when(mark(OTHER))
      .thenTypes('ProblemMarkedDuplicate')
  })

  it('waits while somebody marks the survivor one, who was there before', () => {
    const named = (occurredAt: string) =>
      ({ type: 'DuplicateNamed', data: { survivor: NUMBER }, metadata: { occurredAt } }) as const
    const marking = (occurredAt: string) => given().and(`duplicate-problem-${OTHER}`, named(occurredAt))
    marking('2026-01-05T08:59:30Z').when(mark(OTHER)).thenRefused('PROBLEM.SURVIVOR_ENDING')
    marking('2026-01-05T08:58:30Z').when(mark(OTHER)).thenTypes('ProblemMarkedDuplicate')
  })
})

describe('a major problem', () => {
  const review = send(c.ReviewProblem, { conclusion: 'Found late' })
  it('is reviewed before it is closed, as far down as the setting says', () => {
    const major = given(ofPriority(1), ...WAY_TO.Resolved)
    major.when(send(c.CloseProblem)).thenRefused('PROBLEM.REVIEW_REQUIRED')
    const reviewed: ProblemEvent = { type: 'ProblemReviewed', data: { conclusion: 'Found late' } }
    given(ofPriority(1), ...WAY_TO.Resolved, reviewed)
      .when(send(c.CloseProblem))
      .thenEvents(closed)
    const settings = (reviewUpToPriority: number | null) => ({
      type: 'ProblemSettingsPublished',
      data: { version: 1, settings: { heldIncidentsAtFix: 'resolve', reviewUpToPriority } },
    })
    major.and('settings-problem', settings(null)).when(send(c.CloseProblem)).thenEvents(closed)
    given(...WAY_TO.Resolved)
      .and('settings-problem', settings(3))
      .when(send(c.CloseProblem))
      .thenRefused('PROBLEM.REVIEW_REQUIRED')
  })
  it('is reviewed once it is resolved, and again when it was analysed again', () => {
    given(...WAY_TO['Fix in Progress'])
      .when(review)
      .thenRefused('PROBLEM.NOT_RESOLVED')
    given(...WAY_TO.Resolved)
      .when(review)
      .thenTypes('ProblemReviewed')
    const again: ProblemEvent = {
      type: 'ProblemReanalysed',
      data: { from: 'Resolved', outcome: 'fix applied', notes: 'x' },
    }
    const reviewed: ProblemEvent = { type: 'ProblemReviewed', data: { conclusion: 'x' } }
    given(ofPriority(1), ...WAY_TO.Resolved, reviewed, again, ...WAY_TO.Resolved.slice(3))
      .when(send(c.CloseProblem))
      .thenRefused('PROBLEM.REVIEW_REQUIRED')
  })
})

describe('a known error', () => {
  it('has a cause or a workaround that is known', () => {
    given().when(send(c.DeclareKnownError)).thenRefused('PROBLEM.NOTHING_KNOWN')
    const workaround: ProblemEvent = {
      type: 'WorkaroundRecorded',
      data: { workaround: 'Restart', number: 1, previous: null },
    }
    given(workaround).when(send(c.DeclareKnownError)).thenTypes('KnownErrorDeclared')
    given(...WAY_TO['Root Cause Analysis'])
      .when(send(c.DeclareKnownError))
      .thenTypes('KnownErrorDeclared')
    const known: ProblemEvent = { type: 'KnownErrorDeclared', data: {} }
    given(workaround, known).when(send(c.DeclareKnownError)).thenNothing()
    given(workaround, known)
      .when(send(c.WithdrawKnownError, { notes: 'Wrong' }))
      .thenTypes('KnownErrorWithdrawn')
    given()
      .when(send(c.WithdrawKnownError, { notes: 'Wrong' }))
      .thenNothing()
    given(...WAY_TO.Closed)
      .when(send(c.DeclareKnownError))
      .thenRefused('PROBLEM.CLOSED')
  })
  it('counts its workarounds', () => {
    const record = (workaround: string) => send(c.RecordWorkaround, { workaround })
    const first: ProblemEvent = {
      type: 'WorkaroundRecorded',
      data: { workaround: 'Restart', number: 1, previous: null },
    }
    given().when(record('Restart')).thenEvents(first)
    given(first).when(record('Restart')).thenNothing()
    given(first)
      .when(record('Wait'))
      .thenEvents({
        type: 'WorkaroundRecorded',
        data: { workaround: 'Wait', number: 2, previous: 'Restart' },
      })
    given(...WAY_TO.Closed)
      .when(record('Wait'))
      .thenRefused('PROBLEM.CLOSED')
  })
  it('its cause is looked for once it is assessed', () => {
    given()
      .when(send(c.RecordRootCause, { cause: 'A disk' }))
      .thenRefused('PROBLEM.NOT_ASSESSED')
  })
})
