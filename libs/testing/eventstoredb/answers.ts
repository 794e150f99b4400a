import { status as code, Metadata, type ServiceError } from '@grpc/grpc-js'
import type { StoredEvent } from './event-log.js'
import { type Profile, shared, streams } from './protocol.js'

/** Header fields of an answer without a message, as Kestrel sends them. */
export function trailers(profile: Profile, more: Record<string, string> = {}): Metadata {
  const metadata = new Metadata()
  metadata.set('content-type', 'application/grpc')
  metadata.set('date', new Date().toUTCString())
  metadata.set('server', 'Kestrel')
  if (profile === '26.1') metadata.set('grpc-encoding', 'gzip')
  metadata.set('content-length', '0')
  for (const [name, value] of Object.entries(more)) metadata.set(name, value)
  return metadata
}

/** An error as grpc-js takes it, for unary and streaming calls alike. */
export function refusal(
  profile: Profile,
  status: code,
  details: string,
  more: Record<string, string> = {},
): ServiceError {
  return Object.assign(new Error(details), { code: status, details, metadata: trailers(profile, more) })
}

export function streamDeleted(profile: Profile, stream: string): ServiceError {
  return refusal(profile, code.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  })
}

/** What a follower answers to a call that asks for the leader. */
export function notLeader(profile: Profile, leader: { host: string; port: number }): ServiceError {
  return refusal(profile, code.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': leader.host,
    'leader-endpoint-port': String(leader.port),
  })
}

/** Trailers hold ASCII only; the server sends such names in UTF-8, grpc-js would refuse them. */
export const streamName = (identifier: InstanceType<typeof shared.StreamIdentifier> | undefined): string =>
  identifier ? Buffer.from(identifier.getStreamName_asU8()).toString('utf8') : ''

export function streamIdentifier(stream: string) {
  const identifier = new shared.StreamIdentifier()
  identifier.setStreamName(Buffer.from(stream).toString('base64'))
  return identifier
}

export function streamNotFound(stream: string) {
  const answer = new streams.ReadResp()
  const missing = new streams.ReadResp.StreamNotFound()
  missing.setStreamIdentifier(streamIdentifier(stream))
  answer.setStreamNotFound(missing)
  return answer
}

export function confirmation(subscriptionId: string) {
  const answer = new streams.ReadResp()
  const confirmed = new streams.ReadResp.SubscriptionConfirmation()
  confirmed.setSubscriptionId(subscriptionId)
  answer.setConfirmation(confirmed)
  return answer
}

/** A place in `$all`. Commit and prepare are equal for events; a checkpoint between events has no prepare. */
export interface Place {
  commit: number
  prepare: number
}

export const placeOf = ({ position }: StoredEvent): Place => ({ commit: position, prepare: position })

export function checkpoint({ commit, prepare }: Place) {
  const answer = new streams.ReadResp()
  const reached = new streams.ReadResp.Checkpoint()
  reached.setCommitPosition(String(commit))
  reached.setPreparePosition(String(prepare))
  answer.setCheckpoint(reached)
  return answer
}

export function caughtUp() {
  const answer = new streams.ReadResp()
  answer.setCaughtUp(new streams.ReadResp.CaughtUp())
  return answer
}

export function fellBehind() {
  const answer = new streams.ReadResp()
  answer.setFellBehind(new streams.ReadResp.FellBehind())
  return answer
}

/** A recorded event as a reader gets it, encoded once for all readers that ask for ids as strings. */
export function eventAnswer(event: StoredEvent, structuredIds = false): Buffer {
  if (structuredIds) return encodeEvent(event, structuredIds)
  event.encoded ??= encodeEvent(event, false)
  return event.encoded
}

function encodeEvent(event: StoredEvent, structuredIds: boolean): Buffer {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
  recorded.setId(uuid(event.id, structuredIds))
  recorded.setStreamIdentifier(streamIdentifier(event.stream))
  recorded.setStreamRevision(String(event.revision))
  recorded.setCommitPosition(String(event.position))
  recorded.setPreparePosition(String(event.position))
  recorded.getMetadataMap().set('content-type', event.contentType)
  recorded.getMetadataMap().set('created', event.created)
  recorded.getMetadataMap().set('type', event.type)
  recorded.setCustomMetadata(event.metadata)
  recorded.setData(event.data)
  const read = new streams.ReadResp.ReadEvent()
  read.setEvent(recorded)
  read.setCommitPosition(String(event.position))
  const answer = new streams.ReadResp()
  answer.setEvent(read)
  return Buffer.from(answer.serializeBinary())
}

function uuid(id: string, structured: boolean) {
  const answer = new shared.UUID()
  if (!structured) {
    answer.setString(id)
    return answer
  }
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex')
  const halves = new shared.UUID.Structured()
  halves.setMostSignificantBits(bytes.readBigInt64BE(0).toString())
  halves.setLeastSignificantBits(bytes.readBigInt64BE(8).toString())
  answer.setStructured(halves)
  return answer
}

/** The id of a UUID message as text; undefined when it is none. */
export function uuidText(message: InstanceType<typeof shared.UUID> | undefined): string | undefined {
  if (message?.hasStructured()) {
    const bytes = Buffer.alloc(16)
    bytes.writeBigInt64BE(BigInt(message.getStructured()!.getMostSignificantBits()), 0)
    bytes.writeBigInt64BE(BigInt(message.getStructured()!.getLeastSignificantBits()), 8)
    const hex = bytes.toString('hex')
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  }
  const text = message?.getString() ?? ''
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : undefined
}
