import { PUBLIC, requireAudience } from '#libs/access'
import { InvalidInput, Refused } from '#libs/event-sourcing'
import { admitted, groupIn, watching } from './change.audience.js'
import type {
  AssignChange,
  EditPlan,
  LinkChange,
  MovePlannedTimes,
  OpenChange,
  OpenRevert,
  PlanWishes,
  UnlinkChange,
} from './change.commands.js'
import { isCovered } from './change.conflicts.js'
import { changeCustomFields, checkedCustomFields } from './change.custom-fields.js'
import type { ChangeEvent, ChangeOpened, ChangeState, Period, Plan, ProposedValues } from './change.events.js'
import { type ChangeFacts, ciName } from './change.facts.js'
import { conflictsNow } from './change.findings.js'
import {
  periodFrom,
  refuseBlackouts,
  requireGroup,
  requirePerson,
  requireText,
  requireTimeLeft,
  requireUnfinished,
} from './change.guards.js'
import { differences, isBoundTo, type TypedPlan, withChanges } from './change.plan.js'
import { requirePlannedCis } from './change.proposed-values.js'
import {
  type Change,
  type ChangeRecord,
  isBusy,
  isOpened,
  periodOfChange,
  roundOf,
  sameLink,
} from './change.state.js'
import { filledIn } from './change-model.decider.js'

/** What a change is about: its plan, who has it, what it is linked to. */

export function openChange(
  { id, data, metadata }: OpenChange,
  record: ChangeRecord,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  if (isOpened(record)) throw new Refused('CHANGE.EXISTS', `${id} is open already.`)
  const { type, group, assignee, audience, requester = metadata.actor } = data
  if (data.requester !== undefined) requirePerson(known.person.value, requester, '/requester')
  if (group !== undefined) requireGroup(known.group.value, group)
  if (assignee !== undefined) requirePerson(known.assignee.value, assignee, '/assignee')
  requireAudience('change', audience ?? PUBLIC, groupIn(known))
  const { plan, model } =
    type === 'standard' ? standardPlan(data, known) : { plan: ownPlan(data), model: undefined }
  requireText({ title: plan.title })
  requirePlannedCis(plan, known)
  const custom = checkedCustomFields(data.customFields, known)
  return opened({ ...plan, type, requester, audience, group, assignee, model, ...custom }, metadata.actor)
}

/** Of a restricted change, who opened it and who is to do it watch it from the beginning. */
function opened(data: ChangeOpened['data'], actor: string): readonly ChangeEvent[] {
  const restricted = (data.audience ?? PUBLIC).kind !== 'public'
  return [
    { type: 'ChangeOpened', data },
    ...(restricted ? watching([actor, data.assignee], { watchers: [] }) : []),
  ]
}

function ownPlan(data: OpenChange['data']): Plan {
  if (data.model !== undefined)
    throw new InvalidInput('CHANGE.MODEL_NEEDLESS', 'Only a standard change follows a model.', [
      { pointer: '/model', message: 'belongs to a standard change' },
    ])
  const { title = '', description, implementation, backout, test } = data
  const { affectedCis = [], proposedValues = [] } = data
  const window = data.window && periodFrom(data.window, '/window')
  return {
    title,
    description,
    implementation,
    backout,
    test,
    window,
    affectedCis: sorted(affectedCis),
    proposedValues,
  }
}

function standardPlan(data: OpenChange['data'], known: ChangeFacts) {
  const approved = data.model === undefined ? null : known.model.value.approved
  if (data.model === undefined || approved === null)
    throw new InvalidInput('CHANGE.MODEL_UNKNOWN', 'A standard change follows an approved model.', [
      { pointer: '/model', message: 'must be the id of an approved model' },
    ])
  const { content, revision } = approved
  const { variables = {} } = data
  refuseVariables(variables, content.variables)
  const given: Readonly<Record<string, unknown>> = { ...data }
  const fixed = [
    'title',
    'implementation',
    'backout',
    'test',
    'description',
    'window',
    'affectedCis',
    'proposedValues',
  ]
    .filter((field) => given[field] !== undefined)
    .filter((field) => !(content.freeFields as readonly string[]).includes(field))
  refuseFixed(fixed)
  const plan: Plan = {
    title: filledIn(content.title, variables),
    description: data.description,
    implementation: filledIn(content.implementation, variables),
    backout: filledIn(content.backout, variables),
    test: filledIn(content.test, variables),
    window: data.window && periodFrom(data.window, '/window'),
    affectedCis: sorted(data.affectedCis ?? content.affectedCis),
    proposedValues: data.proposedValues ?? content.proposedValues,
  }
  return { plan, model: { id: data.model, revision, variables } }
}

