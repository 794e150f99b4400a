import { randomUUID } from 'node:crypto'
import type { CommandReceipt } from '#libs/command-handling'
import { createLogger, readConfiguration } from '#libs/platform'
import { approvalRecords } from '../../src/approvals/approval.record.js'
import { RequestApproval, VoidApproval } from '../../src/approvals/domain/approval.commands.js'
import { approvalId } from '../../src/approvals/domain/defaults.js'
import { storeSettings } from '../../src/runtime/stores.js'
import { openWriteSide } from '../../src/runtime/write-side.js'
import type { Desk } from './desk.js'

type Wish = Partial<RequestApproval['data']> & { document: Record<string, unknown>; number: string }

/** Asks for approval as the process of a subject does: as the program itself, beside a running server. */
export class Asking {
  constructor(private readonly desk: Desk) {}

  /** @returns the round's id, and the position of what was recorded */
  async ask({ number, document, ...more }: Wish): Promise<CommandReceipt> {
    const subject = { type: 'change', number } as const
    const { round = 1 } = more
    const data = { subject, title: `About ${number}`, round, requester: 'rita', document, ...more }
    return this.run(new RequestApproval(approvalId(subject, round), data, metadata()))
  }

  voidRound(id: string, ...fields: string[]): Promise<CommandReceipt> {
    return this.run(new VoidApproval(id, { fields }, metadata()))
  }

  // A write side of its own each time: one that stays open hears of what others write a moment later.
  private async run(command: RequestApproval | VoidApproval): Promise<CommandReceipt> {
    const configuration = readConfiguration(this.desk.server.environment())
    const logger = createLogger({ ...configuration, logLevel: 'error' }, process.stderr)
    const write = await openWriteSide(await storeSettings(configuration), logger)
    try {
      return await write.executor.execute(approvalRecords, command)
    } finally {
      await write.close()
    }
  }
}

function metadata() {
  const commandId = randomUUID()
  return {
    actor: 'system:policies',
    channel: 'policy' as const,
    occurredAt: new Date().toISOString(),
    commandId,
    keyed: false,
    correlationId: commandId,
  }
}
