import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import { type CollectionSchema, type DocumentWrite, eq, type ProjectionReader } from '#libs/read-store'

/** Reserved collection of every build: the events that wait because one of their key, or of the whole build, threw. */
export const PARKED = '_parked'

/** Stands for the key when the whole build waits: a view or a rebuild stops at a poisoned event. */
export const WHOLE_BUILD = '*'

/** An event that waits. The first of its key is the poisoned one and has a `reason`. */
export interface ParkedEvent {
  key: string
  position: Position
  eventId: string
  eventType: string
  stream: string
  revision: number
  /** ISO 8601. */
  recordedAt: string
  /** What was thrown; absent for events that merely queue behind another. */
  reason: string | undefined
  /** How often it was retried in vain. */
  attempts: number
}

export const parkedSchema: CollectionSchema = {
  name: PARKED,
  columns: { key: 'string', position: 'string' },
  indexes: [['key', 'position']],
}

export function parkedEvent(key: string, event: RecordedEvent, error?: unknown): ParkedEvent {
  return {
    key,
    position: event.position,
    eventId: event.id,
    eventType: event.type,
    stream: event.stream,
    revision: event.revision,
    recordedAt: event.metadata.recordedAt,
    reason: error === undefined ? undefined : reasonOf(error),
    attempts: 0,
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/**
 * Entries are written as of the log's start and deleted as of their event, so that the store, which skips writes that
 * are not later than what it has, takes both.
 */
export function park(entry: ParkedEvent): DocumentWrite {
  return { collection: PARKED, id: entryId(entry), document: entry, position: LOG_START }
}

export function unpark(entry: ParkedEvent): DocumentWrite {
  return { collection: PARKED, id: entryId(entry), document: null, position: entry.position }
}

/** The parked events of one key in log order, or of all keys. */
export async function parkedEvents(reader: ProjectionReader, key?: string): Promise<ParkedEvent[]> {
  const parked: ParkedEvent[] = []
  const filter = key === undefined ? undefined : eq('key', key)
  const orderBy = [
    { column: 'key', direction: 'asc' },
    { column: 'position', direction: 'asc' },
  ] as const
  for (;;) {
    const last = parked.at(-1)
    const after = last && { values: [last.key, last.position], id: entryId(last) }
    const page = await reader.find<ParkedEvent>(PARKED, { filter, orderBy, limit: PAGE, after })
    parked.push(...page.map(({ document }) => document))
    if (page.length < PAGE) return parked
  }
}

const PAGE = 1000

function entryId({ key, position, attempts }: ParkedEvent): string {
  return `${key}@${position}#${attempts}`
}
