import { grantFor, hasRole, isSystemId, type Principal } from '#libs/access'
import { onlyFor, type RecordType } from '#libs/command-handling'
import { Forbidden, NotFound } from '#libs/event-sourcing'
import type { NumberSeries } from '#libs/event-store'
import { audienceColumns, canSee, peopleNamed } from '#projections/access'
import type { ChangeCommand } from './domain/change.commands.js'
import { changeDecider } from './domain/change.decider.js'
import { unknownReverted } from './domain/change.description.js'
import type { ChangeEvent } from './domain/change.events.js'
import type { ChangeFacts } from './domain/change.facts.js'
import { CHANGE_MODEL_RIGHTS, CHANGE_RIGHTS, requesterMay } from './domain/change.rights.js'
import { type Change, type ChangeRecord, isOpened } from './domain/change.state.js'
import type { ChangeModelCommand } from './domain/change-model.commands.js'
import { type ChangeModel, changeModelDecider } from './domain/change-model.decider.js'
import type { ChangeModelEvent } from './domain/change-model.events.js'
import { assigneeScheduleDecider, ciScheduleDecider } from './domain/schedule.decider.js'

/** `CHG0000001` and on; more digits when seven no longer do. */
export const changeNumbers: NumberSeries = {
  streamPrefix: changeDecider.streamPrefix,
  format: (n) => `CHG${String(n).padStart(7, '0')}`,
}

export const changeRecords: RecordType<ChangeRecord, ChangeCommand, ChangeEvent, ChangeFacts> = {
  decider: changeDecider,
  numbers: changeNumbers,
  rights: grantToDo,
  factRights(principal, command, { reverted }) {
    if (command.type === 'OpenRevert' && isOpened(reverted.value) && !maySeeChange(principal, reverted.value))
      throw unknownReverted(command.data.reverts)
  },
}

function grantToDo(principal: Principal, command: ChangeCommand, record: ChangeRecord): string | undefined {
  const { type, id } = command
  const creates = type === 'OpenChange' || type === 'OpenRevert' || type === 'ImportChangeUpdate'
  if (!creates && (!isOpened(record) || !maySeeChange(principal, record))) throw unknownChange(id)
  const { roles } = CHANGE_RIGHTS[type]
  const grant = grantFor(principal, roles)
  if (grant !== undefined || isSystemId(principal.id)) return grant
  if (hasRole(principal, 'requester') && requesterMay(command, principal.id, record))
    return grantFor(principal, ['requester'])
  throw new Forbidden(
    'CHANGE.FORBIDDEN',
    roles.length === 0
      ? `${type} is done by the program itself`
      : `${type} needs one of the roles ${roles.join(', ')}, or a requester’s own change where that is allowed`,
  )
}

/** Everybody at the desk and programs see changes that are not restricted, all others those in which they are named. */
export function maySeeChange(
  principal: Principal,
  { audience, watchers, requester, group, assignee }: Change,
): boolean {
  if (isSystemId(principal.id)) return true
  return canSee(principal, {
    ...audienceColumns(audience),
    visibleTo: peopleNamed({ requester: requester ?? undefined, watchers }),
    assignmentGroup: group ?? undefined,
    assignee: assignee ?? undefined,
  })
}

export function unknownChange(number: string | undefined): NotFound {
  return new NotFound('CHANGE.UNKNOWN', `There is no change ${number}, or none that you may see`)
}

export const changeModelRecords: RecordType<
  ChangeModel,
  ChangeModelCommand,
  ChangeModelEvent,
  Record<never, never>
> = {
  decider: changeModelDecider,
  rights: (principal, command) =>
    onlyFor(CHANGE_MODEL_RIGHTS[command.type], 'CHANGE_MODEL.FORBIDDEN')(principal, command),
}

/** Calendars are written by policies alone. */
const programOnly = onlyFor([], 'CHANGE.CALENDAR_FORBIDDEN')
export const ciScheduleRecords = { decider: ciScheduleDecider, rights: programOnly }
export const assigneeScheduleRecords = { decider: assigneeScheduleDecider, rights: programOnly }