function refuseVariables(
  given: Readonly<Record<string, string>>,
  declared: readonly { name: string; choices?: readonly string[] }[],
): void {
  const errors = [
    ...declared
      .filter(({ name, choices }) => {
        const value = Object.hasOwn(given, name) ? given[name] : undefined
        return !value?.trim() || !(choices?.includes(value) ?? true)
      })
      .map(({ name, choices }) => ({
        pointer: `/variables/${name}`,
        message: choices === undefined ? 'is needed' : `must be one of ${choices.join(', ')}`,
      })),
    ...Object.keys(given)
      .filter((name) => !declared.some((variable) => variable.name === name))
      .map((name) => ({ pointer: `/variables/${name}`, message: 'is no variable of the model' })),
  ]
  if (errors.length > 0)
    throw new InvalidInput('CHANGE.VARIABLES_MALFORMED', 'Only what the model declares may differ.', errors)
}

function refuseFixed(fields: readonly string[]): void {
  if (fields.length === 0) return
  throw new InvalidInput(
    'CHANGE.FIXED_BY_MODEL',
    'A standard change is done as its model says: open a normal change to do it otherwise.',
    fields.map((field) => ({ pointer: `/${field}`, message: 'is fixed by the model' })),
  )
}

/** Before and after exchanged, of what was written: approval is asked for it as for any other change. */
export function openRevert(
  { data, metadata: { actor } }: OpenRevert,
  record: ChangeRecord,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  if (isOpened(record)) throw new Refused('CHANGE.EXISTS', 'This number is taken.')
  const original = known.reverted.value
  if (!isOpened(original)) throw unknownReverted(data.reverts)
  const written = original.released.map(({ ci }) => ci)
  if (original.stage.state !== 'Review' && original.stage.state !== 'Closed')
    throw new Refused('CHANGE.NOT_DONE', 'Only what was done can be reverted: cancel it instead.')
  const proposedValues = original.baseValues.filter(({ ci }) => written.includes(ci))
  const { type, title = `Revert ${data.reverts}: ${original.plan.title}` } = data
  const window = data.window && periodFrom(data.window, '/window')
  const { affectedCis, backout } = original.plan
  const plan: Plan = { title, implementation: backout, window, affectedCis, proposedValues }
  // Who did it is to bring it back, and what nobody else may see of it nobody else may see now
  const group = original.group ?? undefined
  const audience = original.audience.kind === 'public' ? undefined : original.audience
  const inherited = Object.keys(original.customFields).length > 0 ? { ...original.customFields } : undefined
  const custom = checkedCustomFields(data.customFields ?? inherited, known)
  const { reverts } = data
  return opened({ ...plan, type, requester: actor, audience, group, reverts, ...custom }, actor)
}

/** Also when whoever asks may not see it. */
export function unknownReverted(number: string): InvalidInput {
  return new InvalidInput('CHANGE.UNKNOWN', `There is no change ${number}, or none that you may see.`, [
    { pointer: '/reverts', message: 'is no change, or none that you may see' },
  ])
}

/**
 * An edit of what an approval is bound to voids it; in Implement it is refused, since what is being done was approved: deviations
 * are recorded. Custom fields are edited beside it, until the end.
 */
