import { setTimeout as sleep } from 'node:timers/promises'
import { EventStoreDBClient, FORWARDS, START, streamNameFilter } from '@eventstore/db-client'
import { openEventStoreDb } from '#libs/event-store/eventstoredb'
import { defineProjection, ProjectionRunner } from '#libs/projections-runtime'
import { all } from '#libs/read-store'
import { InMemoryReadStore } from '../../libs/testing/in-memory-read-store.js'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { stopwatch, type Taken } from './build-read-models.js'
import { answer, input } from './programs.js'

/**
 * A program: reads a whole log from EventStoreDB with the client alone (`readAll`, or a filtered subscription up to
 * `caughtUp`), or through the adapter and the runner into a projection. The first round, not counted, warms up.
 */
export interface CatchUp {
  url: string
  namespace: string
  reader: 'readAll' | 'subscription' | 'runner'
}

export interface CatchUpResult extends Taken {
  events: number
}

interface Ticket {
  title: string
  priority: number | null
  group: string | null
  events: number
}

/** Folds every event; its documents stay in memory, so that no read store is the limit. */
const tickets = defineProjection<Ticket, IncidentEvent>({
  name: 'bench_tickets',
  version: 1,
  from: ['incident-'],
  key: (event) => event.stream,
  evolve: (ticket, event) => {
    if (event.type === 'IncidentOpened')
      return { title: event.data.title, priority: null, group: null, events: 1 }
    if (!ticket) return null
    const next = { ...ticket, events: ticket.events + 1 }
    if (event.type === 'PriorityDerived') next.priority = event.data.priority
    if (event.type === 'AssignedToGroup') next.group = event.data.group
    return next
  },
  columns: { group: 'string', priority: 'integer' },
  indexes: [['group', 'priority']],
  rows: () => all,
  fields: (ticket) => ticket,
})

async function byClient({ url, namespace, reader }: CatchUp): Promise<number> {
  const client = EventStoreDBClient.connectionString(url)
  let events = 0
  if (reader === 'readAll') {
    for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START }))
      if (event?.streamId.startsWith(namespace)) events++
  } else {
    const filter = streamNameFilter({
      prefixes: [`${namespace}.`],
      maxSearchWindow: 2_000,
      checkpointInterval: 1,
    })
    const subscription = client.subscribeToAll({ fromPosition: START, filter })
    await new Promise<void>((resolve, reject) => {
      let expected: number | undefined
      subscription.on('data', () => {
        events++
        if (events === expected) resolve()
      })
      // It is said ahead of the events that the client still holds.
      subscription.on('caughtUp', () => {
        expected = events + subscription.readableLength
        if (events === expected) resolve()
      })
      subscription.on('error', reject)
    })
    await subscription.unsubscribe()
  }
  await client.dispose()
  return events
}

async function byRunner({ url, namespace }: CatchUp): Promise<number> {
  const eventStore = await openEventStoreDb({ url, namespace })
  const runner = new ProjectionRunner({
    eventStore,
    readStore: new InMemoryReadStore(),
    owner: 'bench',
    definitions: [tickets],
    cacheDocuments: 50_000,
    notice: ({ level, message }) => level !== 'info' && console.error(message),
  })
  await runner.start()
  while (!runner.isLevel()) await sleep(2)
  const [status] = await runner.status()
  await runner.stop()
  await eventStore.close()
  return status!.handled
}

const given = input<CatchUp>()
const round = () => (given.reader === 'runner' ? byRunner(given) : byClient(given))
await round()
const stop = stopwatch()
const events = await round()
await answer({ events, ...stop() } satisfies CatchUpResult)
