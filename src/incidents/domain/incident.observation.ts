import { PUBLIC } from '#libs/access'
import { Refused } from '#libs/event-sourcing'
import { priorityAt } from '../../settings/domain/defaults.js'
import type { ImportIncidentUpdate } from './incident.commands.js'
import type {
  FieldChange,
  Hold,
  Imported,
  IncidentDetailsChanged,
  IncidentEvent,
  IncidentFields,
  IncidentOpened,
  IncidentState,
  LinkRelation,
  Resolution,
} from './incident.events.js'
import type { IncidentFacts } from './incident.facts.js'
import { type LifecycleStep, refusalOf } from './incident.guards.js'
import type { ObservedIncident } from './incident.import.js'
import { sameHold } from './incident.lifecycle.js'
import { type ImportedFrom, type Incident, type IncidentRecord, isOpened } from './incident.state.js'

/**
 * What a row of a source tells beyond the row before, in a fixed order: opened or details, category, priority, group,
 * person, links, knowledge, state. Never refused for the lifecycle: a step that the guard of the live command would have
 * refused is marked with that guard's code. At least one event; the first carries what of the row has no home here.
 * @throws Refused `INCIDENT.FOREIGN_RECORD` when the number belongs to a record of another origin
 */
export function importIncidentUpdate(
  { data: { observed, matrixVersion }, metadata }: ImportIncidentUpdate,
  record: IncidentRecord,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const known = isOpened(record) ? record : undefined
  if (known && !isSameRecord(known.source, metadata.source)) {
    throw new Refused(
      'INCIDENT.FOREIGN_RECORD',
      'The number belongs to an incident that does not come from this record of the source: ' +
        'have numbers allotted, by number: { policy: allot } in the mapping.',
    )
  }
  const events: IncidentEvent[] = []
  if (known === undefined) {
    events.push(opened(observed, metadata.source?.externalId ?? ''))
  } else {
    observeDetails(events, observed, known)
    observeCategory(events, observed, known.fields)
  }
  observePriority(events, observed, known, matrixVersion, facts)
  observeAssignment(events, observed, known)
  observeLinks(events, observed, known)
  observeKnowledge(events, observed, known)
  observeState(events, observed, known)
  if (events.length === 0) events.push({ type: 'UpdateObserved', data: {} })
  // The events were built above and nobody else has seen them yet.
  const first = events[0]?.data as Imported
  first.source = rowOf(observed, known?.source ?? null)
  return events
}

function isSameRecord(a: ImportedFrom | null, b: { name: string; externalId: string } | undefined): boolean {
  return a !== null && b !== undefined && a.name === b.name && a.externalId === b.externalId
}

/** Columns without a home, as far as they differ from the row before, and what the update counter says. */
function rowOf(observed: ObservedIncident, before: ImportedFrom | null): NonNullable<Imported['source']> {
  const row: NonNullable<Imported['source']> = { fields: {} }
  for (const name in observed.fields) {
    const value = observed.fields[name] ?? null
    if (before === null || before.fields[name] !== value) row.fields[name] = value
  }
  const counter = observed.updateCounter
  if (counter !== undefined) {
    row.updateCounter = counter
    // Rows count on from the creation, which is update 0; a counter that runs backwards tells of nothing missing.
    const last = before === null ? -1 : before.updateCounter
    if (last !== null && counter > last + 1) row.updatesMissing = counter - last - 1
  }
  return row
}

const DETAILS = [
  'title',
  'description',
  'caller',
  'affectedUser',
  'openedBy',
  'contactType',
  'service',
  'primaryCi',
  'location',
  'vendor',
] as const
const CATEGORIES = ['category', 'subcategory', 'symptom'] as const

