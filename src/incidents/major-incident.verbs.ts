import { toUtc } from '../http/instants.js'
import { Reasoned } from '../http/reasoned.js'
import { type Verbs, verb } from '../http/verbs.js'
import {
  AcknowledgePage,
  AssignMajorIncidentRole,
  DemoteMajorIncident,
  LinkParent,
  PageOnCall,
  PostMajorIncidentUpdate,
  PromoteMajorIncident,
  ProposeMajorIncident,
  ReviewMajorIncident,
  UnlinkParent,
} from './domain/incident.commands.js'
import { rolesThatMay } from './domain/incident.rights.js'
import {
  MajorReviewDto,
  MajorRoleDto,
  MajorUpdateDto,
  PageDto,
  ParentDto,
  PromoteMajorDto,
  ProposeMajorDto,
} from './dto/incident-commands.dto.js'

/** Verbs for an incident that needs more than one pair of hands: major incidents, families, people on call. */
export const majorIncidentVerbs = {
  'propose-major': verb({
    summary: 'Propose it as a major incident',
    roles: rolesThatMay('ProposeMajorIncident'),
    body: ProposeMajorDto,
    command: (id, { because }, metadata) => new ProposeMajorIncident(id, { reason: because }, metadata),
  }),
  promote: verb({
    summary: 'Declare it a major incident, and say who manages it',
    roles: rolesThatMay('PromoteMajorIncident'),
    body: PromoteMajorDto,
    command: (id, { nextUpdateAt, ...roles }, metadata) =>
      new PromoteMajorIncident(id, { ...roles, nextUpdateAt: nextUpdateAt && toUtc(nextUpdateAt) }, metadata),
  }),
  demote: verb({
    summary: 'It is no major incident, or none any more; needs a reason',
    roles: rolesThatMay('DemoteMajorIncident'),
    body: Reasoned,
    command: (id, _, metadata) => new DemoteMajorIncident(id, {}, metadata),
  }),
  'assign-role': verb({
    summary: 'Give a role in the major incident to a person',
    roles: rolesThatMay('AssignMajorIncidentRole'),
    body: MajorRoleDto,
    command: (id, data, metadata) => new AssignMajorIncidentRole(id, data, metadata),
  }),
  updates: verb({
    summary: 'Tell how the major incident stands, and when the next update comes',
    roles: rolesThatMay('PostMajorIncidentUpdate'),
    body: MajorUpdateDto,
    command: (id, { nextUpdateAt, ...data }, metadata) =>
      new PostMajorIncidentUpdate(
        id,
        { ...data, nextUpdateAt: nextUpdateAt ? toUtc(nextUpdateAt) : nextUpdateAt },
        metadata,
      ),
  }),
  review: verb({
    summary: 'Say what was learned from the major incident, once it is resolved',
    roles: rolesThatMay('ReviewMajorIncident'),
    body: MajorReviewDto,
    command: (id, data, metadata) => new ReviewMajorIncident(id, data, metadata),
  }),
  'link-parent': verb({
    summary: 'Let it follow another incident on progress, hold and resolution',
    roles: rolesThatMay('LinkParent'),
    body: ParentDto,
    command: (id, data, metadata) => new LinkParent(id, data, metadata),
  }),
  'unlink-parent': verb({
    summary: 'Let it go on by itself',
    roles: rolesThatMay('UnlinkParent'),
    body: Reasoned,
    command: (id, _, metadata) => new UnlinkParent(id, {}, metadata),
  }),
  page: verb({
    summary: 'Ask the people on call, one after the other, until one answers',
    roles: rolesThatMay('PageOnCall'),
    body: PageDto,
    command: (id, data, metadata) => new PageOnCall(id, data, metadata),
  }),
  'acknowledge-page': verb({
    summary: 'Answer the call: you are on it',
    roles: rolesThatMay('AcknowledgePage'),
    body: Reasoned,
    command: (id, _, metadata) => new AcknowledgePage(id, {}, metadata),
  }),
} satisfies Verbs
