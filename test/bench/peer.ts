import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import pino from 'pino'
import { incidentNumbers } from '../../src/incidents/incident.record.js'
import { LIVE_DOCUMENTS } from '../../src/runtime/local-projector.js'
import type { ProjectorStatus } from '../../src/runtime/projector.js'
import type { ProjectorThreadData } from '../../src/runtime/projector-thread.js'
import { openEventStore } from '../../src/runtime/stores.js'
import { FRUGAL_LIMITS, SupervisedThread } from '../../src/runtime/threads.js'
import { type OpeningBody, openingEvents, stored } from './opening.js'
import { input } from './programs.js'

/**
 * A program, the limit to compare with: a bare Fastify handler that neither validates nor authorises nor decides, and
 * appends as many events of the same size through the same store, with the same projector beside it.
 */
const { dataDir } = input<{ dataDir: string }>()
const eventStore = await openEventStore({ dataDir })
const peer: ProjectorThreadData = {
  stores: { dataDir },
  owner: 'peer',
  policies: true,
  reports: false,
  cacheDocuments: LIVE_DOCUMENTS,
}
const projector = new SupervisedThread(
  new URL('../../src/runtime/projector-thread.js', import.meta.url),
  peer,
  pino({ level: 'warn' }),
  {
    dispatch: () => ({ outcome: 'done' }),
    rememberStart: (stream: string, metadata: Record<string, unknown>) =>
      eventStore.setStreamMetadata(stream, metadata),
  },
  FRUGAL_LIMITS,
)
eventStore.onAppended(() => projector.tell('appended'))
await projector.ready

const fastify = Fastify()
fastify.post('/incidents', async (request, reply) => {
  const events = openingEvents(request.body as OpeningBody)
  const commandId = randomUUID()
  const occurredAt = new Date().toISOString()
  const seal = { commandId, occurredAt, newId: randomUUID }
  const keyed = request.headers['idempotency-key'] !== undefined
  const outcome = await eventStore.appendNumbered({
    series: incidentNumbers,
    claim: keyed
      ? {
          stream: `key-${commandId}`,
          event: (number) => stored([{ type: 'NumberClaimed', data: { number } }], seal)[0]!,
        }
      : undefined,
    events: () => stored(events, seal),
  })
  if (outcome.kind === 'unknown') throw outcome.cause
  reply.status(201)
  return { id: outcome.number }
})
/** As much of the server's answer as tells whether the projector has caught up. */
fastify.get('/projections', async () => {
  const { projections } = await projector.call<ProjectorStatus>('status')
  return { items: projections.map(({ status, state, lagSeconds: lag }) => ({ status, state, lag })) }
})
await fastify.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ url: `http://127.0.0.1:${(fastify.server.address() as AddressInfo).port}` })

process.on('SIGTERM', async () => {
  await fastify.close()
  await projector.stop()
  await eventStore.close()
  process.exit(0)
})
