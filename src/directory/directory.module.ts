import { deciderHandlers } from '#libs/command-handling/nest'
import { verbController } from '../http/verbs.js'
import { GroupsController, PeopleController } from './directory.controllers.js'
import type { Directory } from './directory.js'
import { groupRecords, personRecords } from './directory.records.js'
import { groupVerbs, personVerbs } from './directory.verbs.js'
import { GROUP_COMMANDS } from './domain/group.commands.js'
import { PERSON_COMMANDS } from './domain/person.commands.js'
import { GroupParams, PersonParams } from './dto/directory.dto.js'

/** What the directory adds to the application. */
export function directoryModule(directory: Directory) {
  return {
    controllers: [
      PeopleController,
      GroupsController,
      verbController({
        path: 'people',
        parameter: 'id',
        params: PersonParams,
        streamPrefix: 'person-',
        verbs: personVerbs(directory),
      }),
      verbController({
        path: 'groups',
        parameter: 'id',
        params: GroupParams,
        streamPrefix: 'group-',
        verbs: groupVerbs,
      }),
    ],
    providers: [
      ...deciderHandlers(personRecords, PERSON_COMMANDS),
      ...deciderHandlers(groupRecords, GROUP_COMMANDS),
    ],
  }
}
