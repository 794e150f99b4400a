import type { EventMetadata, NewEvent } from './event.js'
import { Upcasters } from './upcasters.js'

/** Payload and metadata as they are stored. Identity, place and `recordedAt` are the store's own columns. */
export interface EncodedEvent {
  readonly data: string
  readonly metadata: string
}

export interface DecodedEvent {
  data: unknown
  metadata: Omit<EventMetadata, 'recordedAt'>
}

/** Turns events into what is stored and back; the one place that knows the stored form. */
export interface Codec {
  encode(event: Pick<NewEvent, 'type' | 'data' | 'metadata'>): EncodedEvent
  /**
   * Upcast to the current schema version. Nobody may change the result: events may share their metadata.
   * @param recordedAt milliseconds since the epoch
   * @throws SyntaxError when the text is damaged
   */
  decode(type: string, encoded: EncodedEvent, recordedAt: number): { data: unknown; metadata: EventMetadata }
  /** The same for a store whose client has parsed the JSON already. */
  decodeParsed(type: string, parsed: { data: unknown; metadata: unknown }): DecodedEvent
}

/** Events as JSON text (RFC 8259), upcast when they are read. */
export function jsonCodec(upcasters = new Upcasters()): Codec {
  // Events of one command come with one metadata object, which nobody changes; when they are read, they share one, too.
  let lastMetadata: NewEvent['metadata'] | undefined
  let lastText = ''
  let lastRead: { text: string; recordedAt: number; metadata: EventMetadata } | undefined
  const metadataOf = (text: string, recordedAt: number) => {
    if (text === lastRead?.text && recordedAt === lastRead.recordedAt) return lastRead.metadata
    const metadata = JSON.parse(text) as EventMetadata
    // Completed where it is: a copy would take longer than parsing does. Events of one commit have one time.
    metadata.recordedAt =
      recordedAt === lastRead?.recordedAt ? lastRead.metadata.recordedAt : new Date(recordedAt).toISOString()
    lastRead = { text, recordedAt, metadata }
    return metadata
  }
  const textOf = (metadata: NewEvent['metadata']) => {
    if (metadata !== lastMetadata) {
      lastText = JSON.stringify(metadata)
      lastMetadata = metadata
    }
    return lastText
  }
  return {
    encode: ({ data, metadata }) => ({
      // A payload of undefined has no JSON; null has.
      data: JSON.stringify(data) ?? 'null',
      metadata: textOf(metadata),
    }),
    decode: (type, { data, metadata }, recordedAt) =>
      upcasters.upcast(type, JSON.parse(data), metadataOf(metadata, recordedAt)),
    decodeParsed: (type, { data, metadata }) =>
      upcasters.upcast(type, data, metadata as DecodedEvent['metadata']),
  }
}
