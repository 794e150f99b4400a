import { canonicalHash, InvalidInput, Refused } from '#libs/event-sourcing'
import { type ApprovalPolicy, approvalId } from '../../approvals/domain/defaults.js'
import { requireApprovers } from './change.approvers.js'
import { policyInForce } from './change.assessment.js'
import type {
  AskApproval,
  OverrideBlackout,
  RecheckConflicts,
  RecordApprovalOutcome,
  ResumeChange,
  ScheduleStandardChange,
  SubmitChange,
} from './change.commands.js'
import { baseValuesOf, requirePlan } from './change.description.js'
import type { ChangeApproved, ChangeEvent, Period, PlanDocument } from './change.events.js'
import { type ChangeFacts, ciCalendarName } from './change.facts.js'
import { conflictsNow } from './change.findings.js'
import { refuseBlackouts, requireDue, requireStep, requireText, requireTimeLeft } from './change.guards.js'
import { materialOf } from './change.plan.js'
import { requireFittingValues } from './change.proposed-values.js'
import { type Change, periodOfChange, type Ratification, roundOf, STANDARD_FIELDS } from './change.state.js'
import type { ApprovedRevision } from './change-model.decider.js'
import type { ChangeType } from './defaults.js'

/** From the submission to the approval, and what may come between. */

export function submitChange(
  command: SubmitChange,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  const { stage, plan, rounds } = change
  requireStep(plan.type === 'emergency' ? 'submitEmergency' : 'submit', change)
  if ('ratification' in stage) return renewRatification(command, change, stage.ratification, known)
  if (stage.state === 'Authorize' && !stage.round.lapsed) return []
  requireTimeLeft(requirePlan(change), command.metadata.occurredAt)
  requireFittingValues(plan.proposedValues, known)
  if (plan.type === 'normal' && change.risk === null)
    throw new Refused('CHANGE.RISK_NOT_ASSESSED', 'Assess the risk before approval is asked.')
  const { renewed, policy } = policyInForce(change, known)
  if (policy === undefined)
    throw new Refused(
      'CHANGE.NO_POLICY',
      'No approval policy fits this change: ask an administrator to publish one.',
    )
  requireGroupToAsk(policy, change)
  requireApprovers(policy, command, change, known)
  const { conflicts, events } = conflictsNow(command, change, known)
  refuseBlackouts(conflicts, change)
  const type = stage.state === 'Authorize' ? 'ChangeApprovalRenewed' : 'ChangeSubmitted'
  const { surroundings } = command.data
  const data = { round: rounds + 1, period: periodOfChange(change)!, surroundings }
  return [...renewed, { type, data }, ...events]
}

/** A policy may ask the group that has the change, and nobody else: then there must be one. */
function requireGroupToAsk({ name, approvers }: ApprovalPolicy, { group }: Change): void {
  if (group !== null || approvers.some((one) => one.kind === 'person' || one.group !== undefined)) return
  throw new Refused(
    'CHANGE.NO_GROUP',
    `The policy "${name}" asks the group that has the change: assign one first.`,
  )
}

/** Asks again what nobody has answered, or was asked, or what was refused: without it the change can't be closed. */
function renewRatification(
  command: SubmitChange,
  change: Change,
  ratification: Ratification | null,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  if (ratification === null)
    throw new Refused('CHANGE.APPROVED', 'It was approved before it was begun: there is nothing to ratify.')
  const { round, verdict } = ratification
  const waiting = verdict === 'open' && round.asked !== null && !round.lapsed
  if (waiting || verdict === 'ratified') return []
  const { policy } = policyInForce(change, known)
  if (policy !== undefined) requireApprovers(policy, command, change, known)
  return [renewedRound(change)]
}

/** Another round about the same. A ratification is asked whatever was planned. */
function renewedRound(change: Change): ChangeEvent {
  const { stage, rounds, startedAt } = change
  const ratifyBy = 'ratification' in stage ? stage.ratification?.ratifyBy : undefined
  const period = periodOfChange(change) ?? { start: startedAt ?? ratifyBy!, end: ratifyBy! }
  return { type: 'ChangeApprovalRenewed', data: { round: rounds + 1, period } }
}