export function editPlan(command: EditPlan, change: Change, known: ChangeFacts): readonly ChangeEvent[] {
  requireUnfinished(change)
  const { customFields, ...wishes } = command.data
  const custom = changeCustomFields(customFields, change, known)
  const after = wishedPlan(wishes, change)
  const changes = differences(change.plan, after)
  const fields = Object.keys(changes)
  if (fields.length === 0) return custom
  refuseEdit(fields, change, after, known)
  const voids = voided(change, withChanges(change.plan, changes), fields)
  if (isBusy(change.stage.state as ChangeState)) {
    const edited = { ...change, plan: after, planned: changes.window ? null : change.planned }
    const window = requirePlan(edited)
    if (changes.window || voids.length > 0) requireTimeLeft(window, command.metadata.occurredAt)
    if (changes.window || changes.affectedCis)
      refuseBlackouts(conflictsNow(command, edited, known).conflicts, change)
  }
  if (changes.affectedCis || changes.proposedValues) requirePlannedCis(after, known)
  return [{ type: 'ChangePlanEdited', data: { changes } }, ...custom, ...voids]
}

function wishedPlan(data: PlanWishes, { plan }: Change): TypedPlan {
  const wished: Record<string, unknown> = { ...plan }
  for (const [field, value] of Object.entries(data))
    if (value !== undefined) wished[field] = value ?? undefined
  const after = wished as unknown as TypedPlan
  requireText({ title: after.title })
  return {
    ...after,
    window: after.window && periodFrom(after.window, '/window'),
    affectedCis: sorted(after.affectedCis ?? []),
    proposedValues: after.proposedValues ?? [],
  }
}

function refuseEdit(fields: readonly string[], change: Change, after: TypedPlan, known: ChangeFacts): void {
  const { stage, plan, model } = change
  if (fields.includes('type') && (stage.state !== 'New' || plan.type === 'standard'))
    throw new Refused(
      'CHANGE.TYPE_FIXED',
      'The type of a New change may change, and not to or from standard.',
    )
  if (stage.state === 'Review')
    throw new Refused('CHANGE.DONE', 'It has been done: its plan stays as it was.', { fields })
  if (stage.state === 'Implement') {
    const bond = stage.standing?.bond ?? roundOf(change)?.asked ?? null
    if (bond === null || !isBoundTo(bond, after))
      throw new Refused('CHANGE.IMPLEMENTING', 'It is being done as approved: record how it deviates.', {
        fields,
      })
  }
  if (model !== null) {
    if (stage.state === 'Scheduled' && stage.standing !== null && !isBoundTo(stage.standing.bond, after))
      throw new Refused(
        'CHANGE.SCHEDULED_BY_MODEL',
        'It is scheduled as its model allowed: cancel it, and open another from the model.',
        { fields },
      )
    const free: readonly string[] = known.model.value.approved?.content.freeFields ?? []
    refuseFixed(fields.filter((field) => !free.includes(field)))
  }
}

/** None: no approval is asked for or stands, or the one that does is about this plan, too. */
function voided(change: Change, after: TypedPlan, fields: readonly string[]): readonly ChangeEvent[] {
  const { stage, rounds } = change
  const bound = boundRound(change)
  if (bound === null || isBoundTo(bound, after)) return []
  const { approval, round, hash, materialFields } = bound
  return [
    {
      type: 'ChangeApprovalVoided',
      data: {
        round,
        approval,
        hash,
        fields: fields.filter((field) => materialFields.includes(field)),
        from: stage.state as 'Authorize' | 'Scheduled',
        nextRound: rounds + 1,
        period: periodOfChange({
          ...change,
          plan: after,
          planned: fields.includes('window') ? null : change.planned,
        }),
      },
    },
  ]
}

/** What an edit would void; what a model allows to vary was approved with it. */
function boundRound({ stage }: Change) {
  if (stage.state === 'Authorize') {
    const { asked, lapsed, number } = stage.round
    return asked === null || lapsed ? null : { ...asked, round: number }
  }
  if (stage.state !== 'Scheduled' || stage.standing?.basis.kind !== 'approval') return null
  return { ...stage.standing.bond, ...stage.standing.basis }
}

