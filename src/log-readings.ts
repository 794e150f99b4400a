import type { RequestContext } from '#libs/platform'
import { recordAuditReading } from './audit/audit-reading.js'
import { AuditReadings, LOG_READ, type LogReading } from './events/audit-data.js'
import type { CommandSender } from './http/command-sender.js'

/** Readings of audit data in the log stand beside those of findings: the audit keeps them. */
export class KeptAuditReadings extends AuditReadings {
  constructor(private readonly sender: CommandSender) {
    super()
  }

  record(reading: LogReading, context: RequestContext): Promise<void> {
    return recordAuditReading(this.sender, context, { ...reading, what: LOG_READ, form: 'json' })
  }
}
