import { randomUUID } from 'node:crypto'
import type { Channel, RecordedEvent } from '#libs/event-sourcing'
import { schemaVersionOf } from '../../../src/event-catalog.js'
import type { DataFolder } from './data-folder.js'

/**
 * Appends an event to an incident past all commands, as only a program with the data folder at hand can: with times that no
 * setting gives, or with data that no release writes. Works beside a running server.
 */
export function appendByHand(
  folder: DataFolder,
  number: string,
  type: string,
  data: object,
  channel: Channel = 'api',
): Promise<RecordedEvent> {
  return folder.withLog(async (log) => {
    const stream = `incident-${number}`
    const [last] = await log.readStream(stream, { direction: 'backwards', limit: 1 })
    const commandId = randomUUID()
    const metadata = {
      actor: 'agent-1',
      channel,
      occurredAt: new Date().toISOString(),
      commandId,
      correlationId: commandId,
      schemaVersion: schemaVersionOf(type),
    }
    const outcome = await log.append({
      stream,
      expectedRevision: last!.revision,
      events: [{ id: randomUUID(), type, data, metadata }],
    })
    if (outcome.kind !== 'appended') throw new Error(`${type} was not appended: ${outcome.kind}`)
    return outcome.events[0]!
  })
}
