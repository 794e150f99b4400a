import { grantFor, hasRole, isSystemId, type Principal, type Role } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { type DuplicateNamed, namingStream } from '#libs/duplicates'
import { Forbidden, NotFound } from '#libs/event-sourcing'
import type { NumberSeries } from '#libs/event-store'
import { audienceColumns, canSee, peopleNamed } from '#projections/access'
import type { IncidentCommand } from './domain/incident.commands.js'
import { incidentDecider } from './domain/incident.decider.js'
import type { IncidentEvent } from './domain/incident.events.js'
import { ancestor, type IncidentFacts } from './domain/incident.facts.js'
import { unknownParent } from './domain/incident.family.js'
import { unknownSurvivor } from './domain/incident.lifecycle.js'
import { INCIDENT_RIGHTS, requesterMay } from './domain/incident.rights.js'
import { type Incident, type IncidentRecord, isOpened } from './domain/incident.state.js'

/** `INC0000001` and on; more digits when seven no longer do. */
export const incidentNumbers: NumberSeries = {
  streamPrefix: incidentDecider.streamPrefix,
  format: (n) => `INC${String(n).padStart(7, '0')}`,
}

export const incidentRecords: RecordType<IncidentRecord, IncidentCommand, IncidentEvent, IncidentFacts> = {
  decider: incidentDecider,
  numbers: incidentNumbers,
  rights: grantToDo,
  factRights(principal, command, facts) {
    if (isSystemId(principal.id)) return
    const sees = (record: IncidentRecord | undefined) =>
      record !== undefined && isOpened(record) && maySee(principal, record)
    if (command.type === 'MergeDuplicate' && !sees(facts.survivor.value)) throw unknownSurvivor()
    if (command.type === 'LinkParent' && !sees(facts[ancestor(1)]?.value)) throw unknownParent()
  },
  announces({ type, id = '', data }) {
    if (type !== 'MergeDuplicate') return undefined
    const event: DuplicateNamed = { type: 'DuplicateNamed', data }
    return { stream: namingStream('incident', id), event }
  },
}

/** Whether a principal may know of the incident as it is now. */
export function maySee(principal: Principal, incident: Incident): boolean {
  const { fields, watchers, audience, group, assignee } = incident
  return canSee(principal, {
    ...audienceColumns(audience),
    visibleTo: peopleNamed({ ...fields, watchers }),
    assignmentGroup: group ?? undefined,
    assignee: assignee ?? undefined,
  })
}

export function unknownIncident(number: string | undefined): NotFound {
  return new NotFound('INCIDENT.UNKNOWN', `There is no incident ${number}, or none that you may see`)
}

function grantToDo(
  principal: Principal,
  command: IncidentCommand,
  record: IncidentRecord,
): string | undefined {
  const { type, id } = command
  if (type !== 'OpenIncident' && type !== 'ImportIncidentUpdate') {
    if (!isOpened(record) || !maySee(principal, record)) throw unknownIncident(id)
  }
  // Only the program itself does what no role may.
  const roles: readonly Role[] = INCIDENT_RIGHTS[type].roles
  const grant = grantFor(principal, roles)
  if (grant !== undefined || isSystemId(principal.id)) return grant
  if (hasRole(principal, 'requester') && requesterMay(command, principal.id, record)) {
    return grantFor(principal, ['requester'])
  }
  throw new Forbidden(
    'INCIDENT.FORBIDDEN',
    roles.length === 0
      ? `${type} is done by the program itself`
      : `${type} needs one of the roles ${roles.join(', ')}, or a requester’s own record where that is allowed`,
  )
}
