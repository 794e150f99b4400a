import { grantFor, hasRole, isSystemId, type Principal, ROLES } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { Forbidden, NotFound } from '#libs/event-sourcing'
import { audienceColumns, canSee, DESK_PEOPLE } from '#projections/access'
import type { ApprovalCommand } from './domain/approval.commands.js'
import { approvalDecider } from './domain/approval.decider.js'
import type { ApprovalEvent } from './domain/approval.events.js'
import type { ApprovalFacts } from './domain/approval.facts.js'
import type { ApprovalRecord } from './domain/approval.state.js'

export const approvalRecords: RecordType<ApprovalRecord, ApprovalCommand, ApprovalEvent, ApprovalFacts> = {
  decider: approvalDecider,
  rights: grantToDo,
}

/** The program asks and ends, people answer: who is asked, and those of the desk, who may do so for somebody who is. */
function grantToDo(
  principal: Principal,
  command: ApprovalCommand,
  record: ApprovalRecord,
): string | undefined {
  if (command.type !== 'GrantApproval' && command.type !== 'RejectApproval') {
    if (isSystemId(principal.id)) return undefined
    throw new Forbidden('APPROVAL.FORBIDDEN', `${command.type} is done by the program itself`)
  }
  const asked = record.status === 'unborn' ? [] : record.asked.approvers.map(({ person }) => person)
  if (asked.includes(principal.id)) return roleOf(principal)
  if (!hasRole(principal, ...DESK_PEOPLE) || !maySee(principal, record, asked))
    throw new NotFound('APPROVAL.UNKNOWN', `There is no approval ${command.id}, or none that you may see`)
  return grantFor(principal, DESK_PEOPLE)
}

/** Who was asked and has lost every role since answers no more. @throws Forbidden `APPROVAL.SEAT_LOST` */
function roleOf(principal: Principal): string {
  const grant = grantFor(principal, ROLES)
  if (grant !== undefined) return grant
  throw new Forbidden('APPROVAL.SEAT_LOST', 'You were asked, but have no role any more', {
    because: 'no-role',
  })
}

function maySee(principal: Principal, record: ApprovalRecord, visibleTo: readonly string[]): boolean {
  if (record.status === 'unborn') return true
  return canSee(principal, { ...audienceColumns(record.asked.audience), visibleTo })
}
