import { isServiceId, isSystemId, PUBLIC, requireAudience, sameAudience } from '#libs/access'
import { checkCustomFields, mergedCustomFields } from '#libs/custom-fields'
import { InvalidInput, Refused } from '#libs/event-sourcing'
import { requireContentHash } from '#libs/record-files'
import { assignedByRule, toGroup } from './incident.assignment.js'
import type {
  AddComment,
  AddLink,
  AddWatcher,
  AddWorkNote,
  ApplyKnowledge,
  AttachFile,
  Categorize,
  ChangeAudience,
  ChangeDetails,
  OpenIncident,
  RemoveLink,
  RemoveWatcher,
} from './incident.commands.js'
import {
  type FieldChange,
  type IncidentDetailsChanged,
  type IncidentEvent,
  type IncidentFields,
  type IncidentOpened,
  LINK_RELATIONS,
  type Link,
  type LinkRelation,
} from './incident.events.js'
import { audienceGroup, type IncidentFacts } from './incident.facts.js'
import { instant, requireGroup, requirePerson, requireText, requireUnfinished } from './incident.guards.js'
import { derivedPriority } from './incident.priority.js'
import { type Incident, type IncidentRecord, isOpened, sameLink } from './incident.state.js'

export function openIncident(
  { data: given, metadata }: OpenIncident,
  record: IncidentRecord,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  if (isOpened(record)) {
    throw new Refused('INCIDENT.ALREADY_OPENED', 'An incident with this number exists: open another one.')
  }
  const { data, template } = filledIn(given, facts)
  requireText({ title: data.title })
  if (data.caller !== undefined && data.caller !== metadata.actor)
    requirePerson(facts.person.value, data.caller, '/caller')
  if (data.affectedUser !== undefined)
    requirePerson(facts.affectedUser.value, data.affectedUser, '/affectedUser')
  const { impact, urgency, assignmentGroup, audience = PUBLIC } = data
  requireAudience('incident', audience, (id) => facts[audienceGroup(id)]!.value)
  const opened: IncidentOpened['data'] = {
    title: data.title as string,
    description: data.description,
    caller: data.caller ?? metadata.onBehalfOf ?? personOnly(metadata.actor),
    affectedUser: data.affectedUser,
    openedBy: metadata.actor,
    contactType: data.contactType,
    service: data.service,
    primaryCi: data.primaryCi,
    category: data.category,
    subcategory: data.subcategory,
    symptom: data.symptom,
    location: data.location,
    vendor: data.vendor,
    detectedAt: detectedBefore(data.detectedAt, metadata.occurredAt),
    customFields: data.customFields,
    audience,
    customFieldsVersion: checkedCustomFields(data, facts),
    template,
    alert: data.alert,
  }
  return [
    { type: 'IncidentOpened', data: opened },
    derivedPriority({ impact, urgency }, null, facts),
    ...queueOf(given.assignmentGroup, assignmentGroup, opened, facts),
  ]
}

interface FilledIn {
  data: OpenIncident['data']
  template?: { name: string; version: number }
}

/**
 * What is wanted, with what the template in force says of the rest; custom fields one by one.
 * @throws InvalidInput `INCIDENT.TEMPLATE_UNKNOWN`, naming those there are
 */
function filledIn(given: OpenIncident['data'], facts: IncidentFacts): FilledIn {
  if (given.template === undefined) return { data: given }
  const { version, templates } = facts.templates.value
  const template = templates.find(({ name }) => name === given.template)
  if (template === undefined) throw unknownTemplate(given.template, templates)
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const { fields } = template
  const customFields = (fields.customFields ?? given.customFields) && {
    ...fields.customFields,
    ...given.customFields,
  }
  return { data: { ...fields, ...said, customFields }, template: { name: template.name, version } }
}

function unknownTemplate(name: string, templates: readonly { name: string }[]): InvalidInput {
  const known = templates.map((template) => `"${template.name}"`).join(', ')
  const message = known === '' ? 'no template is published' : `must be one of ${known}`
  return new InvalidInput('INCIDENT.TEMPLATE_UNKNOWN', `There is no template "${name}": it ${message}.`, [
    { pointer: '/template', message },
  ])
}

/** Programs (`service:…`, `system:…`) call nobody. */
function personOnly(principal: string): string | undefined {
  return isServiceId(principal) || isSystemId(principal) ? undefined : principal
}

/** A group that the template says was there when it was published, and groups stay. */
function queueOf(
  said: string | undefined,
  group: string | undefined,
  fields: IncidentFields,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  if (group === undefined) return assignedByRule(fields, facts)
  if (said !== undefined) requireGroup(facts.group.value, said, '/assignmentGroup')
  return [toGroup(group)]
}

