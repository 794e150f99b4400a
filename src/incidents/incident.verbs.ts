import { InvalidInput } from '#libs/event-sourcing'
import { AudienceDto } from '../http/audience.dto.js'
import { toUtc } from '../http/instants.js'
import { Reasoned } from '../http/reasoned.js'
import { type Verbs, verb } from '../http/verbs.js'
import {
  Accept,
  AddComment,
  AddLink,
  AddWatcher,
  AddWorkNote,
  ApplyKnowledge,
  AssignToGroup,
  AssignToPerson,
  Cancel,
  Categorize,
  ChangeAudience,
  ChangeDetails,
  Close,
  Escalate,
  Hold,
  MergeDuplicate,
  OverridePriority,
  Prioritize,
  RemoveLink,
  RemoveWatcher,
  Reopen,
  Resolve,
  Resume,
  StartWork,
} from './domain/incident.commands.js'
import { rolesThatMay } from './domain/incident.rights.js'
import {
  ApplyKnowledgeDto,
  AssignDto,
  CancelDto,
  CategorizeDto,
  ChangeDetailsDto,
  CommentDto,
  EscalateDto,
  HoldDto,
  LinkDto,
  MergeDto,
  OverridePriorityDto,
  PersonDto,
  PrioritizeDto,
  ResolveDto,
  TextDto,
} from './dto/incident-commands.dto.js'
import { majorIncidentVerbs } from './major-incident.verbs.js'

