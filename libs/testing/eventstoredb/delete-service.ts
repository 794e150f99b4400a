import { status as code, type handleUnaryCall } from '@grpc/grpc-js'
import { refusal, streamDeleted, streamName } from './answers.js'
import { type AppendContext, expectedRevision } from './append-service.js'
import type { DeleteOutcome } from './event-log.js'
import { type Outgoing, streams } from './protocol.js'

type DeleteRequest = InstanceType<typeof streams.DeleteReq>
type TombstoneRequest = InstanceType<typeof streams.TombstoneReq>

/** `Delete`: hides a stream. */
export function softDelete({ profile, log }: AppendContext): handleUnaryCall<DeleteRequest, Outgoing> {
  return (call, respond) => {
    const { stream, expected } = target(call.request)
    const outcome = log.delete(stream, expected)
    if (outcome.kind !== 'deleted') return respond(refused({ profile, stream, expected, outcome }))
    const position = new streams.DeleteResp.Position()
    position.setCommitPosition(String(outcome.position))
    position.setPreparePosition(String(outcome.position))
    const answer = new streams.DeleteResp()
    answer.setPosition(position)
    respond(null, answer)
  }
}

/** `Tombstone`: deletes a stream for ever. */
export function tombstone({ profile, log }: AppendContext): handleUnaryCall<TombstoneRequest, Outgoing> {
  return (call, respond) => {
    const { stream, expected } = target(call.request)
    const outcome = log.tombstone(stream, expected)
    if (outcome.kind !== 'deleted') return respond(refused({ profile, stream, expected, outcome }))
    const position = new streams.TombstoneResp.Position()
    position.setCommitPosition(String(outcome.position))
    position.setPreparePosition(String(outcome.position))
    const answer = new streams.TombstoneResp()
    answer.setPosition(position)
    respond(null, answer)
  }
}

function target(request: DeleteRequest | TombstoneRequest) {
  const options = request.getOptions()!
  return {
    stream: streamName(options.getStreamIdentifier()),
    expected: expectedRevision(options, options.getRevision()),
  }
}

interface Refused {
  profile: AppendContext['profile']
  stream: string
  expected: number
  outcome: Exclude<DeleteOutcome, { kind: 'deleted' }>
}

function refused({ profile, stream, expected, outcome }: Refused) {
  if (outcome.kind === 'gone') return streamDeleted(profile, stream)
  const details = `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${outcome.current}`
  return refusal(profile, code.FAILED_PRECONDITION, details, {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': String(expected),
    'actual-version': String(outcome.current),
  })
}
