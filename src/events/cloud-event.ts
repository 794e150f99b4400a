import { isServiceId, isSystemId } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import { schemaVersionOf } from '../event-catalog.js'

/** What the log says of an event's actor, in the words of the CloudEvents extension "authcontext". */
function authType(actor: string): 'system' | 'service_account' | 'user' {
  if (isSystemId(actor)) return 'system'
  return isServiceId(actor) ? 'service_account' : 'user'
}

/**
 * An event as a CloudEvent in JSON (CloudEvents 1.0.2 and its JSON format), with the documented extensions sequence,
 * partitioning, correlation, recordedtime and authcontext. (source, id) is unique.
 */
export function toCloudEvent(event: RecordedEvent, logId: string): Record<string, unknown> {
  const { id, type, stream, revision, position, metadata } = event
  const process = stream.slice(0, stream.indexOf('-'))
  return {
    specversion: '1.0',
    id,
    source: `/ledgerdesk/${logId}/${process}`,
    type: `org.ledgerdesk.itsm.${process}.${type}.v${schemaVersionOf(type)}`,
    subject: stream,
    time: metadata.occurredAt,
    datacontenttype: 'application/json',
    sequence: position,
    partitionkey: stream,
    correlationid: metadata.correlationId,
    causationid: metadata.causationId,
    recordedtime: metadata.recordedAt,
    authtype: authType(metadata.actor),
    authid: metadata.actor,
    revision,
    channel: metadata.channel,
    reason: metadata.reason,
    attributedto: metadata.attributedTo,
    commandid: metadata.commandId,
    data: withoutSecrets(event),
  }
}

/** Even a hash of a token stays in the log. */
function withoutSecrets({ type, data }: RecordedEvent): unknown {
  if (type !== 'ApiTokenIssued') return data
  const { hash: _, ...shown } = data as { hash: string }
  return shown
}
