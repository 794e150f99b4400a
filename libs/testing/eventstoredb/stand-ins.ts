import emptyMessage from 'google-protobuf/google/protobuf/empty_pb.js'
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js'
import { shared, streams } from './protocol.js'

/** An append whose body was too large to record, rebuilt from its answers: as many events of the same size. */
interface Rebuilt {
  stream: string
  events: number
  /** Length of the text in the only field of the data. */
  text: number
  type: string
  /** Ids go on from the last recorded one. */
  firstId: number
  expired?: true
}

const REBUILT: Record<string, Rebuilt[]> = {
  'append-too-large': [
    { stream: 'incident-rec-big', events: 1, text: 900_000, type: 'Big', firstId: 0x34 },
    { stream: 'incident-rec-big', events: 1, text: 1_200_000, type: 'Big', firstId: 0x35 },
    { stream: 'incident-rec-big', events: 1, text: 5_000_000, type: 'Big', firstId: 0x36 },
    { stream: 'incident-rec-big2', events: 3_000, text: 1_000, type: 'B', firstId: 0x37 },
  ],
  deadline: [{ stream: 'incident-rec-dl', events: 1, text: 1, type: 'A', firstId: 0xc0e, expired: true }],
}

const LATER_MS = 60_000

/** The request that takes the place of an omitted one. */
export function standIn(scenario: string, index: number, correlationId: string): Buffer {
  const rebuilt = REBUILT[scenario]?.[index]
  if (!rebuilt) throw new Error(`No stand-in for append ${index} of ${scenario}`)
  const request = new streams.BatchAppendReq()
  const correlation = new shared.UUID()
  correlation.setString(correlationId)
  request.setCorrelationId(correlation)
  request.setOptions(options(rebuilt))
  for (let at = 0; at < rebuilt.events; at += 1) request.addProposedMessages(proposed(rebuilt, at))
  request.setIsFinal(true)
  return Buffer.from(request.serializeBinary())
}

function options({ stream, expired }: Rebuilt) {
  const identifier = new shared.StreamIdentifier()
  identifier.setStreamName(Buffer.from(stream).toString('base64'))
  const given = new streams.BatchAppendReq.Options()
  given.setStreamIdentifier(identifier)
  given.setAny(new emptyMessage.Empty())
  given.setDeadline(timestamp.Timestamp.fromDate(new Date(Date.now() + (expired ? -1 : LATER_MS))))
  return given
}

function proposed({ text, type, firstId }: Rebuilt, at: number) {
  const id = new shared.UUID()
  id.setString(`00000000-0000-5000-8000-${(firstId + at).toString(16).padStart(12, '0')}`)
  const message = new streams.BatchAppendReq.ProposedMessage()
  message.setId(id)
  message.getMetadataMap().set('content-type', 'application/json')
  message.getMetadataMap().set('type', type)
  message.setData(Buffer.from(JSON.stringify({ x: 'x'.repeat(text) })))
  message.setCustomMetadata(Buffer.from('{"actor":"a"}'))
  return message
}
