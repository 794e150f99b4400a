import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { EventStore } from '#libs/event-store'
import {
  type ForkedEventStoreDouble,
  forkEventStoreDouble,
} from '../../libs/testing/eventstoredb/fork-double.js'
import type { EventStoreDoubleOptions } from '../../libs/testing/eventstoredb/index.js'
import { openingBody, openingEvents, seeded, stored } from './opening.js'

const DOUBLE = fileURLToPath(new URL('../../libs/testing/eventstoredb/double-process.js', import.meta.url))
const STREAMS_PER_CALL = 1_000

/** The double of EventStoreDB in a process of its own: what is measured through it is the client's side, not the server's. */
export function startDouble(options: EventStoreDoubleOptions): Promise<ForkedEventStoreDouble> {
  return forkEventStoreDouble(DOUBLE, options)
}

/** Appends so many incidents of three events to a log without any, and closes it. @returns how many events that made */
export async function fill(eventStore: EventStore, incidents: number, seed: number): Promise<number> {
  const random = seeded(seed)
  let events = 0
  for (let from = 0; from < incidents; from += STREAMS_PER_CALL) {
    const requests = Array.from({ length: Math.min(STREAMS_PER_CALL, incidents - from) }, (_, n) => ({
      stream: `incident-INC${5_000_000 + from + n}`,
      expectedRevision: 'noStream' as const,
      events: stored(openingEvents(openingBody(random)), {
        commandId: randomUUID(),
        occurredAt: new Date().toISOString(),
        newId: randomUUID,
      }),
    }))
    for (const request of requests) events += request.events.length
    const outcomes = await eventStore.appendMany(requests)
    const failed = outcomes.find(({ kind }) => kind !== 'appended')
    if (failed) throw new Error(`An append came to ${JSON.stringify(failed)}`)
  }
  await eventStore.close()
  return events
}
