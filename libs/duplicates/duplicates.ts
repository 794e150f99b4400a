import type { DomainEvent, Position, StreamFold } from '#libs/event-sourcing'

/**
 * Two records that are named each other's duplicate at the same moment must not both end: each is decided in its own stream, and
 * reads the other as it was. So whoever ends a record as a duplicate first writes that he is about to, in a stream beside the
 * record's, and then looks whether the survivor is about to end, too. Who writes before he reads meets whoever came at the same
 * time, and of all that meet in a circle, the one that came last is refused.
 */

/** Streams `duplicate-<type>-<number>`: somebody is about to end this record as a duplicate of the survivor. */
export type DuplicateNamed = DomainEvent<'DuplicateNamed', { survivor: string }>

/** Where it is written. @param type of the record, as its streams begin: `incident`, `problem` */
export const namingStream = (type: string, number: string): string => `duplicate-${type}-${number}`

/** What was written last of a record; null: never anything. */
export type Named = { readonly position: Position; readonly recordedAt: string } | null

/** Folds the stream of {@link namingStream} to what was written last. */
export const duplicateNamed: StreamFold<Named, DuplicateNamed> = {
  initial: null,
  evolve: (_, { position, metadata: { recordedAt } }) => ({ position, recordedAt }),
}

/** What was written longer ago has come to its end: the record is a duplicate by now, or whoever wrote it is gone. */
const LONGEST_MS = 60_000

/**
 * Whether the survivor was named a duplicate before the record was, just now.
 * @param now ISO 8601: when the command was sent
 */
export function namedBefore(survivor: Named, own: Named, now: string): boolean {
  if (survivor === null || Date.parse(now) - Date.parse(survivor.recordedAt) > LONGEST_MS) return false
  return own === null || survivor.position < own.position
}