/** Sources without a title give the record's identifier there: every list shows a title. */
function opened(observed: ObservedIncident, externalId: string): IncidentOpened {
  const data: IncidentOpened['data'] = { title: externalId, audience: PUBLIC }
  for (const name of DETAILS) {
    const value = observed[name]
    if (value !== undefined && value !== null) data[name] = value
  }
  for (const name of CATEGORIES) {
    const value = observed[name]
    if (value !== undefined && value !== null) data[name] = value
  }
  if (observed.openedAt !== undefined) data.openedAt = observed.openedAt
  if (observed.customFields !== undefined) {
    const customFields = withCustomFields({}, observed.customFields)
    if (Object.keys(customFields).length > 0) data.customFields = customFields
  }
  return { type: 'IncidentOpened', data }
}

function observeDetails(events: IncidentEvent[], observed: ObservedIncident, known: Incident): void {
  let changes: IncidentDetailsChanged['data']['changes'] | undefined
  for (const name of DETAILS) {
    const to = observed[name]
    const from = known.fields[name] ?? null
    if (to === undefined || to === from) continue
    changes ??= {}
    changes[name] = { from, to }
  }
  if (observed.openedAt !== undefined && observed.openedAt !== known.openedAt) {
    changes ??= {}
    changes.openedAt = { from: known.openedAt, to: observed.openedAt }
  }
  if (observed.customFields !== undefined) {
    const from = known.fields.customFields ?? {}
    const to = withCustomFields(from, observed.customFields)
    if (to !== from) {
      changes ??= {}
      changes.customFields = { from, to }
    }
  }
  if (changes !== undefined) events.push({ type: 'IncidentDetailsChanged', data: { changes } })
}

/** The same object when the source says nothing new. Fields that it does not tell stay as they are. */
function withCustomFields(
  before: Readonly<Record<string, unknown>>,
  told: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  let after: Record<string, unknown> | undefined
  for (const name in told) {
    const value = told[name]
    if (value === (before[name] ?? null)) continue
    after ??= { ...before }
    if (value === null) delete after[name]
    else after[name] = value
  }
  return after ?? before
}

function observeCategory(
  events: IncidentEvent[],
  observed: ObservedIncident,
  fields: Readonly<IncidentFields>,
): void {
  const category = fieldChange(fields.category, observed.category)
  const subcategory = fieldChange(fields.subcategory, observed.subcategory)
  const symptom = fieldChange(fields.symptom, observed.symptom)
  if (differs(category) || differs(subcategory) || differs(symptom)) {
    events.push({ type: 'IncidentCategorized', data: { category, subcategory, symptom } })
  }
}

function fieldChange(from: string | undefined, to: string | null | undefined): FieldChange<string> {
  return { from: from ?? null, to: to === undefined ? (from ?? null) : to }
}

function differs({ from, to }: FieldChange): boolean {
  return from !== to
}

/** By the matrix version that the import names; where the source's own priority is another, that is an override. */
function observePriority(
  events: IncidentEvent[],
  observed: ObservedIncident,
  known: Incident | undefined,
  matrixVersion: number | null,
  facts: IncidentFacts,
): void {
  const previous = known?.priority ?? null
  const impact = observed.impact ?? known?.impact ?? null
  const urgency = observed.urgency ?? known?.urgency ?? null
  const levelsKept = impact === (known?.impact ?? null) && urgency === (known?.urgency ?? null)
  if (levelsKept && (observed.priority === undefined || observed.priority === previous)) return
  const matrix = matrixVersion === null ? undefined : facts.matrix.value.versions.get(matrixVersion)
  const derived = matrix === undefined ? null : priorityAt(matrix, impact, urgency)
  const priority = observed.priority === undefined ? derived : observed.priority
  if (priority !== null && priority === derived && impact !== null && urgency !== null) {
    const data = { impact, urgency, priority, matrixVersion: matrixVersion as number, previous }
    events.push({ type: 'PriorityDerived', data })
  } else {
    events.push({ type: 'PriorityOverridden', data: { impact, urgency, priority, derived, previous } })
  }
}

