import { InvalidInput, Refused } from '#libs/event-sourcing'
import { openTasks } from '#libs/record-tasks'
import { movedSince } from '../../configuration/domain/defaults.js'
import type {
  CancelChange,
  CloseChange,
  EndImplementation,
  HoldChange,
  RecordDeviation,
  RecordImplemented,
  RecordRatificationOverdue,
  RecordValuesRefused,
  ReturnChange,
  ReviewChange,
  StartAssessment,
  StartImplementation,
} from './change.commands.js'
import { baseValuesOf } from './change.description.js'
import type {
  ApprovalBasis,
  ChangeEvent,
  ChangeState,
  Period,
  ProposedValues,
  Segregated,
} from './change.events.js'
import { type ChangeFacts, standingIn } from './change.facts.js'
import { conflictsNow } from './change.findings.js'
import { pastInstant, refuseBlackouts, requireDue, requireStep, requireText } from './change.guards.js'
import { type Change, periodOfChange, roundOf } from './change.state.js'

export function startAssessment(_: StartAssessment, change: Change): readonly ChangeEvent[] {
  if (change.stage.state === 'Assess') return []
  requireStep('assess', change)
  return [{ type: 'ChangeAssessmentStarted', data: {} }]
}

export function returnChange(_: ReturnChange, change: Change): readonly ChangeEvent[] {
  if (change.stage.state === 'New') return []
  requireStep('return', change)
  return [...withdrawn(change), { type: 'ChangeReturned', data: { from: change.stage.state as ChangeState } }]
}

/** Of a round that is open still: nobody need answer it any more. */
function withdrawn(change: Change): readonly ChangeEvent[] {
  const round = roundOf(change)
  if (round === null || round.lapsed) return []
  const data = { round: round.number, approval: round.asked?.approval ?? null }
  return [{ type: 'ChangeApprovalWithdrawn', data }]
}

export function holdChange(
  { data: { reason, comment } }: HoldChange,
  change: Change,
): readonly ChangeEvent[] {
  requireText({ reason })
  if (change.hold?.reason === reason && change.hold.comment === comment) return []
  requireStep('hold', change)
  return [{ type: 'ChangeHeld', data: { reason, comment } }]
}

export function startImplementation(
  command: StartImplementation,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  const { actor, occurredAt } = command.metadata
  if (change.stage.state === 'Implement') {
    if (change.implementer === actor) return []
    throw new Refused('CHANGE.BEING_IMPLEMENTED', `${change.implementer} implements it already.`)
  }
  requireStep('implement', change)
  const standing = change.stage.state === 'Scheduled' ? change.stage.standing : null
  if (standing === null) throw new Refused('CHANGE.NOT_APPROVED', 'No approval of it is known.')
  requireModelInForce(standing.basis, known)
  const { window } = change.plan
  if (window === undefined || occurredAt < window.start || occurredAt >= window.end)
    throw new Refused('CHANGE.OUTSIDE_WINDOW', 'It is implemented within its approved window only.', {
      window,
    })
  const breaches = segregation(actor, change, known)
  const { events } = conflictsNow(command, change, known)
  // Whatever was planned: it is done from now on
  const planned = fromNow(periodOfChange(change) ?? window, window, occurredAt)
  refuseBlackouts(conflictsNow(command, { ...change, planned }, known).conflicts, change)
  const { basis } = standing
  return [...events, { type: 'ImplementationStarted', data: { basis, implementer: actor, breaches } }]
}

/** What its model allowed is allowed no longer once that is retired. */
function requireModelInForce({ kind }: ApprovalBasis, { model }: ChangeFacts): void {
  if (kind === 'approval' || model.value.approved !== null) return
  throw new Refused(
    'CHANGE.MODEL_RETIRED',
    'Its model was retired since: cancel it, and open a normal change to do it nevertheless.',
  )
}

