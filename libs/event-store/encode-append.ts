import { type Codec, InvalidInput, type NewEvent, TooLarge } from '#libs/event-sourcing'
import { type AppendRequest, MAX_APPEND_BYTES } from './event-store.js'

/** An event as its row holds it; what the store adds comes later. */
export interface EncodedRow {
  readonly id: string
  readonly type: string
  readonly data: string
  readonly metadata: string
}

/** A request that was found sound. */
export interface EncodedAppend {
  readonly stream: string
  /** -1: the stream must not exist. */
  readonly expectedRevision: number
  readonly events: readonly EncodedRow[]
  readonly bytes: number
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * Checks a request and encodes its events.
 * @throws InvalidInput `APPEND.INVALID`, TooLarge `APPEND.TOO_LARGE`
 */
export function encodeAppend(codec: Codec, request: AppendRequest): EncodedAppend {
  const { stream, events } = request
  checkStream(stream)
  const expectedRevision = request.expectedRevision === 'noStream' ? -1 : request.expectedRevision
  if (request.expectedRevision === -1 || !Number.isSafeInteger(expectedRevision) || expectedRevision < -1) {
    throw invalid(`the expected revision of ${stream} must be "noStream" or a whole number from 0`)
  }
  if (events.length === 0) throw invalid(`an append to ${stream} needs at least one event`)
  const rows = events.map((event) => encodeEvent(codec, event))
  if (rows.length > 1 && new Set(rows.map(({ id }) => id)).size < rows.length) {
    throw invalid(`two events of one append to ${stream} have the same id`)
  }
  const bytes = rows.reduce((sum, row) => sum + sizeOf(row), 0)
  if (bytes > MAX_APPEND_BYTES) throw tooLarge(stream, events, rows, bytes)
  return { stream, expectedRevision, events: rows, bytes }
}

/** @throws InvalidInput `APPEND.INVALID` */
export function checkStream(stream: string): void {
  if (typeof stream !== 'string' || !stream.includes('-')) {
    throw invalid(`the stream "${stream}" must be named <kind>-<id>`)
  }
  if (stream.startsWith('$')) throw invalid(`the stream "${stream}" begins with "$", which is reserved`)
}

/** A stream's category: its name up to and including the first dash; undefined when there is no dash. */
export function categoryOf(name: string): string | undefined {
  const dash = name.indexOf('-')
  return dash < 0 ? undefined : name.slice(0, dash + 1)
}

function encodeEvent(codec: Codec, event: NewEvent): EncodedRow {
  const { id, type } = event
  if (typeof type !== 'string' || type === '') throw invalid('an event needs a type')
  if (typeof id !== 'string' || !UUID.test(id)) throw invalid(`the id "${id}" of ${type} is not a UUID`)
  return { id: id.toLowerCase(), type, ...codec.encode(event) }
}

function sizeOf({ id, type, data, metadata }: EncodedRow): number {
  return id.length + Buffer.byteLength(type) + Buffer.byteLength(data) + Buffer.byteLength(metadata)
}

function invalid(message: string): InvalidInput {
  return new InvalidInput('APPEND.INVALID', `Nothing was written: ${message}.`)
}

function tooLarge(
  stream: string,
  events: readonly NewEvent[],
  rows: readonly EncodedRow[],
  bytes: number,
): TooLarge {
  const sizes = rows.map(sizeOf)
  const largest = events[sizes.indexOf(Math.max(...sizes))]!
  const field = largestField(largest.data)
  const culprit =
    field === undefined ? largest.type : `"${field.name}" of ${largest.type}, ${field.bytes} bytes`
  return new TooLarge(
    'APPEND.TOO_LARGE',
    `Nothing was written to ${stream}: the events of one append may have ${MAX_APPEND_BYTES} bytes together and ` +
      `these have ${bytes}. The largest field is ${culprit}: shorten it, or attach it as a file.`,
    { field: field?.name, eventType: largest.type, bytes, limit: MAX_APPEND_BYTES },
  )
}

function largestField(data: unknown): { name: string; bytes: number } | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const fields = Object.entries(data).map(([name, value]) => ({
    name,
    bytes: Buffer.byteLength(JSON.stringify(value) ?? ''),
  }))
  return fields.sort((a, b) => b.bytes - a.bytes)[0]
}