/** What is asked about: the material fields of the policy in force, and the conflicts that the approver is shown. */
export function askApproval(
  command: AskApproval,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  const { round } = command.data
  const open = roundOf(change)
  requireDue(open !== null && open.number === round && open.asked === null && change.hold === null)
  const ratification = 'ratification' in change.stage
  if (!ratification) requireReserved(command.id!, change, known)
  const period = periodOfChange(change)
  const { version: policyVersion } = known.policies.value
  // An edit has voided what was asked before, and may have made it riskier
  const { renewed, risk, policy } = policyInForce(change, known)
  if (policy === undefined) throw new Refused('CHANGE.NO_POLICY', 'No approval policy fits this change.')
  const { conflicts, events } =
    period === null || ratification ? NO_FINDING : conflictsNow(command, change, known)
  const baseValues = baseValuesAsked(change, known)
  const plan = materialOf(change.plan, policy.materialFields)
  const document: PlanDocument = { change: command.id!, plan, conflicts, baseValues }
  return [
    ...renewed,
    ...events,
    { type: 'BaseValuesRecorded', data: { baseValues } },
    {
      type: 'ChangeApprovalAsked',
      data: {
        round,
        approval: approvalId({ type: 'change', number: command.id! }, round),
        purpose: ratification ? 'ratification' : 'authorization',
        title: change.plan.title,
        document,
        hash: canonicalHash(document),
        policy: policy.name,
        policyVersion,
        materialFields: policy.materialFields,
        changeType: change.plan.type as ChangeType,
        risk,
        ...(change.audience.kind !== 'public' && { audience: change.audience }),
        requester: change.requester ?? command.metadata.actor,
        ...involvedIn(change, ratification),
        group: change.group,
      },
    },
  ]
}
/** What was done already has changed the values: those of before were recorded at its end at the latest. */
function baseValuesAsked({ plan, outcome, baseValues }: Change, known: ChangeFacts) {
  const now = baseValuesOf(plan, known)
  if (outcome === null) return now
  return now.map((values) => baseValues.find(({ ci }) => ci === values.ci) ?? values)
}

/** Besides the requester; left out when there is nobody. */
function involvedIn({ requester, involved, implementer }: Change, ratification: boolean) {
  const people = ratification && implementer !== null ? [...involved, implementer] : involved
  const others = [...new Set(people)].filter((person) => person !== requester)
  return others.length === 0 ? {} : { involved: others }
}

const NO_FINDING = { conflicts: [], events: [] }

/** Only who stands in the calendars himself may be sure to find in them whoever came at the same time. */
function requireReserved(number: string, change: Change, known: ChangeFacts): void {
  const period = periodOfChange(change)
  const missing = change.plan.affectedCis.filter((ci) => {
    const entry = known[ciCalendarName(ci)]?.value.get(number)
    return period === null || entry?.start !== period.start || entry.end !== period.end
  })
  if (missing.length === 0 && period !== null) return
  throw new Refused('CHANGE.NOT_RESERVED', 'Its CIs are not reserved yet for the planned times.', { missing })
}

export function recordApprovalOutcome(
  command: RecordApprovalOutcome,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  const { approval, hash, outcome, approvers, comment = null, seatsLost } = command.data
  const open = roundOf(change)
  const awaited = open?.asked?.approval === approval && open.asked.hash === hash
  requireDue(awaited && !open.lapsed && open.granted === null)
  const round = open!.number
  if (outcome === 'lapsed') return [{ type: 'ChangeApprovalLapsed', data: { round, approval } }]
  if (seatsLost) return askedOfOthers(change, round, approval)
  if (change.stage.state === 'Authorize') {
    if (outcome === 'rejected') return [{ type: 'ChangeRejected', data: { round, approval, hash, comment } }]
    const granted = { round, approval, hash, approvers }
    return change.hold === null
      ? approvedNow(command, granted, change, known)
      : [{ type: 'ChangeApprovedOnHold', data: granted }]
  }
  const ratification = 'ratification' in change.stage ? change.stage.ratification : null
  requireDue(ratification?.verdict === 'open')
  if (outcome === 'rejected')
    return [{ type: 'RatificationRefused', data: { round, approval, hash, comment } }]
  const late = command.metadata.occurredAt > ratification!.ratifyBy
  return [{ type: 'ChangeRatified', data: { round, approval, hash, approvers, late } }]
}

/** It is scheduled, with the conflicts that there are by now. */
function approvedNow(
  command: RecordApprovalOutcome | ResumeChange,
  granted: ChangeApproved['data'],
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  return [{ type: 'ChangeApproved', data: granted }, ...conflictsNow(command, change, known).events]
}

