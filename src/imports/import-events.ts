import { type CommandMetadata, type DomainEvent, eventIds, type NewEvent } from '#libs/event-sourcing'
import { schemaVersionOf } from '../event-catalog.js'

/** Events of one command, ready for the store. `grant`: id of the role grant by which the actor imports. */
export function newEvents(
  events: readonly DomainEvent[],
  stream: string,
  command: CommandMetadata,
  grant: string | undefined,
): NewEvent[] {
  const { actor, attributedTo, channel, occurredAt, commandId, correlationId, source } = command
  const idAt = eventIds(commandId, stream)
  // Nearly all events of a command have one version: they share the object, of which nothing is ever changed.
  let shared: NewEvent['metadata'] | undefined
  return events.map(({ type, data }, index) => {
    const schemaVersion = schemaVersionOf(type)
    if (shared?.schemaVersion !== schemaVersion) {
      shared = {
        actor,
        attributedTo,
        grant,
        channel,
        occurredAt,
        commandId,
        correlationId,
        schemaVersion,
        source,
      }
    }
    return { id: idAt(index), type, data, metadata: shared }
  })
}
