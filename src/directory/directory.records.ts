import { grantFor, type Principal } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { Forbidden } from '#libs/event-sourcing'
import type { GroupEvent, PersonEvent } from './domain/directory.events.js'
import { isSystemId } from './domain/directory-id.js'
import type { GroupCommand } from './domain/group.commands.js'
import { type GroupFacts, type GroupState, groupDecider } from './domain/group.decider.js'
import type { PersonCommand } from './domain/person.commands.js'
import { type PersonState, personDecider } from './domain/person.decider.js'

export const personRecords: RecordType<PersonState, PersonCommand, PersonEvent, Record<never, never>> = {
  decider: personDecider,
  rights: byAdministrators,
}

export const groupRecords: RecordType<GroupState, GroupCommand, GroupEvent, GroupFacts> = {
  decider: groupDecider,
  rights: byAdministrators,
}

/** People, groups, roles and settings are changed by administrators, and by the program itself. */
export function byAdministrators(principal: Principal, command: { type: string }): string | undefined {
  const grant = grantFor(principal, ['administrator'])
  if (grant !== undefined || isSystemId(principal.id)) return grant
  throw new Forbidden('DIRECTORY.FORBIDDEN', `${command.type} needs the role administrator`)
}