function detectedBefore(text: string | null | undefined, now: string): string | undefined {
  if (text == null) return undefined
  const at = instant(text, '/detectedAt')
  if (at <= now) return at
  throw new InvalidInput('INCIDENT.DETECTED_AT_FUTURE', 'It was detected in the past: correct the time.', [
    { pointer: '/detectedAt', message: 'must not be in the future' },
  ])
}

/** Version of the schema that the fields were checked with; undefined when there is nothing to check. */
function checkedCustomFields(
  { customFields: values, alert }: OpenIncident['data'],
  { customFields: { value } }: IncidentFacts,
): number | undefined {
  // A program that knows of no custom field must not be kept from opening by one that is required of people.
  if (values === undefined && (value.version === 0 || alert !== undefined)) return undefined
  checkCustomFields('incident', value, values ?? {})
  return value.version
}

type DetailName = keyof IncidentDetailsChanged['data']['changes']

/** Fields that an agent may change one by one; custom fields apart, they are compared as they stand. */
const PLAIN_DETAILS = [
  'title',
  'description',
  'caller',
  'affectedUser',
  'contactType',
  'service',
  'primaryCi',
  'location',
  'vendor',
] as const satisfies readonly DetailName[]

export function changeDetails(
  { data, metadata }: ChangeDetails,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireUnfinished(incident)
  if (data.title !== undefined) requireText({ title: data.title })
  if (data.caller) requirePerson(facts.person.value, data.caller, '/caller')
  if (data.affectedUser) requirePerson(facts.affectedUser.value, data.affectedUser, '/affectedUser')
  const changes: Partial<Record<DetailName, FieldChange>> = {}
  for (const name of PLAIN_DETAILS) noteChange(changes, name, incident.fields[name], data[name])
  if (data.detectedAt !== undefined) {
    const to = detectedBefore(data.detectedAt, metadata.occurredAt) ?? null
    noteChange(changes, 'detectedAt', incident.fields.detectedAt, to)
  }
  const customFieldsVersion = noteCustomFields(changes, data.customFields, incident, facts)
  if (Object.keys(changes).length === 0) return []
  return [{ type: 'IncidentDetailsChanged', data: { changes, customFieldsVersion } }]
}

function noteChange(
  changes: Partial<Record<DetailName, FieldChange>>,
  name: DetailName,
  from: string | undefined,
  to: string | null | undefined,
): void {
  if (to === undefined || to === (from ?? null)) return
  changes[name] = { from: from ?? null, to }
}

function noteCustomFields(
  changes: Partial<Record<DetailName, FieldChange>>,
  wanted: Record<string, unknown> | undefined,
  incident: Incident,
  facts: IncidentFacts,
): number | undefined {
  if (wanted === undefined) return undefined
  const from = incident.fields.customFields ?? {}
  const to = mergedCustomFields(from, wanted)
  checkCustomFields('incident', facts.customFields.value, to)
  if (sameJson(from, to)) return undefined
  changes.customFields = { from, to }
  return facts.customFields.value.version
}

/** Objects that were merged from one another keep the order of their properties, so that text tells. */
function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** A New incident that no person has placed goes where the assignment rules say for its new category. */
export function categorize(
  { data }: Categorize,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireUnfinished(incident)
  const { fields } = incident
  const change = (name: 'category' | 'subcategory' | 'symptom'): FieldChange<string> => {
    const from = fields[name] ?? null
    const to = data[name]
    return { from, to: to === undefined ? from : to }
  }
  const categories = {
    category: change('category'),
    subcategory: change('subcategory'),
    symptom: change('symptom'),
  }
  if (Object.values(categories).every(({ from, to }) => from === to)) return []
  const placed = incident.state !== 'New' || incident.groupSetBy === 'person' || incident.assignee !== null
  const category = categories.category.to ?? undefined
  const subcategory = categories.subcategory.to ?? undefined
  return [
    { type: 'IncidentCategorized', data: categories },
    ...(placed ? [] : assignedByRule({ ...fields, category, subcategory }, facts, incident)),
  ]
}

/** The caller's word resumes an incident that waits for him. */
export function addComment(
  { data: { text, forChildren }, metadata: { actor, onBehalfOf } }: AddComment,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireUnfinished(incident)
  requireText({ text })
  const comment: IncidentEvent = {
    type: 'CommentAdded',
    data: forChildren ? { text, forChildren } : { text },
  }
  const { caller } = incident.fields
  const byCaller = caller !== undefined && (actor === caller || onBehalfOf === caller)
  if (!byCaller || !awaitsCaller(incident, facts)) return [comment]
  return [comment, { type: 'IncidentResumed', data: { cause: 'caller-replied' } }]
}

function awaitsCaller({ hold }: Incident, facts: IncidentFacts): boolean {
  if (hold === null) return false
  if (hold.awaitsCaller !== undefined) return hold.awaitsCaller
  const { reasons } = facts.holdReasons.value
  return reasons.find(({ code }) => code === hold.hold.reason)?.awaitsCaller ?? false
}

