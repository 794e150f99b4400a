import { isSystemId, PUBLIC, requireAudience } from '#libs/access'
import { changedCustomFields } from '#libs/custom-fields'
import { canonicalJson, InvalidInput, Refused } from '#libs/event-sourcing'
import { isAttached, requireContentHash } from '#libs/record-files'
import { priorityAt } from '../../settings/domain/defaults.js'
import { admitted, groupIn, watching } from './problem.audience.js'
import type {
  AssignProblem,
  AttachFileToProblem,
  EditProblem,
  LinkIncidents,
  LinkProblem,
  OpenProblem,
  PrioritizeProblem,
  ProblemWishes,
  UnlinkProblem,
} from './problem.commands.js'
import { checkedCustomFields } from './problem.custom-fields.js'
import {
  PROBLEM_LINK_RELATIONS,
  type ProblemChanges,
  type ProblemEvent,
  type ProblemFields,
  type ProblemLink,
  type ProblemPrioritized,
} from './problem.events.js'
import { incidentName, type ProblemFacts } from './problem.facts.js'
import {
  noProblemAnyMore,
  requireBehindIncidents,
  requireGroup,
  requirePerson,
  requireText,
  requireUnfinished,
} from './problem.guards.js'
import { isOpened, type Problem, type ProblemRecord, sameLink } from './problem.state.js'

/** What a problem is about: its fields, its priority, who has it, what it is linked to. */

export function openProblem(
  { id, data, metadata }: OpenProblem,
  record: ProblemRecord,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  if (isOpened(record)) throw new Refused('PROBLEM.EXISTS', `${id} is open already.`)
  const { title, description, category, subcategory, symptom, service, candidate } = data
  const { group, assignee, audience = PUBLIC, affectedCis = [], incidents = [] } = data
  requireText({ title })
  requireAudience('problem', audience, groupIn(known))
  const origin = data.origin ?? 'reactive'
  const handOver = { group: group ?? null, assignee }
  requireHands(handOver, known)
  const { customFields } = data
  const fields = { title, description, category, subcategory, symptom, service, customFields }
  const customFieldsVersion = checkedCustomFields(data, known, isSystemId(metadata.actor))
  return [
    {
      type: 'ProblemOpened',
      data: {
        ...fields,
        affectedCis: distinct(affectedCis),
        origin,
        candidate,
        ...(data.audience && { audience }),
        customFieldsVersion,
        group,
        assignee,
      },
    },
    derivedPriority(isSystemId(metadata.actor) ? levelsInForce(data, known) : data, null, known),
    ...(audience.kind === 'public' ? [] : watching([metadata.actor, assignee], { watchers: [] })),
    ...named(distinct(incidents), candidate, known),
  ]
}

export function editProblem(
  { data }: EditProblem,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  requireUnfinished(problem)
  const wishes = data.affectedCis ? { ...data, affectedCis: distinct(data.affectedCis) } : data
  const changes = differences(problem.fields, wishes)
  if (changes.title !== undefined) requireText({ title: changes.title.to as string | null })
  const custom =
    data.customFields &&
    changedCustomFields(
      'problem',
      known.customFields.value,
      problem.fields.customFields ?? {},
      data.customFields,
    )
  if (Object.keys(changes).length === 0 && custom === undefined) return []
  if (custom === undefined) return [{ type: 'ProblemDetailsChanged', data: { changes } }]
  const { version: customFieldsVersion, ...customFields } = custom
  return [
    { type: 'ProblemDetailsChanged', data: { changes: { ...changes, customFields }, customFieldsVersion } },
  ]
}

/** Which of the wishes differ from the fields; absent ones stay, null clears. */
export function differences(fields: ProblemFields, wishes: ProblemWishes): ProblemChanges {
  const changes: Record<string, { from: unknown; to: unknown }> = {}
  for (const field of FIELDS) {
    const wish = wishes[field]
    if (wish === undefined) continue
    const [from, to] = [emptyAsNull(fields[field]), emptyAsNull(wish)]
    if (canonicalJson(from) !== canonicalJson(to)) changes[field] = { from, to }
  }
  return changes as ProblemChanges
}