export function movePlannedTimes(
  command: MovePlannedTimes,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  requireUnfinished(change)
  const { state } = change.stage
  if (state === 'Review') throw new Refused('CHANGE.DONE', 'It has been done: its times stay as they were.')
  const planned = command.data.planned && periodFrom(command.data.planned, '/planned')
  const { window } = change.plan
  if (planned !== null && (window === undefined || !isCovered(planned, [window])))
    throw new Refused('CHANGE.OUTSIDE_WINDOW', 'Planned times lie within the window: edit that first.', {
      window,
    })
  if (planned?.start === change.planned?.start && planned?.end === change.planned?.end) return []
  const moved: ChangeEvent = { type: 'PlannedTimesMoved', data: { previous: change.planned, planned } }
  if (!isBusy(state)) return [moved]
  const { conflicts, events } = conflictsNow(command, { ...change, planned }, known)
  refuseBlackouts(conflicts, change)
  return [moved, ...events]
}

export function assignChange(
  { data }: AssignChange,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  requireUnfinished(change)
  const group = data.group === undefined ? change.group : data.group
  if (data.group != null) requireGroup(known.group.value, data.group)
  const kept = data.group === undefined || data.group === change.group ? change.assignee : null
  const assignee = data.assignee === undefined ? kept : data.assignee
  if (data.assignee != null) {
    requirePerson(known.person.value, data.assignee, '/assignee')
    if (group !== null && !known.group.value.members.has(data.assignee))
      throw new Refused('CHANGE.NOT_A_MEMBER', `${data.assignee} is no member of ${group}: choose another.`)
  }
  if (group === change.group && assignee === change.assignee) return []
  return [
    { type: 'ChangeAssigned', data: { group, assignee, previousAssignee: change.assignee } },
    ...admitted([data.assignee], change),
  ]
}

export function linkChange({ id, data: link }: LinkChange, change: Change): readonly ChangeEvent[] {
  requireText({ target: link.target })
  if (link.relation === 'caused' && link.targetType !== 'incident')
    throw new InvalidInput('CHANGE.LINK_MALFORMED', 'A change causes incidents.', [
      { pointer: '/targetType', message: 'must be incident' },
    ])
  if (link.targetType === 'change' && link.target === id)
    throw new InvalidInput('CHANGE.LINK_MALFORMED', 'A change is not linked to itself.', [
      { pointer: '/target', message: 'is the change itself' },
    ])
  const { relation, targetType, target } = link
  if (change.links.some((known) => sameLink(known, link))) return []
  return [{ type: 'ChangeLinked', data: { link: { relation, targetType, target } } }]
}

export function unlinkChange({ data: link }: UnlinkChange, change: Change): readonly ChangeEvent[] {
  const known = change.links.find((other) => sameLink(other, link))
  return known ? [{ type: 'ChangeUnlinked', data: { link: known } }] : []
}

/** What the CIs are like where values are proposed for them. */
export function baseValuesOf({ proposedValues }: Plan, known: ChangeFacts): readonly ProposedValues[] {
  return proposedValues.map(({ ci, attributes }) => ({
    ci,
    attributes: Object.fromEntries(
      Object.keys(attributes).map((name) => [name, known[ciName(ci)]?.value.attributes[name] ?? null]),
    ),
  }))
}

/** @throws InvalidInput `CHANGE.PLAN_INCOMPLETE` naming what is missing */
export function requirePlan({ plan }: Change): Period {
  const needed =
    plan.type === 'emergency'
      ? (['implementation', 'backout'] as const)
      : (['implementation', 'backout', 'test'] as const)
  const missing: string[] = needed.filter((field) => !plan[field]?.trim())
  if (plan.window === undefined) missing.push('window')
  if (missing.length > 0)
    throw new InvalidInput(
      'CHANGE.PLAN_INCOMPLETE',
      `The plan lacks ${missing.join(', ')}: edit it first.`,
      missing.map((field) => ({ pointer: `/${field}`, message: 'is needed before anybody decides' })),
    )
  return plan.window!
}

const sorted = (cis: readonly string[]): readonly string[] => [...new Set(cis)].sort()
