import { RequestContext } from '#libs/platform'
import type { CommandSender } from '../http/command-sender.js'
import { RecordAuditRead } from './domain/audit.commands.js'
import type { AuditDataRead } from './domain/audit.events.js'

/** Puts on record who read audit data. Each reading is one of its own, whatever its headers say. */
export async function recordAuditReading(
  sender: CommandSender,
  { principal, caller, requestId }: RequestContext,
  data: AuditDataRead['data'],
): Promise<void> {
  const { id } = principal
  const wish = { target: `auditread-${id}`, method: 'GET', route: '/audit', params: {}, body: data }
  const plain = new RequestContext(caller, requestId, undefined, undefined, undefined)
  await sender.send(plain, wish, (metadata) => new RecordAuditRead(id, data, metadata))
}
