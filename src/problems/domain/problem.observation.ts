import { canonicalJson, Refused } from '#libs/event-sourcing'
import type { ImportProblemUpdate } from './problem.commands.js'
import { differences } from './problem.description.js'
import {
  type ImportedProblem,
  PROBLEM_STATES,
  type ProblemEvent,
  type ProblemLink,
  type ProblemState,
} from './problem.events.js'
import type { ObservedProblem } from './problem.import.js'
import { isOpened, outcomeOf, type Problem, type ProblemRecord, UNSPECIFIED } from './problem.state.js'
import { skippedTasks } from './problem.tasks.js'

/** From which states a live problem comes into a state; what a source tells otherwise is marked. */
const REGULAR: Readonly<Record<ProblemState, readonly ProblemState[]>> = {
  New: [],
  Assess: ['New'],
  'Root Cause Analysis': ['Assess', 'Fix in Progress', 'Resolved'],
  'Fix in Progress': ['Root Cause Analysis'],
  Resolved: ['Fix in Progress'],
  Closed: ['Resolved'],
}
const HOLDABLE: readonly ProblemState[] = ['Assess', 'Root Cause Analysis', 'Fix in Progress']

/**
 * What a row of a source tells beyond the row before. Never refused for the lifecycle: a step that a live command could not take
 * is marked, so is whatever goes on after Closed. At least one event; the first carries what of the row has no home here.
 * @throws Refused `PROBLEM.FOREIGN_RECORD` when the number belongs to a record of another origin
 */
export function importProblemUpdate(
  { data, metadata: { source } }: ImportProblemUpdate,
  record: ProblemRecord,
): readonly ProblemEvent[] {
  const known = isOpened(record) ? record : undefined
  if (known && (known.source?.name !== source?.name || known.source?.externalId !== source?.externalId))
    throw new Refused(
      'PROBLEM.FOREIGN_RECORD',
      'The number belongs to a problem that does not come from this record of the source: ' +
        'have numbers allotted, by number: { policy: allot } in the mapping.',
    )
  if (known && data.late) return [{ type: 'ProblemUpdateObserved', data: { late: saidInAll(data) } }]
  const told =
    known === undefined
      ? [opened(data, source?.externalId ?? ''), ...observedBeyond(data, undefined)]
      : [...observedFields(data, known), ...observedBeyond(data, known)]
  const ends = data.state === 'Closed' && known !== undefined && known.stage.state !== 'Closed'
  if (ends) told.push(...skippedTasks(known, 'The source has closed the problem.'))
  const events = told.length === 0 ? [{ type: 'ProblemUpdateObserved' as const, data: {} }] : told
  return withRow(events, data, known)
}

/** All that a row says, by the names of the fields here and of the source's columns. */
function saidInAll({
  fields = {},
  affectedCis,
  late: _,
  ...said
}: ObservedProblem): Record<string, string | null> {
  const texts = Object.entries({ ...said, affectedCis: affectedCis?.join(', ') })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, value === null ? null : String(value)])
  return { ...Object.fromEntries(texts), ...fields }
}

/** The first event carries the row's columns without a home, as far as they differ, and each what is irregular about it. */
function withRow(
  events: readonly ProblemEvent[],
  { fields = {} }: ObservedProblem,
  known: Problem | undefined,
): readonly ProblemEvent[] {
  const before = known?.source?.fields ?? {}
  const sourceFields = Object.fromEntries(
    Object.entries(fields).filter(([name, value]) =>
      known === undefined ? true : (before[name] ?? null) !== value,
    ),
  )
  const closed = known?.stage.state === 'Closed'
  return events.map((event, index) => {
    const row: ImportedProblem = {
      ...(index === 0 && Object.keys(sourceFields).length > 0 && { sourceFields }),
      ...(closed && NEEDS_OPEN.has(event.type) && { irregular: 'PROBLEM.CLOSED' }),
    }
    return { ...event, data: { ...event.data, ...row } } as ProblemEvent
  })
}

/** What a live command is refused once the problem is Closed. */
const NEEDS_OPEN: ReadonlySet<ProblemEvent['type']> = new Set([
  'ProblemDetailsChanged',
  'ProblemPrioritized',
  'ProblemAssigned',
  'ProblemStateObserved',
])

function opened(data: ObservedProblem, externalId: string): ProblemEvent {
  const { title = externalId, affectedCis = [], origin = 'reactive', openedAt } = data
  const { description, category, subcategory, symptom, service, group, assignee } = data
  const given = { description, category, subcategory, symptom, service, group, assignee }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null))
  return {
    type: 'ProblemOpened',
    data: { ...set, title, affectedCis, origin, ...(openedAt !== undefined && { openedAt }) },
  }
}