function observeAssignment(
  events: IncidentEvent[],
  observed: ObservedIncident,
  known: Incident | undefined,
): void {
  const previousGroup = known?.group ?? null
  const group = observed.assignmentGroup
  let previousPerson = known?.assignee ?? null
  const person = observed.assignee === undefined ? previousPerson : observed.assignee
  if (group !== undefined && group !== previousGroup) {
    events.push({ type: 'AssignedToGroup', data: { group, previousGroup, previousPerson } })
    previousPerson = null
  }
  if (person !== previousPerson) events.push({ type: 'AssignedToPerson', data: { person, previousPerson } })
}

function observeLinks(
  events: IncidentEvent[],
  observed: ObservedIncident,
  known: Incident | undefined,
): void {
  const links = known?.source?.links
  observeLink(events, 'has-problem', 'problem', links?.['has-problem'], observed.problem)
  observeLink(events, 'fixed-by-change', 'change', links?.['fixed-by-change'], observed.fixedByChange)
  observeLink(events, 'caused-by-change', 'change', links?.['caused-by-change'], observed.causedByChange)
}

function observeLink(
  events: IncidentEvent[],
  relation: LinkRelation,
  targetType: string,
  before: string | undefined,
  target: string | null | undefined,
): void {
  if (target === undefined || target === (before ?? null)) return
  if (before !== undefined)
    events.push({ type: 'LinkRemoved', data: { link: { relation, targetType, target: before } } })
  if (target !== null) events.push({ type: 'LinkAdded', data: { link: { relation, targetType, target } } })
}

/** Imported articles have no revision, those that people apply have one: they are left alone. */
function observeKnowledge(
  events: IncidentEvent[],
  observed: ObservedIncident,
  known: Incident | undefined,
): void {
  const article = articleOf(observed)
  if (article === undefined) return
  const before = known?.knowledge.find(({ revision }) => revision === null)
  if (article === 'none' ? before === undefined : before?.article === article.used) return
  if (before !== undefined) events.push({ type: 'KnowledgeWithdrawn', data: { article: before.article } })
  if (article === 'none') return
  events.push({ type: 'KnowledgeApplied', data: { article: article.used, revision: null } })
}

/** What the source says of knowledge; `used: null`: some article. An article says more than a yes or no. */
function articleOf(observed: ObservedIncident): { used: string | null } | 'none' | undefined {
  const { knowledgeUsed, knowledgeArticle } = observed
  if (knowledgeArticle !== undefined && knowledgeArticle !== null) return { used: knowledgeArticle }
  if (knowledgeUsed === true) return { used: null }
  return knowledgeUsed === undefined && knowledgeArticle === undefined ? undefined : 'none'
}

function observeState(
  events: IncidentEvent[],
  observed: ObservedIncident,
  known: Incident | undefined,
): void {
  const from = known?.state ?? 'New'
  const to = observed.state ?? from
  if (to !== from) {
    enterStates(events, from, [...(observed.through ?? []), to], observed, known)
  } else if (to === 'On Hold') {
    observeHold(events, observed.hold, known)
  } else if (to === 'Resolved' || to === 'Closed') {
    observeResolution(events, observed, known)
  }
}

/** @param path the states gone through; those up to the one where the record is are behind it */
function enterStates(
  events: IncidentEvent[],
  from: IncidentState,
  path: readonly IncidentState[],
  observed: ObservedIncident,
  known: Incident | undefined,
): void {
  let at = from
  let isTold = false
  for (const next of path.slice(path.lastIndexOf(from) + 1)) {
    // Only an entry into Resolved tells the resolution; a source may close what it never showed as resolved.
    if (next === 'Resolved' && isLive(at)) isTold = true
    else if (!isTold && (next === 'Closed' || next === 'Resolved')) observeResolution(events, observed, known)
    events.push(stateEvent(at, next, observed, reopenings(events, known)))
    at = next
  }
}