/** What can be done to an incident: `POST /incidents/{number}/<verb>`, and in bulk. */
export const incidentVerbs = {
  change: verb({
    summary: 'Change descriptive fields',
    roles: rolesThatMay('ChangeDetails'),
    body: ChangeDetailsDto,
    command: (id, { detectedAt, ...data }, metadata) =>
      new ChangeDetails(
        id,
        detectedAt === undefined ? data : { ...data, detectedAt: toUtc(detectedAt) },
        metadata,
      ),
  }),
  categorize: verb({
    summary: 'Set category, subcategory or symptom',
    roles: rolesThatMay('Categorize'),
    body: CategorizeDto,
    command: (id, data, metadata) => new Categorize(id, data, metadata),
  }),
  prioritize: verb({
    summary: 'Set impact or urgency; the matrix in force derives the priority',
    roles: rolesThatMay('Prioritize'),
    body: PrioritizeDto,
    command: (id, data, metadata) => new Prioritize(id, data, metadata),
  }),
  'override-priority': verb({
    summary: 'Set another priority than the matrix gives',
    roles: rolesThatMay('OverridePriority'),
    body: OverridePriorityDto,
    command: (id, data, metadata) => new OverridePriority(id, data, metadata),
  }),
  assign: verb({
    summary: 'Assign to a group, a person, or both',
    roles: rolesThatMay('AssignToGroup'),
    body: AssignDto,
    command: (id, { group, person }, metadata) => {
      if (group === undefined && person === undefined) throw nobodyNamed()
      if (person === undefined) return new AssignToGroup(id, { group: group ?? null }, metadata)
      if (group === null && person !== null) throw personWithoutGroup()
      return new AssignToPerson(id, { person, group: group ?? undefined }, metadata)
    },
  }),
  accept: verb({
    summary: 'Take it on: you become the assignee, a New incident goes In Progress',
    roles: rolesThatMay('Accept'),
    body: Reasoned,
    command: (id, _, metadata) => new Accept(id, {}, metadata),
  }),
  start: verb({
    summary: 'Start work: New → In Progress',
    roles: rolesThatMay('StartWork'),
    body: Reasoned,
    command: (id, _, metadata) => new StartWork(id, {}, metadata),
  }),
  hold: verb({
    summary: 'Put on hold, or change why and until when it is on hold',
    roles: rolesThatMay('Hold'),
    body: HoldDto,
    command: (id, { holdReason, comment, until }, metadata) =>
      new Hold(id, { reason: holdReason, comment, until: until && toUtc(until) }, metadata),
  }),
  resume: verb({
    summary: 'Resume from hold',
    roles: rolesThatMay('Resume'),
    body: Reasoned,
    command: (id, _, metadata) => new Resume(id, {}, metadata),
  }),
  escalate: verb({
    summary: 'Escalate to another group or to a manager',
    roles: rolesThatMay('Escalate'),
    body: EscalateDto,
    command: (id, { kind, group, informed }, metadata) =>
      new Escalate(id, kind === 'functional' ? { kind, group } : { kind, informed }, metadata),
  }),
  comments: verb({
    summary: 'Add a comment, which the caller sees; the caller’s own resumes what waits for him',
    roles: rolesThatMay('AddComment'),
    body: CommentDto,
    command: (id, data, metadata) => new AddComment(id, data, metadata),
  }),
  'work-notes': verb({
    summary: 'Add an internal work note',
    roles: rolesThatMay('AddWorkNote'),
    body: TextDto,
    command: (id, data, metadata) => new AddWorkNote(id, data, metadata),
  }),
  links: verb({
    summary: 'Link another record: a CI, problem, change, article or incident',
    roles: rolesThatMay('AddLink'),
    body: LinkDto,
    command: (id, data, metadata) => new AddLink(id, data, metadata),
  }),
  unlink: verb({
    summary: 'Remove a link',
    roles: rolesThatMay('RemoveLink'),
    body: LinkDto,
    command: (id, data, metadata) => new RemoveLink(id, data, metadata),
  }),
  'apply-knowledge': verb({
    summary: 'Record that an article was used, and which revision',
    roles: rolesThatMay('ApplyKnowledge'),
    body: ApplyKnowledgeDto,
    command: (id, data, metadata) => new ApplyKnowledge(id, data, metadata),
  }),
  watch: verb({
    summary: 'Add a watcher',
    roles: rolesThatMay('AddWatcher'),
    body: PersonDto,
    command: (id, data, metadata) => new AddWatcher(id, data, metadata),
  }),
  unwatch: verb({
    summary: 'Remove a watcher',
    roles: rolesThatMay('RemoveWatcher'),
    body: PersonDto,
    command: (id, data, metadata) => new RemoveWatcher(id, data, metadata),
  }),
  audience: verb({
    summary: 'Set who may see it',
    roles: rolesThatMay('ChangeAudience'),
    body: AudienceDto,
    command: (id, data, metadata) => new ChangeAudience(id, data, metadata),
  }),
  resolve: verb({
    summary: 'Resolve, with closing code and notes',
    roles: rolesThatMay('Resolve'),
    body: ResolveDto,
    command: (id, { serviceRestoredAt, ...data }, metadata) =>
      new Resolve(
        id,
        { ...data, serviceRestoredAt: serviceRestoredAt && toUtc(serviceRestoredAt) },
        metadata,
      ),
  }),
  reopen: verb({
    summary: 'Reopen a resolved incident',
    roles: rolesThatMay('Reopen'),
    body: Reasoned,
    command: (id, _, metadata) => new Reopen(id, {}, metadata),
  }),
  close: verb({
    summary: 'Close a resolved incident, for good; by the caller: confirms the resolution',
    roles: rolesThatMay('Close'),
    body: Reasoned,
    command: (id, _, metadata) => new Close(id, {}, metadata),
  }),
  cancel: verb({
    summary: 'Cancel what is no incident',
    roles: rolesThatMay('Cancel'),
    body: CancelDto,
    command: (id, data, metadata) => new Cancel(id, data, metadata),
  }),
  merge: verb({
    summary: 'Cancel as a duplicate of another incident',
    roles: rolesThatMay('MergeDuplicate'),
    body: MergeDto,
    command: (id, data, metadata) => new MergeDuplicate(id, data, metadata),
  }),
  ...majorIncidentVerbs,
} satisfies Verbs

function nobodyNamed(): InvalidInput {
  const message = 'name a group, a person, or both; null takes one away'
  return new InvalidInput('INCIDENT.ASSIGNEE_MISSING', `Nobody is named: ${message}`, [
    { pointer: '', message },
  ])
}

function personWithoutGroup(): InvalidInput {
  const message = 'a person is assigned within a group: leave it out to keep the present one'
  return new InvalidInput(
    'INCIDENT.ASSIGNEE_MISSING',
    `The group is null and the person is not: ${message}`,
    [{ pointer: '/group', message }],
  )
}
