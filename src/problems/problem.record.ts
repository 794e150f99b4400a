import { grantFor, hasRole, isSystemId, type Principal } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { Forbidden, NotFound } from '#libs/event-sourcing'
import type { NumberSeries } from '#libs/event-store'
import { DESK_READERS } from '#projections/access'
import type { ProblemCommand } from './domain/problem.commands.js'
import { problemDecider } from './domain/problem.decider.js'
import type { ProblemEvent } from './domain/problem.events.js'
import type { ProblemFacts } from './domain/problem.facts.js'
import { PROBLEM_RIGHTS } from './domain/problem.rights.js'
import { isOpened, type ProblemRecord } from './domain/problem.state.js'

/** `PRB0000001` and on; more digits when seven no longer do. */
export const problemNumbers: NumberSeries = {
  streamPrefix: problemDecider.streamPrefix,
  format: (n) => `PRB${String(n).padStart(7, '0')}`,
}

export const problemRecords: RecordType<ProblemRecord, ProblemCommand, ProblemEvent, ProblemFacts> = {
  decider: problemDecider,
  numbers: problemNumbers,
  rights: grantToDo,
}

function grantToDo(principal: Principal, command: ProblemCommand, record: ProblemRecord): string | undefined {
  const { type, id } = command
  const creates = type === 'OpenProblem' || type === 'ImportProblemUpdate'
  if (!creates && (!isOpened(record) || !maySee(principal))) throw unknownProblem(id)
  const roles = PROBLEM_RIGHTS[type]
  const grant = grantFor(principal, roles)
  if (grant !== undefined || isSystemId(principal.id)) return grant
  throw new Forbidden('PROBLEM.FORBIDDEN', `${type} needs one of the roles ${roles.join(', ')}`)
}

/** Everybody at the desk and programs see all problems, requesters none. */
function maySee(principal: Principal): boolean {
  return isSystemId(principal.id) || hasRole(principal, ...DESK_READERS)
}

export function unknownProblem(number: string | undefined): NotFound {
  return new NotFound('PROBLEM.UNKNOWN', `There is no problem ${number}, or none that you may see`)
}