/** When it will be done if it begins now: until its planned end, or for as long as was planned, within its window. */
function fromNow(planned: Period, window: Period, now: string): Period {
  if (planned.start <= now && now < planned.end) return { start: now, end: planned.end }
  const length = Date.parse(planned.end) - Date.parse(planned.start)
  const end = Math.min(Date.parse(now) + length, Date.parse(window.end))
  return { start: now, end: new Date(end).toISOString() }
}

function segregation(implementer: string, change: Change, { settings }: ChangeFacts): readonly Segregated[] {
  const { requesterImplements, approverImplements } = settings.value.settings
  const standing = 'standing' in change.stage ? change.stage.standing : null
  const approvers = approversOf(standing?.basis)
  const cases = [
    { rule: 'requester-implements', applies: change.requester === implementer, verdict: requesterImplements },
    { rule: 'approver-implements', applies: approvers.includes(implementer), verdict: approverImplements },
  ] as const
  const broken = cases.filter(({ applies, verdict }) => applies && verdict !== 'allowed')
  const refused = broken.find(({ verdict }) => verdict === 'refused')
  if (refused)
    throw new Refused('CHANGE.DUTIES_NOT_SEPARATE', 'Somebody else must implement it.', {
      rule: refused.rule,
    })
  return broken.map(({ rule }) => ({ rule, person: implementer }))
}

/** Who answers for it: whoever approved it, or the model that it follows. */
function approversOf(basis: ApprovalBasis | undefined): readonly string[] {
  if (basis === undefined) return []
  return basis.kind === 'approval' ? basis.approvers : [basis.approver ?? []].flat()
}

/** The one way around approval: it stays open until somebody who may approve it has said so, or not. */
export function recordImplemented(
  { data, metadata: { actor, occurredAt, reason } }: RecordImplemented,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  requireText({ reason })
  requireStep('implementBeforeApproval', change)
  const startedAt = pastInstant(data.startedAt, '/startedAt', occurredAt)
  const { version, settings } = known.settings.value
  const ratifyBy = new Date(Date.parse(startedAt) + settings.ratifyWithinHours * 3_600_000).toISOString()
  const { window } = change.plan
  const period = { start: startedAt, end: window && window.end > startedAt ? window.end : ratifyBy }
  return [
    ...withdrawn(change),
    {
      type: 'ImplementedBeforeApproval',
      data: {
        startedAt,
        implementer: actor,
        ratifyBy,
        settingsVersion: version,
        round: change.rounds + 1,
        period,
      },
    },
  ]
}

export function recordRatificationOverdue(
  { metadata: { occurredAt } }: RecordRatificationOverdue,
  { stage }: Change,
): readonly ChangeEvent[] {
  const ratification = 'ratification' in stage ? stage.ratification : null
  requireDue(ratification?.verdict === 'open' && ratification.ratifyBy <= occurredAt)
  if (ratification!.overdue) return []
  return [{ type: 'RatificationOverdue', data: { ratifyBy: ratification!.ratifyBy } }]
}

export function recordDeviation(
  { data: { fields, description } }: RecordDeviation,
  change: Change,
): readonly ChangeEvent[] {
  requireText({ description })
  requireStep('end', change)
  return [{ type: 'PlanDeviated', data: { fields, description } }]
}

export function endImplementation(
  { data, metadata: { occurredAt } }: EndImplementation,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  requireText({ notes: data.notes })
  requireStep('end', change)
  const open = openTasks(change.tasks)
  if (open.length > 0)
    throw new Refused('CHANGE.TASKS_OPEN', 'Finish its tasks first, or say that they were skipped.', {
      tasks: open.map(({ task }) => task),
    })
  const endedAt = data.endedAt === undefined ? occurredAt : pastInstant(data.endedAt, '/endedAt', occurredAt)
  if (change.startedAt !== null && endedAt < change.startedAt)
    throw new InvalidInput('CHANGE.TIME_MALFORMED', 'It cannot end before it has started.', [
      { pointer: '/endedAt', message: `must not lie before ${change.startedAt}` },
    ])
  const { outcome, notes } = data
  const applies = outcome === 'successful' || outcome === 'with issues'
  return [
    ...unrecordedBase(change, known),
    { type: 'ImplementationEnded', data: { outcome, endedAt, notes } },
    ...(applies ? change.plan.proposedValues.map((proposed) => application(proposed, change, known)) : []),
  ]
}

