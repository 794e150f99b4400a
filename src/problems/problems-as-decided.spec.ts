import fc from 'fast-check'
import type { RecordedEvent } from '#libs/event-sourcing'
import { answerFacts, recorded, type ToldEvent } from '#libs/testing'
import { foldProblemDetails, type ProblemDetails } from '#projections/problems/problems'
import * as c from './domain/problem.commands.js'
import { problemDecider } from './domain/problem.decider.js'
import type { ProblemEvent } from './domain/problem.events.js'
import type { ProblemFacts } from './domain/problem.facts.js'
import { problemTimeline } from './domain/problem.history.js'
import { isOpened, outcomeOf, type Problem, type ProblemRecord } from './domain/problem.state.js'
import { by, imported, NUMBER, OTHER, opened } from './domain/problem.story.fixture.js'

const SEED = Number(process.env.PROBLEMS_SEED ?? Date.now() % 1_000_000)
const RUNS = 300
const STREAM = `problem-${NUMBER}`
const OTHERS = new Map<string, ToldEvent[]>([
  [`problem-${OTHER}`, [opened as ToldEvent]],
  ['incident-INC0000001', [{ type: 'IncidentOpened', data: { title: 'x', audience: { kind: 'public' } } }]],
  ['person-ann', [{ type: 'PersonRegistered', data: { name: 'Ann' } }]],
])

type CommandClass = new (id: string, data: never, metadata: never) => c.ProblemCommand
const STEPS: Readonly<Record<string, readonly [CommandClass, object]>> = {
  edit: [c.EditProblem, { title: 'Late', service: 'Mail', affectedCis: ['CI1'] }],
  clear: [c.EditProblem, { service: null, affectedCis: [] }],
  prioritize: [c.PrioritizeProblem, { impact: 1 }],
  assign: [c.AssignProblem, { assignee: 'ann' }],
  unassign: [c.AssignProblem, { assignee: null }],
  link: [c.LinkProblem, { relation: 'related-to', targetType: 'change', target: 'CHG1' }],
  unlink: [c.UnlinkProblem, { relation: 'related-to', targetType: 'change', target: 'CHG1' }],
  name: [c.LinkIncidents, { incidents: ['INC0000001'] }],
  assess: [c.StartProblemAssessment, {}],
  analyse: [c.StartAnalysis, {}],
  again: [c.ReanalyseProblem, { notes: 'Again' }],
  cause: [c.RecordRootCause, { cause: 'A disk' }],
  workaround: [c.RecordWorkaround, { workaround: 'Restart' }],
  another: [c.RecordWorkaround, { workaround: 'Wait' }],
  known: [c.DeclareKnownError, {}],
  unknown: [c.WithdrawKnownError, { notes: 'Wrong' }],
  fix: [c.StartFix, { change: 'CHG2' }],
  hold: [c.HoldProblem, { reason: 'vendor' }],
  resume: [c.ResumeProblem, {}],
  task: [c.AddProblemTask, { title: 'Measure' }],
  start: [c.StartProblemTask, { task: 'T1' }],
  finish: [c.FinishProblemTask, { task: 'T1', result: 'done' }],
  remove: [c.RemoveProblemTask, { task: 'T2' }],
  resolve: [c.ResolveProblem, { notes: 'Done' }],
  accept: [c.AcceptRisk, { notes: 'It goes' }],
  duplicate: [c.MarkProblemDuplicate, { survivor: OTHER }],
  cancel: [c.CancelProblem, { notes: 'None' }],
  review: [c.ReviewProblem, { conclusion: 'Late' }],
  close: [c.CloseProblem, {}],
}
/** The ways that problems usually go, so that random steps begin anywhere along them. */
const WAYS = [
  ['assess', 'analyse', 'cause', 'fix', 'resolve', 'review', 'close'],
  ['workaround', 'known', 'assess', 'accept', 'close'],
  ['task', 'duplicate'],
]

/** Commands as the executor would run them, one after the other; what is refused leaves no trace. */
function storyOf(names: readonly string[]): { record: ProblemRecord; events: RecordedEvent<ProblemEvent>[] } {
  let told: ToldEvent<ProblemEvent>[] = []
  let record: ProblemRecord = problemDecider.initial
  const send = ([Type, data]: readonly [CommandClass, object], at: number) => {
    const occurredAt = new Date(Date.UTC(2026, 0, 5, 9, 0, at)).toISOString()
    const command = new Type(NUMBER, data as never, { ...by('ann'), occurredAt } as never)
    try {
      const known = answerFacts<ProblemFacts>(problemDecider.facts!(command, record) as never, OTHERS)
      const decided = problemDecider.decide(command, record, known)
      const stored = JSON.parse(JSON.stringify(decided)) as ProblemEvent[]
      told = [...told, ...stored.map((event) => ({ ...event, metadata: { occurredAt } }))]
      record = recorded(STREAM, told).reduce<ProblemRecord>(problemDecider.evolve, problemDecider.initial)
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error
    }
  }
  send([c.OpenProblem, { title: 'Slow' }], 0)
  for (const [index, name] of names.entries()) send(STEPS[name]!, index + 1)
  return { record, events: recorded(STREAM, told) }
}

