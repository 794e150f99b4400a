import type { Principal } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import { and, type Filter, matches } from '#libs/read-store'
import { shownEntry, type WorkQueueEntry } from '#projections/work-queue/queue-entry'
import { workQueue } from '#projections/work-queue/work-queue'

/** Which rows of a group's queue somebody follows: those that the queue's page would show her, all pages taken together. */
export interface QueueScope {
  readonly group: string
  /** What she asks for besides. */
  readonly filter?: Filter
}

/** Whether an entry is a row of the page, by the very rules that the page applies inside the store. */
export function rowTest(principal: Principal, { group, filter }: QueueScope): (entry: object) => boolean {
  const mayBeSeen = workQueue.rows(principal)
  const wanted = filter === undefined ? mayBeSeen : and(mayBeSeen, filter)
  // Most rows of a busy desk are another group's.
  return (entry) => (entry as WorkQueueEntry).assignmentGroup === group && matches(wanted, entry)
}

/** A row as the queue's page shows it. */
export function renderEntry(entry: WorkQueueEntry, stale: boolean): object {
  return stale ? { ...shownEntry(entry), stale } : shownEntry(entry)
}

/** Keys of the entries that an event touches. */
export function keysOf(event: RecordedEvent): readonly string[] {
  const keys = workQueue.key(event as Parameters<typeof workQueue.key>[0])
  return typeof keys === 'string' ? [keys] : (keys ?? [])
}

/** Number of the record behind a key, `INC0000001` of `incident-INC0000001`. */
export function numberOf(key: string): string {
  return key.slice(key.indexOf('-') + 1)
}
