import type { Message } from 'kafkajs'
import type { OutgoingEvent } from '../event-publisher.js'

/** Header with the position in the log, beside the CloudEvents attributes: what a consumer resumes and drops repetitions by. */
export const POSITION_HEADER = 'position'

/**
 * A CloudEvent as a Kafka message in binary content mode: attributes are headers `ce_<name>` in UTF-8,
 * `datacontenttype` is the header `content-type`, the value is the data. Key = `partitionkey`, which is sent as an
 * attribute as well. Data that is null is the JSON text `null`: a Kafka value of null would be a tombstone.
 *
 * Source: CloudEvents 1.0.2, Kafka protocol binding, sections 3.1 and 3.2. (The SDK's `Kafka.binary` gives headers whose
 * value is undefined, which kafkajs sends as text, and validates each event anew; the spec reads these with the SDK.)
 */
export function toKafkaMessage(event: OutgoingEvent): Message & { key: string; value: string } {
  const headers: Record<string, string> = { [POSITION_HEADER]: event.sequence }
  for (const [name, value] of Object.entries(event)) {
    if (value === undefined || value === null || name === 'data') continue
    headers[name === 'datacontenttype' ? 'content-type' : `ce_${name}`] = String(value)
  }
  return { key: event.partitionkey, value: JSON.stringify(event.data ?? null), headers }
}

/** About what a message takes on the wire, in bytes, before compression. */
export function sizeOf({ key, value, headers }: ReturnType<typeof toKafkaMessage>): number {
  let bytes = Buffer.byteLength(value) + key.length + 16
  for (const name in headers) bytes += name.length + String(headers[name]).length + 4
  return bytes
}
