/** The media type of server-sent events (WHATWG HTML, section 9.2). */
export const EVENT_STREAM = 'text/event-stream'

/** Milliseconds after which a client connects again. */
const RETRY_MS = 3_000

/** What a stream begins with. */
export const FIRST_LINE = `retry: ${RETRY_MS}\n\n`

/** Says nothing, so that proxies do not take the connection for dead. */
export const HEARTBEAT = ':\n\n'

/**
 * One event.
 * @param data JSON, which has no line breaks
 * @param id what the client sends as `Last-Event-ID` from now on; empty: nothing any more; absent: what it had
 */
export function serverSentEvent(event: string, data: string, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`
}

/** Moves the client's `Last-Event-ID` on without an event. */
export function movedOn(id: string): string {
  return `id: ${id}\n\n`
}
