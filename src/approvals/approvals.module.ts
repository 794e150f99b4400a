import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import { verbController } from '../http/verbs.js'
import { approvalRecords } from './approval.record.js'
import { ApprovalsController, approvalVerbs } from './approvals.controller.js'
import { APPROVAL_COMMANDS } from './domain/approval.commands.js'
import { ApprovalParams } from './dto/approval.dto.js'

/** What approvals add to the application. */
export const approvalsModule = {
  controllers: [
    ApprovalsController,
    verbController({
      path: 'approvals',
      parameter: 'id',
      params: ApprovalParams,
      streamPrefix: 'approval-',
      verbs: approvalVerbs,
    }),
  ] satisfies Type[],
  providers: deciderHandlers(approvalRecords, APPROVAL_COMMANDS),
}
