import { grantFor, isSystemId, type Principal } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { type DuplicateNamed, namingStream } from '#libs/duplicates'
import { Forbidden, NotFound } from '#libs/event-sourcing'
import type { NumberSeries } from '#libs/event-store'
import { audienceColumns, canSee, DESK_READERS, peopleNamed, readerSees } from '#projections/access'
import type { IncidentStanding } from './domain/incident-standing.js'
import type { ProblemCommand } from './domain/problem.commands.js'
import { problemDecider } from './domain/problem.decider.js'
import { requireIncidents } from './domain/problem.description.js'
import type { ProblemEvent } from './domain/problem.events.js'
import { incidentName, type ProblemFacts } from './domain/problem.facts.js'
import { unknownSurvivor } from './domain/problem.lifecycle.js'
import { PROBLEM_RIGHTS } from './domain/problem.rights.js'
import { isOpened, type Problem, type ProblemRecord } from './domain/problem.state.js'

/** `PRB0000001` and on; more digits when seven no longer do. */
export const problemNumbers: NumberSeries = {
  streamPrefix: problemDecider.streamPrefix,
  format: (n) => `PRB${String(n).padStart(7, '0')}`,
}

export const problemRecords: RecordType<ProblemRecord, ProblemCommand, ProblemEvent, ProblemFacts> = {
  decider: problemDecider,
  numbers: problemNumbers,
  rights: grantToDo,
  factRights(principal, command, facts) {
    if (isSystemId(principal.id)) return
    if (command.type === 'MarkProblemDuplicate') {
      const { value: survivor } = facts.survivor
      if (!isOpened(survivor) || !maySeeProblem(principal, survivor)) throw unknownSurvivor()
    }
    if (command.type !== 'OpenProblem' && command.type !== 'LinkIncidents') return
    requireIncidents(command.data.incidents ?? [], (number) =>
      seesIncident(principal, facts[incidentName(number)]?.value),
    )
  },
  announces({ type, id = '', data }) {
    if (type !== 'MarkProblemDuplicate') return undefined
    const event: DuplicateNamed = { type: 'DuplicateNamed', data: { survivor: data.survivor } }
    return { stream: namingStream('problem', id), event }
  },
}

function grantToDo(principal: Principal, command: ProblemCommand, record: ProblemRecord): string | undefined {
  const { type, id } = command
  const creates = type === 'OpenProblem' || type === 'ImportProblemUpdate'
  if (!creates && (!isOpened(record) || !maySeeProblem(principal, record))) throw unknownProblem(id)
  const roles = PROBLEM_RIGHTS[type]
  const grant = grantFor(principal, roles)
  if (grant !== undefined || isSystemId(principal.id)) return grant
  throw new Forbidden('PROBLEM.FORBIDDEN', `${type} needs one of the roles ${roles.join(', ')}`)
}

/** Nobody finds out by a problem which incidents there are that she may not see. */
function seesIncident(principal: Principal, incident: IncidentStanding | undefined): boolean {
  if (incident === undefined || !incident.exists) return false
  const { audience, people, group, assignee } = incident
  const visibleTo = peopleNamed(people)
  return canSee(principal, { ...audienceColumns(audience), visibleTo, assignmentGroup: group, assignee })
}

/** Everybody at the desk and programs see problems that are not restricted, requesters none. */
export function maySeeProblem(
  principal: Principal,
  { audience, watchers, group, assignee }: Problem,
): boolean {
  if (isSystemId(principal.id)) return true
  return readerSees(DESK_READERS, principal, {
    ...audienceColumns(audience),
    visibleTo: peopleNamed({ watchers }),
    assignmentGroup: group ?? undefined,
    assignee: assignee ?? undefined,
  })
}

export function unknownProblem(number: string | undefined): NotFound {
  return new NotFound('PROBLEM.UNKNOWN', `There is no problem ${number}, or none that you may see`)
}