/** What lapsed meanwhile is asked again; what was granted meanwhile brings it on. */
export function resumeChange(
  command: ResumeChange,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  if (change.hold === null) return []
  const round = roundOf(change)
  if (round?.lapsed) {
    const renewed = { renewRound: change.rounds + 1, period: periodOfChange(change) ?? undefined }
    return [{ type: 'ChangeResumed', data: renewed }]
  }
  const resumed: ChangeEvent = { type: 'ChangeResumed', data: {} }
  if (!round?.asked || round.granted === null) return [resumed]
  const { number, asked, granted: approvers } = round
  const { approval, hash } = asked
  return [resumed, ...approvedNow(command, { round: number, approval, hash, approvers }, change, known)]
}

/** Whoever the policy names by now is asked; on hold, as it is resumed. When that is nobody, the next round is rejected at once. */
function askedOfOthers(change: Change, round: number, approval: string): readonly ChangeEvent[] {
  const lapsed: ChangeEvent = {
    type: 'ChangeApprovalLapsed',
    data: { round, approval, because: 'seats-lost' },
  }
  return change.hold === null ? [lapsed, renewedRound(change)] : [lapsed]
}

/** By the approval of its model, as far as that still stands. */
export function scheduleStandardChange(
  command: ScheduleStandardChange,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  if (change.stage.state === 'Scheduled') return []
  requireStep('schedule', change)
  const window = requirePlan(change)
  requireTimeLeft(window, command.metadata.occurredAt)
  const { id, revision } = change.model!
  const { approver } = requireModel(revision, window, known)
  const { conflicts, events } = conflictsNow(command, change, known)
  refuseBlackouts(conflicts, change)
  const baseValues = baseValuesOf(change.plan, known)
  const document = {
    change: command.id!,
    plan: materialOf(change.plan, STANDARD_FIELDS),
    conflicts,
    baseValues,
  }
  return [
    ...events,
    { type: 'BaseValuesRecorded', data: { baseValues } },
    {
      type: 'ChangeScheduled',
      data: {
        model: id,
        revision,
        approver,
        document,
        hash: canonicalHash(document),
        period: periodOfChange(change)!,
        surroundings: command.data.surroundings,
      },
    },
  ]
}

function requireModel(revision: number, window: Period, { model }: ChangeFacts): ApprovedRevision {
  const { approved } = model.value
  if (approved === null || approved.revision !== revision)
    throw new Refused(
      'CHANGE.MODEL_OUTDATED',
      'Its model is no longer approved in this revision: open another.',
      {
        revision: approved?.revision ?? null,
      },
    )
  if (window.end > approved.expiresAt)
    throw new Refused('CHANGE.MODEL_EXPIRED', 'The approval of its model ends before the change does.', {
      expiresAt: approved.expiresAt,
    })
  const { longestMinutes } = approved.content
  const minutes = (Date.parse(window.end) - Date.parse(window.start)) / 60_000
  if (longestMinutes !== null && minutes > longestMinutes)
    throw new InvalidInput('CHANGE.WINDOW_TOO_LONG', `Its model allows ${longestMinutes} minutes.`, [
      { pointer: '/window', message: `is longer than ${longestMinutes} minutes` },
    ])
  return approved
}

export function recheckConflicts(
  command: RecheckConflicts,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  requireStep('recheck', change)
  return conflictsNow(command, change, known).events
}

/** For the planned times: another time needs another look. */
export function overrideBlackout(
  { data: { window }, metadata: { reason } }: OverrideBlackout,
  change: Change,
  { blackouts }: ChangeFacts,
): readonly ChangeEvent[] {
  requireText({ window, reason })
  const names = blackouts.value.windows.map(({ name }) => name)
  if (!names.includes(window))
    throw new InvalidInput('CHANGE.BLACKOUT_UNKNOWN', `There is no blackout window "${window}".`, [
      {
        pointer: '/window',
        message: `must be one of ${names.join(', ') || 'those published: there is none'}`,
      },
    ])
  const period = periodOfChange(change)
  if (period === null)
    throw new Refused('CHANGE.PLAN_INCOMPLETE', 'Say first when it is to be done: it has no window yet.')
  const known = change.overrides.some(
    (override) =>
      override.window === window &&
      override.period.start === period.start &&
      override.period.end === period.end,
  )
  return known ? [] : [{ type: 'BlackoutOverridden', data: { window, period } }]
}
