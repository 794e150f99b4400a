import { canonicalJson } from '#libs/event-sourcing'
import type { ImportChangeUpdate } from './change.commands.js'
import type { ChangeEvent, ChangeState } from './change.events.js'
import type { ObservedChange } from './change.import.js'
import { differences, type TypedPlan } from './change.plan.js'
import { type Change, type ChangeRecord, isOpened } from './change.state.js'

/** From which states a live change comes into a state; what a source tells otherwise is marked. */
const REGULAR: Readonly<Record<ChangeState, readonly ChangeState[]>> = {
  New: ['Assess', 'Authorize'],
  Assess: ['New'],
  Authorize: ['New', 'Assess', 'Scheduled'],
  Scheduled: ['New', 'Authorize'],
  Implement: ['Scheduled'],
  Review: ['Implement'],
  Closed: ['Review'],
  Canceled: ['New', 'Assess', 'Authorize', 'Scheduled', 'Implement'],
}

/** Records what a source says, never refused for the lifecycle; the same row again says nothing new. */
export function importChangeUpdate(
  { data }: ImportChangeUpdate,
  record: ChangeRecord,
): readonly ChangeEvent[] {
  return isOpened(record) ? updated(data, record) : opened(data)
}

function opened(data: ObservedChange): readonly ChangeEvent[] {
  const { type = 'normal', title = '', state = 'New', affectedCis = [], proposedValues = [] } = data
  const given = withoutNulls({
    description: data.description,
    implementation: data.implementation,
    backout: data.backout,
    test: data.test,
    window: data.window,
    requester: data.requester,
    group: data.group,
    assignee: data.assignee,
  })
  const fields = data.fields && Object.keys(data.fields).length > 0 ? data.fields : undefined
  return [
    {
      type: 'ChangeOpened',
      data: { ...given, type, title, affectedCis, proposedValues, sourceFields: fields },
    },
    ...(state === 'New' ? [] : [step('New', state, type, data)]),
  ]
}

function updated(data: ObservedChange, change: Change): readonly ChangeEvent[] {
  const { stage, plan, group, assignee } = change
  const from = stage.state as ChangeState
  const changes = differences(plan, observedPlan(data, plan))
  const to = { group: told(data.group, group), assignee: told(data.assignee, assignee) }
  const events: ChangeEvent[] = []
  if (Object.keys(changes).length > 0) events.push({ type: 'ChangePlanEdited', data: { changes } })
  if (to.group !== group || to.assignee !== assignee)
    events.push({ type: 'ChangeAssigned', data: { ...to, previousAssignee: assignee } })
  if (data.state !== undefined && data.state !== from) events.push(step(from, data.state, plan.type, data))
  return events
}

const told = (said: string | null | undefined, known: string | null) => (said === undefined ? known : said)

function observedPlan(data: ObservedChange, plan: TypedPlan): TypedPlan {
  const { title, description, implementation, backout, test, window, affectedCis, proposedValues } = data
  const said = { title, description, implementation, backout, test, window, affectedCis, proposedValues }
  const after: Record<string, unknown> = { ...plan }
  for (const [field, value] of Object.entries(said))
    if (value !== undefined && canonicalJson(value) !== canonicalJson(after[field]))
      after[field] = value ?? undefined
  return after as unknown as TypedPlan
}

/** A commit of configuration says nothing of who allowed it, and how it went: that is said of it, too. */
function step(
  from: ChangeState,
  to: ChangeState,
  type: TypedPlan['type'],
  { outcome }: ObservedChange,
): ChangeEvent {
  const commit = type === 'configuration-commit'
  const done = to === 'Review' || to === 'Closed'
  const unproven = 'no evidence in source' as const
  return {
    type: 'ChangeStateObserved',
    data: {
      from,
      to,
      ...(outcome !== undefined && { outcome }),
      ...(commit && done && outcome === undefined && { outcome: unproven }),
      ...(commit && done && { authorisation: unproven }),
      ...(!commit && !REGULAR[to].includes(from) && { irregular: 'CHANGE.STEP_SKIPPED' }),
    },
  }
}

function withoutNulls<Fields extends object>(
  fields: Fields,
): { [Field in keyof Fields]?: NonNullable<Fields[Field]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as never
}