/** How often it was reopened so far, the row's own events among it. */
function reopenings(events: readonly IncidentEvent[], known: Incident | undefined): number {
  const inRow = events.filter(({ type }) => type === 'IncidentReopened').length
  return (known?.reopenCount ?? 0) + inRow
}

function isLive(state: IncidentState): boolean {
  return state === 'New' || state === 'In Progress' || state === 'On Hold'
}

function observeHold(events: IncidentEvent[], hold: Hold | undefined, known: Incident | undefined): void {
  const previous = known?.hold?.hold
  if (hold === undefined || previous === undefined || sameHold(previous, hold)) return
  events.push({ type: 'HoldReasonChanged', data: { hold, previous, listVersion: null } })
}

function observeResolution(
  events: IncidentEvent[],
  observed: ObservedIncident,
  known: Incident | undefined,
): void {
  const resolution = observed.resolution
  const previous = known?.resolution ?? null
  if (resolution === undefined) return
  if (
    resolution.code === (previous?.code ?? null) &&
    resolution.notes === (previous?.notes ?? null) &&
    resolution.resolvedBy === (previous?.resolvedBy ?? null)
  )
    return
  events.push({ type: 'ResolutionRecorded', data: { resolution, previous } })
}

/** Code by which a live command would be refused a way back to New: none leads there. */
export const NO_WAY_BACK = 'INCIDENT.NO_WAY_BACK_TO_NEW'
const NO_RESOLUTION: Resolution = { code: null, notes: null, resolvedBy: null }
const NO_REASON: Hold = { reason: 'unspecified' }

function stateEvent(
  from: IncidentState,
  to: IncidentState,
  observed: ObservedIncident,
  reopened: number,
): IncidentEvent {
  const finished = !isLive(from)
  if (to === 'New' || to === 'In Progress' || to === 'On Hold') {
    return finished ? reopening(from, to, observed, reopened + 1) : opening(from, to, observed)
  }
  switch (to) {
    case 'Resolved':
      if (finished) return { type: 'StateObserved', data: { from, to, ...mark('resolve', from) } }
      return {
        type: 'IncidentResolved',
        data: { ...(observed.resolution ?? NO_RESOLUTION), ...mark('resolve', from) },
      }
    case 'Closed':
      return { type: 'IncidentClosed', data: { cause: 'source', ...mark('close', from) } }
    case 'Canceled':
      return {
        type: 'IncidentCanceled',
        data: { code: observed.resolution?.code ?? 'source', notes: null, ...mark('cancel', from) },
      }
  }
}

/** Between New, In Progress and On Hold. */
function opening(
  from: IncidentState,
  to: 'New' | 'In Progress' | 'On Hold',
  observed: ObservedIncident,
): IncidentEvent {
  if (to === 'New') return { type: 'StateObserved', data: { from, to, irregular: NO_WAY_BACK } }
  if (to === 'On Hold') {
    return { type: 'IncidentHeld', data: { hold: observed.hold ?? NO_REASON, listVersion: null } }
  }
  return from === 'New'
    ? { type: 'WorkStarted', data: {} }
    : { type: 'IncidentResumed', data: { cause: 'agent' } }
}

function reopening(
  from: IncidentState,
  to: 'New' | 'In Progress' | 'On Hold',
  observed: ObservedIncident,
  count: number,
): IncidentEvent {
  const data: Extract<IncidentEvent, { type: 'IncidentReopened' }>['data'] = {
    from,
    to,
    count,
    ...mark('reopen', from),
  }
  if (to === 'On Hold') data.hold = observed.hold ?? NO_REASON
  if (to === 'New') data.irregular ??= NO_WAY_BACK
  return { type: 'IncidentReopened', data }
}

function mark(step: LifecycleStep, from: IncidentState): { irregular?: string } | undefined {
  const irregular = refusalOf(step, from)
  return irregular === undefined ? undefined : { irregular }
}