/** What was implemented before approval may end before anybody was asked: a revert needs what was there before. */
function unrecordedBase({ plan, baseValues }: Change, known: ChangeFacts): readonly ChangeEvent[] {
  const missing = baseValuesOf(plan, known).filter(({ ci }) => !baseValues.some((other) => other.ci === ci))
  if (missing.length === 0) return []
  return [{ type: 'BaseValuesRecorded', data: { baseValues: [...baseValues, ...missing] } }]
}

/** Nobody's work is overwritten: where a base value has moved since it was recorded, all of the CI's values wait. */
function application(proposed: ProposedValues, { baseValues }: Change, known: ChangeFacts): ChangeEvent {
  const { ci, attributes } = proposed
  const { live, attributes: now } = standingIn(known)(ci)
  const recorded = baseValues.find((other) => other.ci === ci)?.attributes
  // What was implemented before approval has no base: nothing was promised.
  const base =
    recorded &&
    Object.fromEntries(Object.keys(attributes).map((name) => [name, recorded[name] ?? null] as const))
  const moved = movedSince(base ?? {}, now)
  if (live && Object.keys(moved).length === 0)
    return { type: 'ProposedValuesReleased', data: { ci, attributes, ...(base && { base }) } }
  return {
    type: 'ProposedValuesRefused',
    data: { ci, moved, ...(!live && { retired: true }) },
  }
}

/** Nothing was written, so a revert brings nothing back. */
export function recordValuesRefused(
  { data: { ci, code, moved = {} } }: RecordValuesRefused,
  change: Change,
): readonly ChangeEvent[] {
  requireDue(change.released.some((values) => values.ci === ci))
  return [{ type: 'ProposedValuesRefused', data: { ci, moved, code } }]
}

export function reviewChange({ data }: ReviewChange, change: Change): readonly ChangeEvent[] {
  const { objectivesMet, conclusion, lessons = null } = data
  requireText({ conclusion })
  requireStep('review', change)
  return [{ type: 'ChangeReviewed', data: { objectivesMet, conclusion, lessons } }]
}

export function closeChange(_: CloseChange, change: Change): readonly ChangeEvent[] {
  const { stage, outcome, reviewed, plan } = change
  if (stage.state === 'Closed') return []
  requireStep('close', change)
  const verdict = ('ratification' in stage && stage.ratification?.verdict) || 'ratified'
  if (verdict !== 'ratified')
    throw new Refused(
      'CHANGE.NOT_RATIFIED',
      'It was implemented before approval: it stays open until ratified. Submit it to ask again.',
      { verdict },
    )
  if (!reviewed && (plan.type === 'emergency' || outcome !== 'successful'))
    throw new Refused(
      'CHANGE.REVIEW_REQUIRED',
      'Emergencies, and what was not successful, are reviewed first.',
    )
  return [{ type: 'ChangeClosed', data: {} }]
}

export function cancelChange({ data: { notes } }: CancelChange, change: Change): readonly ChangeEvent[] {
  requireText({ notes })
  if (change.stage.state === 'Canceled') return []
  requireStep('cancel', change)
  if ('ratification' in change.stage && change.stage.ratification !== null)
    throw new Refused(
      'CHANGE.DONE',
      'It was implemented before it was approved: end it, and have it ratified and reviewed.',
    )
  return [
    ...withdrawn(change),
    { type: 'ChangeCanceled', data: { from: change.stage.state as ChangeState, notes } },
  ]
}
