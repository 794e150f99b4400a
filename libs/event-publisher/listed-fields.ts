import type { RecordedEvent } from '#libs/event-sourcing'

/** By type of event: the fields of its data that readers of a topic may have. `internal`: the event never leaves. */
export type ListedFields = Readonly<Record<string, readonly string[] | 'internal'>>

/**
 * An event as it may stand on a topic: with the fields that are listed, and without its reason, which is internal with all.
 * @returns undefined for what is internal, or of a type that is not listed: a release that does not know it can't judge it
 */
export function withListedFields(event: RecordedEvent, listed: ListedFields): RecordedEvent | undefined {
  const fields = listed[event.type] ?? 'internal'
  if (fields === 'internal') return undefined
  const { reason: _, ...metadata } = event.metadata
  return { ...event, data: only(event.data as Record<string, unknown>, fields), metadata }
}

/** The same of an event that tells of changes by field, as its `changes`; undefined also when none of them is listed. */
export function withListedChanges(
  event: RecordedEvent | undefined,
  fields: readonly string[],
): RecordedEvent | undefined {
  const data = event?.data as { changes: Record<string, unknown> } | undefined
  if (event === undefined || data === undefined) return undefined
  const changes = only(data.changes, fields)
  return Object.keys(changes).length === 0 ? undefined : { ...event, data: { ...data, changes } }
}

function only(values: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap((field) => (values[field] === undefined ? [] : [[field, values[field]]])),
  )
}