/** What the decider knows, in the words of the read model. */
function asRead(problem: Problem): Partial<ProblemDetails> {
  const { fields, stage, tasks } = problem
  const open = tasks.filter(({ state }) => state === 'Open' || state === 'In Progress').length
  return {
    ...fields,
    state: stage.state,
    outcome: outcomeOf(problem) ?? undefined,
    survivor: ('survivor' in stage && stage.survivor) || undefined,
    priority: problem.priority ?? undefined,
    assignee: problem.assignee ?? undefined,
    rootCause: problem.rootCause ?? undefined,
    workaround: problem.workaround ?? undefined,
    knownError: problem.knownError || undefined,
    resolutionNotes: problem.resolutionNotes ?? undefined,
    onHold: problem.hold === null ? undefined : true,
    openTasks: open || undefined,
  }
}

const anyStory = fc
  .tuple(
    fc.constantFrom(...WAYS),
    fc.nat(7),
    fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 20 }),
  )
  .map(([way, length, random]) => [...way.slice(0, length), ...random])

it('lists and record pages show what was decided', () => {
  fc.assert(
    fc.property(anyStory, (names) => {
      const { record, events } = storyOf(names)
      if (!isOpened(record)) throw new Error('not opened')
      const { details, stale } = foldProblemDetails(events)
      expect(stale).toBe(false)
      expect(details).toMatchObject(asRead(record))
    }),
    { seed: SEED, numRuns: RUNS },
  )
})

it('the history replays: every prefix is a state, its changes lead to the last, and each entry is in words', () => {
  fc.assert(
    fc.property(anyStory, (names) => {
      const { record, events } = storyOf(names)
      if (!isOpened(record)) throw new Error('not opened')
      const timeline = problemTimeline(events)
      expect(timeline.map(({ what, type }) => what === type)).not.toContain(true)
      const values: Record<string, unknown> = {}
      for (const { changes } of timeline)
        for (const { field, from, to } of changes) {
          expect(values[field] ?? null).toEqual(from)
          values[field] = to
        }
      expect(values).toMatchObject({
        title: record.fields.title,
        state: record.stage.state,
        priority: record.priority,
      })
      expect(values.rootCause ?? null).toBe(record.rootCause)
      expect(values.holdReason ?? null).toBe(record.hold?.reason ?? null)
    }),
    { seed: SEED, numRuns: RUNS },
  )
})

it('would notice a fold that forgets a step (counter-proof)', () => {
  const { record, events } = storyOf(['assess', 'analyse'])
  const { details } = foldProblemDetails(events.filter(({ type }) => type !== 'ProblemAnalysisStarted'))
  expect(isOpened(record) && details).not.toMatchObject(asRead(record as Problem))
})

it('an imported problem shows its source, and what was irregular about it', () => {
  const { source } = imported()
  const metadata = { channel: 'import' as const, source }
  const events = recorded<ProblemEvent>(STREAM, [
    { ...opened, data: { ...(opened.data as object), sourceFields: { a: '1', b: '2' } } as never, metadata },
    {
      type: 'ProblemStateObserved',
      data: { from: 'New', to: 'Closed', irregular: 'PROBLEM.STEP_SKIPPED', sourceFields: { b: null } },
      metadata,
    },
    {
      type: 'ProblemStateObserved',
      data: { from: 'Closed', to: 'Root Cause Analysis', phase: 'unknown' },
      metadata,
    },
    { type: 'ProblemStateObserved', data: { from: 'Root Cause Analysis', to: 'On Hold' }, metadata },
  ])
  const { details } = foldProblemDetails(events)
  expect(details).toMatchObject({
    state: 'Root Cause Analysis',
    phaseUnknown: true,
    hold: { reason: 'unspecified' },
    irregular: 1,
    source: { name: 'bpic2013', externalId: 'P-1', fields: { a: '1' } },
  })
  expect(details?.closedAt).toBeUndefined()
})

it('a duplicate that its source takes up again has no survivor any more', () => {
  const events = recorded<ProblemEvent>(STREAM, [
    opened,
    { type: 'ProblemMarkedDuplicate', data: { from: 'New', survivor: OTHER, notes: null } },
    { type: 'ProblemStateObserved', data: { from: 'Closed', to: 'Assess', irregular: 'PROBLEM.CLOSED' } },
  ])
  expect(foldProblemDetails(events.slice(0, 2)).details?.survivor).toBe(OTHER)
  expect(foldProblemDetails(events).details).toMatchObject({ state: 'Assess', survivor: undefined })
})
