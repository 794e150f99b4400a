import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { startEventStoreDouble } from '../../testing/eventstoredb/index.js'
import { eventStoreContract } from '../event-store.contract.js'
import { openEventStoreDb } from './index.js'

/** A namespace of its own for each test, on a server that others use too. */
async function storeAt(url: string) {
  const namespace = `test-${randomUUID()}`
  const store = await openEventStoreDb({ url, namespace })
  return { store, namespace }
}

/** Streams whose names begin like ours, and the server's own. */
async function writeForeignStreams(url: string): Promise<void> {
  const client = EventStoreDBClient.connectionString(url)
  const event = () =>
    jsonEvent({ type: 'IncidentOpened', data: { foreign: true }, metadata: { actor: 'somebody' } })
  const suffix = randomUUID()
  for (const stream of [
    `incident-${suffix}`,
    `other.incident-${suffix}`,
    `test-${suffix}`,
    `$own-${suffix}`,
  ]) {
    await client.appendToStream(stream, [event(), event()])
  }
  await client.dispose()
}

describe.each(['23.10', '26.1'] as const)('against the double of %s', (profile) => {
  eventStoreContract('EventStoreDbEventStore', async () => {
    const double = await startEventStoreDouble({ profile })
    await writeForeignStreams(double.url)
    const { store } = await storeAt(double.url)
    await writeForeignStreams(double.url)
    return {
      store,
      server: `our double of EventStoreDB ${profile} (gRPC)`,
      async dispose() {
        await store.close()
        await double.stop()
      },
    }
  })
})

/** From the server's own words over HTTP, which all versions speak at the port of gRPC. */
async function serverVersion(url: string): Promise<string> {
  const { protocol, host, username, password, searchParams } = new URL(
    url.replace(/^(esdb|kurrentdb|kdb)/, 'http'),
  )
  const address = `${searchParams.get('tls') === 'false' ? protocol : 'https:'}//${host}/info`
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  try {
    const answer = await fetch(address, { headers: username ? { authorization } : {} })
    const { esVersion, dbVersion } = (await answer.json()) as { esVersion?: string; dbVersion?: string }
    return `EventStoreDB ${dbVersion ?? esVersion ?? 'of a version it does not tell'}`
  } catch {
    return 'EventStoreDB of a version it does not tell'
  }
}

const url = process.env.EVENTSTORE_URL
const against = url === undefined ? describe.skip : describe
against('against the server at EVENTSTORE_URL (skipped when it is not set)', () => {
  eventStoreContract('EventStoreDbEventStore', async () => {
    await writeForeignStreams(url!)
    const { store } = await storeAt(url!)
    await writeForeignStreams(url!)
    return { store, server: await serverVersion(url!), dispose: () => store.close() }
  })
})