function observedFields(data: ObservedProblem, known: Problem): readonly ProblemEvent[] {
  const events: ProblemEvent[] = []
  const { title, description, category, subcategory, symptom, service, affectedCis } = data
  const said = { title, description, category, subcategory, symptom, service, affectedCis }
  const changes = differences(known.fields, said)
  if (Object.keys(changes).length > 0) events.push({ type: 'ProblemDetailsChanged', data: { changes } })
  const group = data.group === undefined ? known.group : data.group
  const assignee = data.assignee === undefined ? known.assignee : data.assignee
  if (group !== known.group || assignee !== known.assignee)
    events.push({ type: 'ProblemAssigned', data: { group, assignee, previousAssignee: known.assignee } })
  return events
}

/** What a first row may tell as well as any later one. */
function observedBeyond(data: ObservedProblem, known: Problem | undefined): readonly ProblemEvent[] {
  return [
    ...observedPriority(data, known),
    ...observedChange(data, known),
    ...observedFindings(data, known),
    ...observedState(data, known),
  ]
}

function observedPriority(data: ObservedProblem, known: Problem | undefined): readonly ProblemEvent[] {
  const before = {
    impact: known?.impact ?? null,
    urgency: known?.urgency ?? null,
    priority: known?.priority ?? null,
  }
  const { impact = before.impact, urgency = before.urgency, priority = before.priority } = data
  const after = { impact, urgency, priority }
  if (canonicalJson(before) === canonicalJson(after)) return []
  return [{ type: 'ProblemPrioritized', data: { ...after, matrixVersion: null, previous: before.priority } }]
}

function observedChange(
  { fixedByChange }: ObservedProblem,
  known: Problem | undefined,
): readonly ProblemEvent[] {
  if (fixedByChange === undefined) return []
  const linked = (known?.links ?? []).filter(({ relation }) => relation === 'fixed-by-change')
  const gone = linked.filter(({ target }) => target !== fixedByChange)
  const events: ProblemEvent[] = gone.map((link) => ({ type: 'ProblemUnlinked', data: { link } }))
  if (fixedByChange !== null && linked.length === gone.length) {
    const link: ProblemLink = { relation: 'fixed-by-change', targetType: 'change', target: fixedByChange }
    events.push({ type: 'ProblemLinked', data: { link } })
  }
  return events
}

function observedFindings(data: ObservedProblem, known: Problem | undefined): readonly ProblemEvent[] {
  const findings = Object.fromEntries(
    (['rootCause', 'workaround', 'resolutionNotes'] as const)
      .filter((field) => data[field] !== undefined && data[field] !== (known?.[field] ?? null))
      .map((field) => [field, data[field]]),
  )
  return Object.keys(findings).length === 0 ? [] : [{ type: 'ProblemFindingsObserved', data: findings }]
}

function observedState(data: ObservedProblem, known: Problem | undefined): readonly ProblemEvent[] {
  const at = known?.stage.state ?? 'New'
  const from = known != null && known.hold !== null ? 'On Hold' : at
  const to = data.state ?? from
  const outcome = data.outcome !== undefined && data.outcome !== (known ? outcomeOf(known) : null)
  const hold = to === 'On Hold' && from === to && (data.hold ?? UNSPECIFIED) !== known?.hold?.reason
  if (to === from && !outcome && !hold) return []
  const phaseUnknown = known?.phaseUnknown || data.phase !== undefined
  const irregular = irregularity(at, to, phaseUnknown)
  return [
    {
      type: 'ProblemStateObserved',
      data: {
        from,
        to,
        ...(data.phase !== undefined && to !== 'On Hold' && { phase: data.phase }),
        ...(outcome && { outcome: data.outcome }),
        ...(to === 'On Hold' && { hold: data.hold ?? UNSPECIFIED }),
        ...(irregular !== undefined && { irregular }),
      },
    },
  ]
}

/**
 * `at`: the state, whether it is on hold or not: whoever goes on from a hold stays in it. Of a problem that is worked on in a
 * phase which the source does not tell, nobody can say that it skipped one on its way onwards.
 */
function irregularity(
  at: ProblemState,
  to: ProblemState | 'On Hold',
  phaseUnknown: boolean,
): string | undefined {
  if (at === 'Closed') return to === at ? undefined : 'PROBLEM.CLOSED'
  if (to === 'On Hold') return HOLDABLE.includes(at) ? undefined : 'PROBLEM.NOT_HOLDABLE'
  if (phaseUnknown && PROBLEM_STATES.indexOf(to) >= PROBLEM_STATES.indexOf(at)) return undefined
  return to === at || REGULAR[to].includes(at) ? undefined : 'PROBLEM.STEP_SKIPPED'
}
