import { status as code } from '@grpc/grpc-js'
import protobuf from 'google-protobuf'
import anyMessage from 'google-protobuf/google/protobuf/any_pb.js'
import emptyMessage from 'google-protobuf/google/protobuf/empty_pb.js'
import { streamIdentifier } from './answers.js'
import { ANY, type AppendOutcome, NO_STREAM, STREAM_EXISTS } from './event-log.js'
import { type Outgoing, shared, status, streams } from './protocol.js'

/** Fields of `AppendResp` that are written by number: the old field bears -1 in 64 unsigned bits, too many for a number. */
const WRONG_EXPECTED_VERSION = 2
const EXPECTED_REVISION_20_6_0 = 3
const MINUS_ONE = '18446744073709551615'

/** The answer of `Append` to an outcome. */
export function unaryAnswer(
  outcome: Exclude<AppendOutcome, { kind: 'deleted' }>,
  expected: number,
): Outgoing {
  if (outcome.kind === 'wrong') return unaryWrong(outcome.current, expected)
  const answer = new streams.AppendResp()
  const success = new streams.AppendResp.Success()
  if (outcome.revision < 0) success.setNoStream(new shared.Empty())
  else success.setCurrentRevision(String(outcome.revision))
  const position = new streams.AppendResp.Position()
  position.setCommitPosition(String(outcome.position))
  position.setPreparePosition(String(outcome.position))
  success.setPosition(position)
  answer.setSuccess(success)
  return answer
}

function unaryWrong(current: number, expected: number): Buffer {
  const wrong = new streams.AppendResp.WrongExpectedVersion()
  if (current < 0) {
    wrong.setNoStream2060(new shared.Empty())
    wrong.setCurrentNoStream(new shared.Empty())
  } else {
    wrong.setCurrentRevision2060(current)
    wrong.setCurrentRevision(String(current))
  }
  if (expected === ANY) {
    wrong.setAny2060(new shared.Empty())
    wrong.setExpectedAny(new shared.Empty())
  } else if (expected === STREAM_EXISTS) {
    wrong.setStreamExists2060(new shared.Empty())
    wrong.setExpectedStreamExists(new shared.Empty())
  } else if (expected === NO_STREAM) {
    wrong.setExpectedNoStream(new shared.Empty())
  } else {
    wrong.setExpectedRevision2060(expected)
    wrong.setExpectedRevision(String(expected))
  }
  const body = new protobuf.BinaryWriter()
  streams.AppendResp.WrongExpectedVersion.serializeBinaryToWriter(wrong, body)
  if (expected === NO_STREAM) body.writeUint64String(EXPECTED_REVISION_20_6_0, MINUS_ONE)
  const answer = new protobuf.BinaryWriter()
  answer.writeBytes(WRONG_EXPECTED_VERSION, body.getResultBuffer())
  return Buffer.from(answer.getResultBuffer())
}

/** The success of `BatchAppend`. */
export function batchSuccess(revision: number, at: number) {
  const success = new streams.BatchAppendResp.Success()
  success.setCurrentRevision(String(Math.max(0, revision)))
  if (revision < 0) success.setNoStream(new emptyMessage.Empty())
  const position = new shared.AllStreamPosition()
  position.setCommitPosition(String(at))
  position.setPreparePosition(String(at))
  success.setPosition(position)
  return success
}

function errorStatus(grpcCode: number, name: string, details: { serializeBinary(): Uint8Array }) {
  const any = new anyMessage.Any()
  any.setTypeUrl(`type.googleapis.com/event_store.client.${name}`)
  any.setValue(details.serializeBinary())
  const error = new status.Status()
  error.setCode(grpcCode)
  error.setMessage(name)
  error.setDetails(any)
  return error
}

export const timeout = () => errorStatus(code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout())

export function badRequest(message: string) {
  const details = new shared.BadRequest()
  details.setMessage(message)
  return errorStatus(code.INVALID_ARGUMENT, 'BadRequest', details)
}

export function tooLargeStatus(limit: number) {
  const details = new shared.MaximumAppendSizeExceeded()
  details.setMaxappendsize(limit)
  return errorStatus(code.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', details)
}

export function deletedStatus(stream: string) {
  const details = new shared.StreamDeleted()
  details.setStreamIdentifier(streamIdentifier(stream))
  return errorStatus(code.NOT_FOUND, 'StreamDeleted', details)
}

export function wrongStatus(current: number, expected: number) {
  const details = new shared.WrongExpectedVersion()
  if (current < 0) details.setCurrentNoStream(new emptyMessage.Empty())
  else details.setCurrentStreamRevision(String(current))
  if (expected === ANY) details.setExpectedAny(new emptyMessage.Empty())
  else if (expected === NO_STREAM) details.setExpectedNoStream(new emptyMessage.Empty())
  else if (expected === STREAM_EXISTS) details.setExpectedStreamExists(new emptyMessage.Empty())
  else details.setExpectedStreamPosition(String(expected))
  return errorStatus(code.ALREADY_EXISTS, 'WrongExpectedVersion', details)
}