const FIELDS = [
  'title',
  'description',
  'category',
  'subcategory',
  'symptom',
  'service',
  'affectedCis',
] as const satisfies readonly (keyof ProblemFields)[]

function emptyAsNull(value: string | readonly string[] | null | undefined) {
  return value === undefined || value?.length === 0 ? null : value
}

export function prioritizeProblem(
  { data }: PrioritizeProblem,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  requireUnfinished(problem)
  const wanted = { impact: data.impact ?? problem.impact, urgency: data.urgency ?? problem.urgency }
  const derived = derivedPriority(wanted, problem.priority, known)
  const { impact, urgency, priority } = derived.data
  const same = impact === problem.impact && urgency === problem.urgency && priority === problem.priority
  return same ? [] : [derived]
}

/** Levels of incidents may be of an older matrix: what a policy opens must not fail by them. */
function levelsInForce(
  { impact, urgency }: { impact?: number; urgency?: number },
  { matrix: { value } }: ProblemFacts,
): { impact?: number; urgency?: number } {
  if (impact === undefined || urgency === undefined) return {}
  return priorityAt(value.matrix, impact, urgency) === null ? {} : { impact, urgency }
}

/**
 * Priority by the matrix in force, as incidents do; levels that nobody gave are the lowest.
 * @throws InvalidInput `PROBLEM.LEVEL_UNKNOWN`; Refused `PROBLEM.PRIORITY_UNDEFINED` for an empty cell
 */
function derivedPriority(
  wanted: { impact?: number | null; urgency?: number | null },
  previous: number | null,
  { matrix: { value } }: ProblemFacts,
): ProblemPrioritized {
  const { matrix, version } = value
  const impact = wanted.impact ?? matrix.impacts.length
  const urgency = wanted.urgency ?? matrix.urgencies.length
  const errors = [
    { pointer: '/impact', level: impact, lowest: matrix.impacts.length },
    { pointer: '/urgency', level: urgency, lowest: matrix.urgencies.length },
  ].filter(({ level, lowest }) => !Number.isInteger(level) || level < 1 || level > lowest)
  if (errors.length > 0)
    throw new InvalidInput(
      'PROBLEM.LEVEL_UNKNOWN',
      'The priority matrix has no such level: choose one of it.',
      errors.map(({ pointer, lowest }) => ({
        pointer,
        message: `must be a whole number from 1 to ${lowest}`,
      })),
    )
  const priority = priorityAt(matrix, impact, urgency)
  if (priority === null)
    throw new Refused(
      'PROBLEM.PRIORITY_UNDEFINED',
      `Version ${version} of the priority matrix says nothing for these levels: publish one that does, or choose others.`,
      { impact, urgency },
    )
  return { type: 'ProblemPrioritized', data: { impact, urgency, priority, matrixVersion: version, previous } }
}

export function assignProblem(
  { data }: AssignProblem,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  requireUnfinished(problem)
  const group = data.group === undefined ? problem.group : data.group
  const kept = group === problem.group ? problem.assignee : null
  const assignee = data.assignee === undefined ? kept : data.assignee
  requireHands({ group, assignee: data.assignee }, known)
  if (group === problem.group && assignee === problem.assignee) return []
  return [
    { type: 'ProblemAssigned', data: { group, assignee, previousAssignee: problem.assignee } },
    ...admitted([data.assignee], problem),
  ]
}

/**
 * A group that exists, and of it somebody who is there.
 * @throws InvalidInput or Refused as the guards do; Refused `PROBLEM.NOT_A_MEMBER`
 */
export function requireHands(
  { group, assignee }: { group?: string | null; assignee?: string | null },
  known: ProblemFacts,
): void {
  if (group != null) requireGroup(known.group.value, group)
  if (assignee == null) return
  requirePerson(known.person.value, assignee)
  if (group != null && !known.group.value.members.has(assignee))
    throw new Refused('PROBLEM.NOT_A_MEMBER', `${assignee} is no member of ${group}: choose another.`)
}

