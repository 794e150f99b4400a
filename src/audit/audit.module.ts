import { deciderHandlers } from '#libs/command-handling/nest'
import { AuditController } from './audit.controller.js'
import { auditReadRecords, findingRecords, judgementRecords } from './audit.records.js'
import { AUDIT_READ_COMMANDS, FINDING_COMMANDS, JUDGEMENT_COMMANDS } from './domain/audit.commands.js'

/** What the audit adds to the application. */
export const auditModule = {
  controllers: [AuditController],
  providers: [
    ...deciderHandlers(findingRecords, FINDING_COMMANDS),
    ...deciderHandlers(auditReadRecords, AUDIT_READ_COMMANDS),
    ...deciderHandlers(judgementRecords, JUDGEMENT_COMMANDS),
  ],
}
