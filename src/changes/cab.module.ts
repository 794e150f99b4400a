import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import { verbController } from '../http/verbs.js'
import { CabMeetingsController, cabVerbs } from './cab.controller.js'
import { cabRecords } from './cab.record.js'
import { CAB_COMMANDS } from './domain/cab.commands.js'
import { CabParams } from './dto/cab.dto.js'

/** What the change advisory board adds to the application. */
export const cab = {
  controllers: [
    CabMeetingsController,
    verbController({
      path: 'cab-meetings',
      parameter: 'id',
      params: CabParams,
      streamPrefix: 'cab-',
      verbs: cabVerbs,
    }),
  ] satisfies Type[],
  providers: deciderHandlers(cabRecords, CAB_COMMANDS),
}
