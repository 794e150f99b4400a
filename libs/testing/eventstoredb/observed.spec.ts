import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { type EventStoreDouble, startEventStoreDouble } from './index.js'
import { shared, streams } from './protocol.js'
import { WireClient } from './wire-client.js'

const STREAMS = '/event_store.client.streams.Streams'
const BAD_REQUEST = 3
const TIMEOUT = 4
const RESOURCE_EXHAUSTED = 8
const credentials = { username: 'admin', password: 'changeit' }

/** An append to a batch stream with one event, which the client would have made sure of. */
function batch(id: string, type: string): Buffer {
  const correlation = new shared.UUID()
  correlation.setString('00000000-0000-4000-8000-00000000000c')
  const identifier = new shared.StreamIdentifier()
  identifier.setStreamName(Buffer.from('incident-1').toString('base64'))
  const options = new streams.BatchAppendReq.Options()
  options.setStreamIdentifier(identifier)
  const eventId = new shared.UUID()
  eventId.setString(id)
  const event = new streams.BatchAppendReq.ProposedMessage()
  event.setId(eventId)
  event.getMetadataMap().set('type', type)
  const request = new streams.BatchAppendReq()
  request.setCorrelationId(correlation)
  request.setOptions(options)
  request.addProposedMessages(event)
  request.setIsFinal(true)
  return Buffer.from(request.serializeBinary())
}

describe('what was seen of real servers and is in no recording', () => {
  let double: EventStoreDouble
  let client: EventStoreDBClient

  const start = async (profile: '23.10' | '26.1') => {
    double = await startEventStoreDouble({ profile })
    client = EventStoreDBClient.connectionString(double.url)
  }

  afterEach(async () => {
    await client.dispose()
    await double.stop()
  })

  it.each([
    ['an id that is no UUID', 'nonsense', 'Opened'],
    ['an empty type', '00000000-0000-4000-8000-000000000001', ''],
  ])('%s in a batch is answered, and two seconds later answered again', async (_what, id, type) => {
    await start('23.10')
    const wire = new WireClient(`127.0.0.1:${double.port}`)
    const call = wire.open(`${STREAMS}/BatchAppend`)
    call.send(batch(id, type))
    await call.answers(1)
    const begun = performance.now()
    await call.answers(2)
    expect(performance.now() - begun).toBeGreaterThan(1_500)
    const answers = call.responses.map((bytes) => streams.BatchAppendResp.deserializeBinary(bytes))
    expect(answers.map((answer) => answer.getError()?.getCode())).toEqual([BAD_REQUEST, TIMEOUT])
    expect(answers[1]?.getCorrelationId()?.getString()).toBe(answers[0]?.getCorrelationId()?.getString())
    expect(double.log.written('incident-1')).toEqual([])
    wire.close()
  })

  it('an id that is no UUID is only refused on the path of one call an append', async () => {
    await start('23.10')
    const event = { ...jsonEvent({ type: 'Opened', data: {} }), id: 'nonsense' }
    await expect(client.appendToStream('incident-1', event, { credentials })).rejects.toThrow(
      'Exception was thrown by handler.',
    )
  })

  it('1 MiB is too much for a call to 23.10 on either path, and not for 26.1', async () => {
    const large = () => jsonEvent({ type: 'Opened', data: { text: 'x'.repeat(1_200_000) } })
    await start('23.10')
    for (const options of [{}, { credentials }]) {
      await expect(client.appendToStream('incident-1', large(), options)).rejects.toMatchObject({
        type: 'maximum-append-size-exceeded',
      })
    }
    await client.dispose()
    await double.stop()
    await start('26.1')
    expect(await client.appendToStream('incident-1', large())).toMatchObject({ success: true })
  })

  it('a message of more than 16 MiB is too much for 26.1', async () => {
    await start('26.1')
    const huge = jsonEvent({ type: 'Opened', data: { text: 'x'.repeat(16.5 * 1024 * 1024) } })
    await expect(client.appendToStream('incident-1', huge, { credentials })).rejects.toMatchObject({
      code: RESOURCE_EXHAUSTED,
    })
  })
})