export function addWorkNote({ data: { text } }: AddWorkNote, incident: Incident): readonly IncidentEvent[] {
  requireUnfinished(incident)
  requireText({ text })
  return [{ type: 'WorkNoteAdded', data: { text } }]
}

const TARGET_TYPES: Partial<Record<LinkRelation, string>> = {
  affects: 'configuration-item',
  'has-problem': 'problem',
  'fixed-by-change': 'change',
  'caused-by-change': 'change',
}

/** Allowed in every state: that an incident had a problem behind it is often learned after it was closed. */
export function addLink({ id, data }: AddLink, incident: Incident): readonly IncidentEvent[] {
  const link: Link = { relation: data.relation, targetType: data.targetType, target: data.target }
  requireText({ targetType: link.targetType, target: link.target })
  requireRelation(link)
  if (link.targetType === 'incident' && link.target === id) {
    throw new InvalidInput('INCIDENT.LINK_TO_ITSELF', 'Link another record.', [
      { pointer: '/target', message: 'is the incident itself' },
    ])
  }
  return hasLink(incident, link) ? [] : [{ type: 'LinkAdded', data: { link } }]
}

function requireRelation({ relation, targetType }: Link): void {
  const needed = TARGET_TYPES[relation]
  if (!LINK_RELATIONS.includes(relation)) {
    throw new InvalidInput('INCIDENT.RELATION_UNKNOWN', `Use one of ${LINK_RELATIONS.join(', ')}.`, [
      { pointer: '/relation', message: 'is no relation' },
    ])
  }
  if (relation === 'duplicate-of') {
    throw new Refused('INCIDENT.LINK_BY_MERGE', 'Merge the duplicate: that links it to the survivor.')
  }
  if (needed !== undefined && needed !== targetType) {
    throw new InvalidInput('INCIDENT.LINK_TARGET_MISMATCH', `"${relation}" leads to a ${needed}.`, [
      { pointer: '/targetType', message: `must be ${needed}` },
    ])
  }
}

function hasLink({ links }: Incident, link: Link): boolean {
  return links.some((known) => sameLink(known, link))
}

export function removeLink({ data }: RemoveLink, incident: Incident): readonly IncidentEvent[] {
  const link: Link = { relation: data.relation, targetType: data.targetType, target: data.target }
  if (link.relation === 'duplicate-of') {
    throw new Refused('INCIDENT.LINK_BY_MERGE', 'This link tells of a merge, which cannot be undone.')
  }
  return hasLink(incident, link) ? [{ type: 'LinkRemoved', data: { link } }] : []
}

export function applyKnowledge({ data }: ApplyKnowledge, incident: Incident): readonly IncidentEvent[] {
  requireUnfinished(incident)
  const { article, revision } = data
  requireText({ article })
  const known = incident.knowledge.some((used) => used.article === article && used.revision === revision)
  return known ? [] : [{ type: 'KnowledgeApplied', data: { article, revision } }]
}

export function attachFile({ data }: AttachFile, incident: Incident): readonly IncidentEvent[] {
  requireUnfinished(incident)
  const { hash, name, contentType, size, visibility } = data
  requireText({ name, contentType })
  requireContentHash(hash, 'INCIDENT.HASH_MALFORMED')
  const known = incident.attachments.some(
    (file) => file.hash === hash && file.name === name && file.visibility === visibility,
  )
  return known ? [] : [{ type: 'AttachmentAdded', data: { hash, name, contentType, size, visibility } }]
}

/** Allowed in every state. A policy's watchers may be people whom only the source of an import knows. */
export function addWatcher(
  { data: { person }, metadata: { channel } }: AddWatcher,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  if (incident.watchers.includes(person)) return []
  if (channel !== 'policy') requirePerson(facts.person.value, person, '/person')
  else if (incident.audience.kind !== 'public') {
    throw new Refused(
      'INCIDENT.RESTRICTED',
      'To a restricted record people are added by people: nobody comes to see it by having a duplicate of it.',
    )
  }
  return [{ type: 'WatcherAdded', data: { person } }]
}

export function removeWatcher(
  { data: { person } }: RemoveWatcher,
  incident: Incident,
): readonly IncidentEvent[] {
  return incident.watchers.includes(person) ? [{ type: 'WatcherRemoved', data: { person } }] : []
}

/** Allowed in every state: who may see a record matters longest. */
export function changeAudience(
  { data: { audience } }: ChangeAudience,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireAudience('incident', audience, (id) => facts[audienceGroup(id)]!.value)
  const { audience: previous } = incident
  return sameAudience(previous, audience) ? [] : [{ type: 'AudienceChanged', data: { audience, previous } }]
}