const TARGET_TYPES: Partial<Record<ProblemLink['relation'], string>> = {
  'fixed-by-change': 'change',
  'caused-by-change': 'change',
}

/** Allowed in every state: how records hang together is often learned late. */
export function linkProblem({ id, data }: LinkProblem, problem: Problem): readonly ProblemEvent[] {
  const { relation, targetType, target } = data
  requireText({ targetType, target })
  requireRelation(data)
  if (targetType === 'incident')
    throw new Refused(
      'PROBLEM.LINK_BY_INCIDENT',
      'An incident says itself which problem is behind it: link the incidents by number.',
    )
  if (targetType === 'problem' && target === id)
    throw malformedLink('/target', 'is the problem itself', 'A problem is not linked to itself.')
  const link: ProblemLink = { relation, targetType, target }
  return problem.links.some((known) => sameLink(known, link))
    ? []
    : [{ type: 'ProblemLinked', data: { link } }]
}

function requireRelation({ relation, targetType }: ProblemLink): void {
  if (!PROBLEM_LINK_RELATIONS.includes(relation))
    throw malformedLink('/relation', 'is no relation', `Use one of ${PROBLEM_LINK_RELATIONS.join(', ')}.`)
  const needed = TARGET_TYPES[relation]
  if (needed !== undefined && needed !== targetType)
    throw malformedLink('/targetType', `must be ${needed}`, `"${relation}" leads to a ${needed}.`)
}

function malformedLink(pointer: string, message: string, detail: string): InvalidInput {
  return new InvalidInput('PROBLEM.LINK_MALFORMED', detail, [{ pointer, message }])
}

export function unlinkProblem({ data }: UnlinkProblem, problem: Problem): readonly ProblemEvent[] {
  const known = problem.links.find((link) => sameLink(link, data))
  return known ? [{ type: 'ProblemUnlinked', data: { link: known } }] : []
}

/** @throws InvalidInput `PROBLEM.HASH_MALFORMED`; as the guards do */
export function attachFile({ data }: AttachFileToProblem, problem: Problem): readonly ProblemEvent[] {
  requireUnfinished(problem)
  const { hash, name, contentType, size } = data
  requireText({ name, contentType })
  requireContentHash(hash, 'PROBLEM.HASH_MALFORMED')
  return isAttached(problem.files, data)
    ? []
    : [{ type: 'ProblemFileAttached', data: { hash, name, contentType, size } }]
}

/**
 * A policy that names members of a candidate would hear no refusal: of those that are left out, the log says why.
 * @throws Refused as {@link requireBehindIncidents} does, when it is a person
 */
export function linkIncidents(
  { data: { incidents, candidate }, metadata: { actor } }: LinkIncidents,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  const reason = noProblemAnyMore(problem)
  if (reason !== undefined && candidate !== undefined && isSystemId(actor))
    return [
      { type: 'ProblemIncidentsLeftOut', data: { incidents: distinct(incidents), candidate, ...reason } },
    ]
  requireBehindIncidents(problem)
  return named(distinct(incidents), candidate, known)
}

/** Named again too: an incident that let go of the problem takes it up again. */
function named(
  incidents: readonly string[],
  candidate: string | undefined,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  requireIncidents(incidents, (number) => known[incidentName(number)]?.value.exists === true)
  if (incidents.length === 0) return []
  return [{ type: 'ProblemIncidentsNamed', data: { incidents, candidate } }]
}

/** @throws InvalidInput `PROBLEM.INCIDENT_UNKNOWN`, naming those that are not there, or that the actor may not know of */
export function requireIncidents(incidents: readonly string[], isKnown: (number: string) => boolean): void {
  const errors = incidents.flatMap((number, index) =>
    isKnown(number)
      ? []
      : [{ pointer: `/incidents/${index}`, message: 'is no incident, or none that you may see' }],
  )
  if (errors.length > 0)
    throw new InvalidInput('PROBLEM.INCIDENT_UNKNOWN', 'Name incidents that are there.', errors)
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)]
