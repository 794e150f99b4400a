import fc from 'fast-check'
import type { RecordedEvent } from '#libs/event-sourcing'
import { type ChangeDetails, changes } from '#projections/changes/changes'
import * as c from './domain/change.commands.js'
import { changeDecider } from './domain/change.decider.js'
import type { ChangeEvent } from './domain/change.events.js'
import { type Change, type ChangeRecord, periodOfChange } from './domain/change.state.js'
import { ChangeStory, IN_WINDOW, WINDOW } from './domain/change.story.fixture.js'

const SEED = Number(process.env.CHANGES_SEED ?? Date.now() % 1_000_000)
const RUNS = 300

type Step = (story: ChangeStory) => void
const send =
  (Type: Parameters<ChangeStory['send']>[0], data: object = {}, metadata: object = {}): Step =>
  (story) =>
    story.refused(Type, data, metadata)
const SHORTER = { start: '2026-03-02T21:00:00.000Z', end: '2026-03-02T22:00:00.000Z' }
const STEPS: Readonly<Record<string, Step>> = {
  assess: send(c.StartAssessment),
  risk: send(c.AssessRisk),
  submit: send(c.SubmitChange),
  ask: (story) => {
    story.reserve()
    story.refused(c.AskApproval, { round: story.change.rounds }, { actor: 'system:change_reservations' })
  },
  approve: (story) => answered(story, 'approved'),
  reject: (story) => answered(story, 'rejected'),
  lapse: (story) => answered(story, 'lapsed'),
  edit: send(c.EditPlan, { implementation: 'Otherwise.' }),
  editTitle: send(c.EditPlan, { title: 'Release 3' }),
  takeWindow: send(c.EditPlan, { window: null }),
  giveWindow: send(c.EditPlan, { window: WINDOW }),
  plan: send(c.MovePlannedTimes, { planned: SHORTER }),
  assign: send(c.AssignChange, { assignee: 'ann' }),
  hold: send(c.HoldChange, { reason: 'vendor' }),
  resume: send(c.ResumeChange),
  return: send(c.ReturnChange),
  task: send(c.AddChangeTask, { title: 'Copy' }),
  finish: send(c.FinishChangeTask, { task: 'T1', result: 'done' }),
  link: send(c.LinkChange, { relation: 'caused', targetType: 'incident', target: 'INC0000001' }),
  unlink: send(c.UnlinkChange, { relation: 'caused', targetType: 'incident', target: 'INC0000001' }),
  start: send(c.StartImplementation, {}, IN_WINDOW),
  early: send(
    c.RecordImplemented,
    { startedAt: '2026-03-01T08:00:00.000Z' },
    { actor: 'ivan', reason: 'It could not wait.' },
  ),
  deviate: send(c.RecordDeviation, { fields: ['test'], description: 'None.' }, IN_WINDOW),
  end: send(c.EndImplementation, { outcome: 'successful', notes: 'Done.' }, IN_WINDOW),
  fail: send(c.EndImplementation, { outcome: 'failed', notes: 'Not done.' }, IN_WINDOW),
  review: send(c.ReviewChange, { objectivesMet: true, conclusion: 'Fine.' }),
  close: send(c.CloseChange),
  cancel: send(c.CancelChange, { notes: 'Needless.' }),
  import: send(c.ImportChangeUpdate, { state: 'Assess' }, { channel: 'import' }),
}
/** The ways that changes go, so that random steps begin anywhere along them, and that each run meets all that is looked for. */
const WAYS = [
  ['assess', 'risk', 'submit', 'ask', 'approve', 'start', 'end', 'review', 'close'],
  ['submit', 'ask', 'approve', 'start', 'fail', 'review', 'close'],
  ['early', 'ask', 'approve', 'end', 'review', 'close'],
  ['early', 'ask', 'reject', 'submit', 'ask', 'end', 'approve', 'review', 'close'],
  ['assess', 'risk', 'submit', 'ask', 'edit', 'ask', 'approve', 'edit', 'ask', 'approve', 'start', 'end'],
  ['submit', 'ask', 'hold', 'lapse', 'resume', 'ask', 'hold', 'approve', 'resume', 'start', 'end', 'review'],
]

function answered(story: ChangeStory, outcome: string): void {
  if (!story.events.some(({ type }) => type === 'ChangeApprovalAsked')) return
  const { approval, hash } = story.asked
  story.refused(c.RecordApprovalOutcome, { approval, hash, outcome, approvers: ['ann'], comment: 'So.' })
}

/** What the decider knows, in the words of the read model. */
function known(change: Change): object {
  const { stage, plan, tasks } = change
  const period = periodOfChange(change)
  const early = 'ratification' in stage ? stage.ratification : null
  return {
    ...JSON.parse(JSON.stringify(plan)),
    state: stage.state,
    requester: change.requester ?? undefined,
    assignmentGroup: change.group ?? undefined,
    assignee: change.assignee ?? undefined,
    plannedStart: period?.start,
    plannedEnd: period?.end,
    onHold: change.hold ? true : undefined,
    risk: change.risk ?? undefined,
    conflicts: change.conflicts.length > 0 ? change.conflicts : undefined,
    links: change.links.length > 0 ? change.links : undefined,
    tasks:
      tasks.length > 0 ? tasks.map(({ task, state }) => expect.objectContaining({ task, state })) : undefined,
    implementer: change.implementer ?? undefined,
    startedAt: change.startedAt ?? undefined,
    outcome: change.outcome ?? undefined,
    effectiveAt: change.effectiveAt,
    ...(early && { early: expect.objectContaining({ verdict: early.verdict, ratifyBy: early.ratifyBy }) }),
  }
}

it('a change is shown as those who decide know it, whatever befalls it, at every event', () => {
  const reached = new Set<string>()
  const anyCase = fc.record({
    type: fc.constantFrom('normal' as const, 'emergency' as const),
    way: fc.constantFrom(...WAYS),
    along: fc.nat(12),
    steps: fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 15 }),
  })
  fc.assert(
    fc.property(anyCase, ({ type, way, along, steps }) => {
      const story = new ChangeStory().open(type)
      for (const name of [...way.slice(0, along), ...steps, ...way.slice(along)]) STEPS[name]?.(story)
      let record: ChangeRecord = changeDecider.initial
      const told = story.events as RecordedEvent<ChangeEvent>[]
      let details: ChangeDetails | undefined
      for (const event of told) {
        record = changeDecider.evolve(record, event)
        details = changes.evolve(details, event) ?? undefined
        reached.add(details!.state).add(event.type)
        expect(details).toEqual(expect.objectContaining(known(record as Change)))
      }
    }),
    { seed: SEED, numRuns: RUNS },
  )
  for (const place of ['Authorize', 'Scheduled', 'Implement', 'Review', 'Closed', 'Canceled', 'Assess'])
    expect(reached).toContain(place)
  for (const event of [
    'ChangeApprovalVoided',
    'ChangeApprovalLapsed',
    'ChangeApprovedOnHold',
    'RatificationRefused',
    'ChangeRatified',
    'ImplementedBeforeApproval',
  ])
    expect(reached).toContain(event)
})
