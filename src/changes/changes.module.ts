import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import { verbController } from '../http/verbs.js'
import { SURROUNDED_COMMANDS, surroundedHandlers } from './change.handlers.js'
import {
  assigneeScheduleRecords,
  changeModelRecords,
  changeRecords,
  ciScheduleRecords,
} from './change.record.js'
import { changeModelVerbs, changeVerbs } from './change.verbs.js'
import { ChangeAttachmentsController } from './change-attachments.controller.js'
import { ChangeModelsController, ChangesController } from './changes.controller.js'
import { CHANGE_COMMANDS } from './domain/change.commands.js'
import { CHANGE_MODEL_COMMANDS } from './domain/change-model.commands.js'
import { ReleaseAssignee, ReleaseCi, ReserveAssignee, ReserveCi } from './domain/schedule.decider.js'
import { ChangeModelParams, ChangeParams } from './dto/change-commands.dto.js'

const surrounded: readonly unknown[] = SURROUNDED_COMMANDS
const plainCommands = CHANGE_COMMANDS.filter((command) => !surrounded.includes(command))

/** What change enablement adds to the application. */
export const changes = {
  controllers: [
    ChangesController,
    ChangeAttachmentsController,
    verbController({
      path: 'changes',
      parameter: 'id',
      params: ChangeParams,
      streamPrefix: 'change-',
      verbs: changeVerbs,
    }),
    ChangeModelsController,
    verbController({
      path: 'change-models',
      parameter: 'id',
      params: ChangeModelParams,
      streamPrefix: 'changemodel-',
      verbs: changeModelVerbs,
    }),
  ] satisfies Type[],
  providers: [
    ...surroundedHandlers,
    ...deciderHandlers(changeRecords, plainCommands),
    ...deciderHandlers(changeModelRecords, CHANGE_MODEL_COMMANDS),
    ...deciderHandlers(ciScheduleRecords, [ReserveCi, ReleaseCi]),
    ...deciderHandlers(assigneeScheduleRecords, [ReserveAssignee, ReleaseAssignee]),
  ],
}
