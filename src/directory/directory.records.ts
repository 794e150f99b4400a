import { grantFor, type Principal, ROLES } from '#libs/access'
import { onlyFor, type RecordType } from '#libs/command-handling'
import type { GroupEvent, PersonEvent } from './domain/directory.events.js'
import type { GroupCommand } from './domain/group.commands.js'
import { type GroupFacts, type GroupState, groupDecider } from './domain/group.decider.js'
import type { PersonCommand } from './domain/person.commands.js'
import { type PersonFacts, type PersonState, personDecider } from './domain/person.decider.js'

/** Rights come from the directory, so only administrators change it. */
const byAdministrators = onlyFor(['administrator'], 'DIRECTORY.FORBIDDEN')

/** Who is on call gives nobody a right. */
const byPlanners = onlyFor(['team-lead', 'administrator'], 'DIRECTORY.FORBIDDEN')

/** Nobody says for another who is to answer in his place, save an administrator. */
function byHerself(principal: Principal, command: PersonCommand): string | undefined {
  return command.id === principal.id ? grantFor(principal, ROLES) : byAdministrators(principal, command)
}

const OWN: ReadonlySet<PersonCommand['type']> = new Set(['GrantDelegation', 'RevokeDelegation'])

export const personRecords: RecordType<PersonState, PersonCommand, PersonEvent, PersonFacts> = {
  decider: personDecider,
  creates: 'RegisterPerson',
  rights: (principal, command) => (OWN.has(command.type) ? byHerself : byAdministrators)(principal, command),
}

export const groupRecords: RecordType<GroupState, GroupCommand, GroupEvent, GroupFacts> = {
  decider: groupDecider,
  creates: 'RegisterGroup',
  rights: (principal, command) =>
    (command.type === 'SetOnCallContacts' ? byPlanners : byAdministrators)(principal, command),
}
