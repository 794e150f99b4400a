import { status as code, type handleServerStreamingCall, type ServerWritableStream } from '@grpc/grpc-js'
import { eventAnswer, refusal, streamDeleted, streamName, streamNotFound, trailers } from './answers.js'
import { eventFilter } from './event-filter.js'
import type { EventLog, StoredEvent } from './event-log.js'
import type { Answers } from './framing.js'
import { type Outgoing, type Profile, streams } from './protocol.js'

type ReadRequest = InstanceType<typeof streams.ReadReq>
export type ReadOptions = InstanceType<typeof streams.ReadReq.Options>
export type ReadCall = ServerWritableStream<ReadRequest, Outgoing | Answers>

export interface ReadContext {
  profile: Profile
  log: EventLog
  /** Sends answers at once; resolves when more may follow, false when the call is over. */
  send: (call: ReadCall, answers: readonly Outgoing[]) => Promise<boolean>
  /** Takes over calls that stay open. */
  subscribe: (call: ReadCall, options: ReadOptions) => void
}

/** Why a read is refused, in each release's words. */
const REFUSALS: Record<Profile, { fromEnd: string; noCount: string; noCountAll: string; filtered: string }> =
  {
    '23.10': {
      fromEnd: 'Unexpected ReadStreamResult: Error',
      noCount: 'Unexpected ReadStreamResult: Error',
      noCountAll: 'Unexpected ReadAllResult: Error',
      filtered: 'Unexpected FilteredReadAllResult: Error',
    },
    '26.1': {
      fromEnd:
        "Unexpected ReadStreamResult: Error >> fromEventNumber should be non negative. (Parameter 'fromEventNumber')",
      noCount: "Unexpected ReadStreamResult: Error >> maxCount should be positive. (Parameter 'maxCount')",
      noCountAll: "Unexpected ReadAllResult: Error >> maxCount should be positive. (Parameter 'maxCount')",
      filtered: 'Unexpected FilteredReadAllResult: InvalidPosition',
    },
  }

/** Events that leave in one write. */
export const EVENTS_AT_ONCE = 64

const HEADER_BYTES = 8

/** `Read`: pages of a stream or of `$all`, and subscriptions to either. */
export function read(context: ReadContext): handleServerStreamingCall<ReadRequest, Outgoing | Answers> {
  return (call) => {
    const options = call.request.getOptions()!
    if (options.hasSubscription()) return context.subscribe(call, options)
    void sendAll(
      context,
      call,
      options.hasStream() ? readStream(context, options) : readAll(context, options),
    )
  }
}

type Page = { events: readonly StoredEvent[] } | { missing: string } | { error: ReturnType<typeof refusal> }

async function sendAll(context: ReadContext, call: ReadCall, page: Page): Promise<void> {
  if ('error' in page) {
    call.emit('error', page.error)
    return
  }
  if ('missing' in page) {
    await context.send(call, [streamNotFound(page.missing)])
    call.end()
    return
  }
  const structured = call.request.getOptions()?.getUuidOption()?.hasStructured() ?? false
  for (let from = 0; from < page.events.length; from += EVENTS_AT_ONCE) {
    const next = page.events.slice(from, from + EVENTS_AT_ONCE)
    const open = await context.send(
      call,
      next.map((event) => eventAnswer(event, structured)),
    )
    if (!open) return
  }
  if (page.events.length === 0) call.end(trailers(context.profile))
  else call.end()
}

function readStream({ profile, log }: ReadContext, options: ReadOptions): Page {
  const from = options.getStream()!
  const stream = streamName(from.getStreamIdentifier())
  const backwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS
  const count = Number(options.getCount())
  if (from.hasEnd() && !backwards) return { error: refusal(profile, code.UNKNOWN, REFUSALS[profile].fromEnd) }
  if (count === 0) return { error: refusal(profile, code.UNKNOWN, REFUSALS[profile].noCount) }
  if (log.isTombstoned(stream)) return { error: streamDeleted(profile, stream) }
  const events = log.readable(stream)
  if (!events) return { missing: stream }
  const start = from.hasStart() ? 0 : from.hasEnd() ? Number.MAX_SAFE_INTEGER : Number(from.getRevision())
  if (!backwards) {
    const first = Math.max(0, start - (events[0]?.revision ?? 0))
    return { events: events.slice(first, first + count) }
  }
  const upTo = events.filter(({ revision }) => revision <= start).reverse()
  return { events: upTo.slice(0, count) }
}

function readAll({ profile, log }: ReadContext, options: ReadOptions): Page {
  const count = Number(options.getCount())
  if (count === 0) return { error: refusal(profile, code.UNKNOWN, REFUSALS[profile].noCountAll) }
  const range = allRange(profile, log, options)
  if ('error' in range) return range
  const filter = options.hasFilter() ? eventFilter(options.getFilter()!) : undefined
  const step = range.backwards ? -1 : 1
  const events: StoredEvent[] = []
  for (let at = range.from; events.length < count; at += step) {
    const event = log.all[at]
    if (!event) break
    if (!filter || filter(event)) events.push(event)
  }
  return { events }
}

type Range = { from: number; backwards: boolean } | { error: ReturnType<typeof refusal> }

/** Where a read of `$all` begins: forwards at the position itself, backwards right before it. */
function allRange(profile: Profile, log: EventLog, options: ReadOptions): Range {
  const all = options.getAll()!
  const backwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS
  if (all.hasStart()) return { from: backwards ? -1 : 0, backwards }
  if (all.hasEnd()) return { from: backwards ? log.all.length - 1 : log.all.length, backwards }
  const position = Number(all.getPosition()?.getCommitPosition() ?? 0)
  const index = allIndex(log, position)
  if (index === undefined) return { error: invalidPosition(profile, log, position, options.hasFilter()) }
  return { from: backwards ? index - 1 : index, backwards }
}

/** The index of the first event at or after a position; undefined when no record begins there. */
export function allIndex(log: EventLog, position: number): number | undefined {
  const found = log.indexOf(position)
  if (found >= 0) return found
  return position >= log.endPosition || log.isRecordStart(position) ? -1 - found : undefined
}

/** The refusal of a position inside a record: the server reads its bytes as a length, and says so since 26.1. */
export function invalidPosition(profile: Profile, log: EventLog, position: number, filtered: boolean) {
  if (profile === '23.10') {
    const { filtered: ofFiltered, noCountAll } = REFUSALS[profile]
    return refusal(profile, code.UNKNOWN, filtered ? ofFiltered : noCountAll)
  }
  const result = filtered ? REFUSALS[profile].filtered : 'Unexpected ReadAllResult: InvalidPosition'
  const lengthPrefix = (recordLength(log, position) - HEADER_BYTES) * 256
  return refusal(
    profile,
    code.UNKNOWN,
    `${result} >> There is not enough space to read full record (length prefix: ${lengthPrefix}). Actual pre-position: ${position}. Something is seriously wrong in chunk #0-0 (chunk-000000.000000).`,
  )
}

/** Length of the record that follows a position. */
function recordLength(log: EventLog, position: number): number {
  const next = -1 - log.indexOf(position)
  const begin = log.all[next]?.position ?? log.endPosition
  return (log.all[next + 1]?.position ?? log.endPosition) - begin
}
