import { status as code, type handleBidiStreamingCall, type handleClientStreamingCall } from '@grpc/grpc-js'
import { refusal, streamDeleted, streamName, uuidText } from './answers.js'
import {
  badRequest,
  batchSuccess,
  deletedStatus,
  timeout,
  tooLargeStatus,
  unaryAnswer,
  wrongStatus,
} from './append-answers.js'
import { ANY, type EventLog, NO_STREAM, type ProposedEvent, STREAM_EXISTS } from './event-log.js'
import { bytesOf, type Outgoing, type Profile, status, streams } from './protocol.js'

/** What one call may hold: EventStoreDB sums it up, KurrentDB looks at each event too. */
const LIMITS: Record<Profile, { event: number; call: number }> = {
  '23.10': { event: 1024 * 1024, call: 1024 * 1024 },
  '26.1': { event: 16 * 1024 * 1024, call: 256 * 1024 * 1024 },
}

const BAD_STREAM: Record<Profile, string> = {
  '23.10': "Value cannot be null. (Parameter 'value')",
  '26.1': "Invalid stream ID:  (Parameter 'eventStreamIds')",
}

/** A bad request is answered a second time after this long: the server's own time-out still runs. */
const SECOND_ANSWER_MS = 2000

/**
 * Through it goes every append: `write` changes the log and returns how to answer. A fault may hold it back, or write
 * and never answer.
 */
export type AppendGate = (write: () => () => void) => void

export interface AppendContext {
  profile: Profile
  log: EventLog
  gate: AppendGate
}

type BatchRequest = InstanceType<typeof streams.BatchAppendReq>
type BatchOptions = InstanceType<typeof streams.BatchAppendReq.Options>
type Proposed =
  | InstanceType<typeof streams.BatchAppendReq.ProposedMessage>
  | InstanceType<typeof streams.AppendReq.ProposedMessage>

interface Expectation {
  hasAny(): boolean
  hasNoStream(): boolean
  hasStreamExists(): boolean
}

/** A request's expectation as the server numbers it. */
export const expectedRevision = (options: Expectation, revision: string): number => {
  if (options.hasAny()) return ANY
  if (options.hasNoStream()) return NO_STREAM
  return options.hasStreamExists() ? STREAM_EXISTS : Number(revision)
}

/** The event that a client proposes; undefined when the server would not take it. */
function proposedEvent(message: Proposed): ProposedEvent | undefined {
  const id = uuidText(message.getId())
  const type = message.getMetadataMap().get('type')
  if (!id || !type) return undefined
  return {
    id,
    type,
    contentType: message.getMetadataMap().get('content-type') ?? 'application/octet-stream',
    data: bytesOf(message.getData()),
    metadata: bytesOf(message.getCustomMetadata()),
  }
}

/** Size as the server counts it (`Event.SizeOnDisk`): a type counts two bytes a character. */
const size = ({ type, data, metadata }: ProposedEvent): number =>
  type.length * 2 + data.length + metadata.length

function tooLarge(profile: Profile, events: readonly ProposedEvent[]): boolean {
  const limit = LIMITS[profile]
  let total = 0
  for (const event of events) {
    if (size(event) > limit.event) return true
    total += size(event)
  }
  return total > limit.call
}

