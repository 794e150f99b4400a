import { v5 as uuidv5 } from 'uuid'

/** Namespace of all ids that Ledgerdesk derives (a random UUID, fixed for ever). */
const LEDGERDESK_NAMESPACE = '5f1c7d0e-6d0b-4f44-9a53-0c8d3c1c2f6a'

/**
 * UUIDv5 (RFC 9562, section 5.5) of the parts, joined so that no two lists of parts give the same name.
 * Deterministic: the same parts give the same id for ever.
 */
export function derivedId(...parts: (string | number)[]): string {
  return uuidv5(JSON.stringify(parts), LEDGERDESK_NAMESPACE)
}

/** Id of the event at `index` of what one command appends to one stream. */
export function eventId(commandId: string, stream: string, index: number): string {
  return derivedId('event', commandId, stream, index)
}
