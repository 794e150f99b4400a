import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client'
import Fastify from 'fastify'
import { type OpeningBody, openingEvents, stored } from './opening.js'
import { input } from './programs.js'

/**
 * A program, the limit of a scale-out: a bare Fastify handler that appends as many events of the same size with the client
 * alone, on its fastest path (one long call for all appends, which the adapter avoids for its faults). A request with a
 * key costs one more append, as a claim does.
 */
const { url, namespace } = input<{ url: string; namespace: string }>()
type Proposal = Parameters<typeof jsonEvent>[0]
const client = EventStoreDBClient.connectionString(url)
const append = (stream: string, events: ReturnType<typeof jsonEvent>[]) =>
  client.appendToStream(`${namespace}.${stream}`, events, { expectedRevision: NO_STREAM })

const fastify = Fastify()
fastify.post('/incidents', async (request, reply) => {
  const seal = { commandId: randomUUID(), occurredAt: new Date().toISOString(), newId: randomUUID }
  const proposals = stored(openingEvents(request.body as OpeningBody), seal).map(
    ({ id, type, data, metadata }) => jsonEvent({ id, type, data: data as Proposal['data'], metadata }),
  )
  if (request.headers['idempotency-key'] !== undefined)
    await append(`key-${seal.commandId}`, [
      jsonEvent({ type: 'NumberClaimed', data: { number: seal.commandId } }),
    ])
  await append(`incident-${seal.commandId}`, proposals)
  reply.status(201)
  return { id: seal.commandId }
})
await fastify.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ url: `http://127.0.0.1:${(fastify.server.address() as AddressInfo).port}` })

process.on('SIGTERM', async () => {
  await fastify.close()
  await client.dispose()
  process.exit(0)
})
