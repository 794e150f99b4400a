import { connect, constants } from 'node:http2'
import { gunzipSync } from 'node:zlib'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { type EventStoreDouble, startEventStoreDouble } from './index.js'
import { features } from './protocol.js'

const PREFIX_BYTES = 5

/** Asks for the supported methods without any gRPC library, and returns what is on the wire. */
async function askOnTheWire(
  port: number,
  offered = 'identity,gzip',
): Promise<{ encoding: string | undefined; body: Buffer }> {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-accept-encoding': offered,
  })
  let encoding: string | undefined
  stream.on('response', (headers) => {
    encoding = headers['grpc-encoding'] as string | undefined
  })
  stream.end(Buffer.alloc(PREFIX_BYTES))
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  session.close()
  return { encoding, body: Buffer.concat(chunks) }
}

const version = (message: Uint8Array) =>
  features.SupportedMethods.deserializeBinary(message).getEventStoreServerVersion()

describe('framing of answers', () => {
  let double: EventStoreDouble

  afterEach(() => double.stop())

  it('leaves them as they are in profile 23.10', async () => {
    double = await startEventStoreDouble({ profile: '23.10' })
    const { encoding, body } = await askOnTheWire(double.port)
    expect([encoding, body[0], body.readUInt32BE(1)]).toEqual(['identity', 0, body.length - PREFIX_BYTES])
    expect(version(body.subarray(PREFIX_BYTES))).toBe('23.10.8')
  })

  it('compresses each with gzip in profile 26.1', async () => {
    double = await startEventStoreDouble({ profile: '26.1' })
    const { encoding, body } = await askOnTheWire(double.port)
    expect([encoding, body[0], body.readUInt32BE(1)]).toEqual(['gzip', 1, body.length - PREFIX_BYTES])
    expect(version(gunzipSync(body.subarray(PREFIX_BYTES)))).toBe('26.1.0')
  })

  it('compresses none for a client that does not offer to take it', async () => {
    double = await startEventStoreDouble({ profile: '26.1' })
    const { encoding, body } = await askOnTheWire(double.port, 'identity')
    expect([encoding, body[0]]).toEqual(['identity', 0])
    expect(version(body.subarray(PREFIX_BYTES))).toBe('26.1.0')
  })

  it('compresses none in profile 26.1 when told so, as `CompressionLevel` does', async () => {
    double = await startEventStoreDouble({ profile: '26.1', compress: false })
    expect((await askOnTheWire(double.port)).body[0]).toBe(0)
  })

  it.each([true, false])(
    'sends many events in one write that a client takes apart (compressed: %s)',
    async (compress) => {
      double = await startEventStoreDouble({ profile: '26.1', compress })
      const client = EventStoreDBClient.connectionString(double.url)
      const events = Array.from({ length: 500 }, (_, n) => jsonEvent({ type: 'Opened', data: { n } }))
      await client.appendToStream('incident-1', events)
      const seen: unknown[] = []
      for await (const { event } of client.readStream('incident-1')) seen.push(event?.data)
      expect(seen).toEqual(events.map(({ data }) => data))
      await client.dispose()
    },
  )
})