/** `Append`: one call an append, as the client does it when the call has credentials of its own. */
export function append(
  context: AppendContext,
): handleClientStreamingCall<InstanceType<typeof streams.AppendReq>, Outgoing> {
  return (call, respond) => {
    const { profile, log, gate } = context
    let stream = ''
    let expected = ANY
    const events: (ProposedEvent | undefined)[] = []
    call.on('data', (request: InstanceType<typeof streams.AppendReq>) => {
      const options = request.getOptions()
      if (options) {
        stream = streamName(options.getStreamIdentifier())
        expected = expectedRevision(options, options.getRevision())
      } else events.push(proposedEvent(request.getProposedMessage()!))
    })
    // A call that is cut off, by its deadline perhaps, ends a moment before it says so: the server appends nothing of it
    call.on('end', () => setImmediate(() => call.cancelled || appendAll()))
    const appendAll = () => {
      const valid = events.filter((event) => event !== undefined)
      if (!stream || valid.length < events.length) {
        return respond(refusal(profile, code.UNKNOWN, 'Exception was thrown by handler.'))
      }
      if (tooLarge(profile, valid)) {
        return respond(
          refusal(
            profile,
            code.INVALID_ARGUMENT,
            `Maximum Append Size of ${LIMITS[profile].call} Exceeded.`,
            {
              exception: 'maximum-append-size-exceeded',
              'maximum-append-size': String(LIMITS[profile].call),
            },
          ),
        )
      }
      gate(() => {
        const outcome = log.append(stream, expected, valid)
        return () => {
          if (outcome.kind === 'deleted') respond(streamDeleted(profile, stream))
          else respond(null, unaryAnswer(outcome, expected))
        }
      })
    }
  }
}

/** `BatchAppend`: one call for all appends of a client, told apart by correlation id. */
export function batchAppend(context: AppendContext): handleBidiStreamingCall<BatchRequest, Outgoing> {
  return (call) => {
    const open = new Map<string, { options: BatchOptions; events: (ProposedEvent | undefined)[] }>()
    call.on('data', (request: BatchRequest) => {
      const id = uuidText(request.getCorrelationId()) ?? ''
      const options = open.get(id)?.options ?? request.getOptions()
      if (!options) return
      const batch = open.get(id) ?? { options, events: [] }
      batch.events.push(...request.getProposedMessagesList().map(proposedEvent))
      open.set(id, batch)
      if (!request.getIsFinal()) return
      open.delete(id)
      answerBatch(context, request, options, batch.events, (answer) => call.write(answer))
    })
    call.on('end', () => call.end())
    call.on('error', () => open.clear())
  }
}

function answerBatch(
  { profile, log, gate }: AppendContext,
  request: BatchRequest,
  options: BatchOptions,
  events: (ProposedEvent | undefined)[],
  send: (answer: Outgoing) => void,
): void {
  const stream = streamName(options.getStreamIdentifier())
  const expected = expectedRevision(options, options.getStreamPosition())
  const answer = new streams.BatchAppendResp()
  answer.setCorrelationId(request.getCorrelationId())
  answer.setStreamIdentifier(options.getStreamIdentifier())
  const fail = (error: InstanceType<typeof status.Status>) => {
    answer.setError(error)
    send(answer)
  }
  const valid = events.filter((event) => event !== undefined)
  if (valid.length < events.length) {
    setTimeout(() => fail(timeout()), SECOND_ANSWER_MS).unref()
  }
  const error = refusalOf(profile, stream, events, options)
  if (error) {
    fail(error)
    return
  }
  gate(() => {
    const outcome = log.append(stream, expected, valid)
    return () => {
      if (outcome.kind === 'deleted') return fail(deletedStatus(stream))
      if (outcome.kind === 'wrong') return fail(wrongStatus(outcome.current, expected))
      answer.setSuccess(batchSuccess(outcome.revision, outcome.position))
      send(answer)
    }
  })
}

/** Why the server takes no part of an append; undefined when it takes all of it. */
function refusalOf(
  profile: Profile,
  stream: string,
  events: readonly (ProposedEvent | undefined)[],
  options: BatchOptions,
) {
  const valid = events.filter((event) => event !== undefined)
  if (valid.length < events.length) return badRequest("Value cannot be null. (Parameter 'value')")
  if (!stream) return badRequest(BAD_STREAM[profile])
  if (tooLarge(profile, valid)) return tooLargeStatus(LIMITS[profile].call)
  return isPast(options) ? timeout() : undefined
}

const isPast = (options: BatchOptions): boolean => {
  const deadline = options.getDeadline()
  return deadline !== undefined && deadline.toDate().getTime() < Date.now()
}
