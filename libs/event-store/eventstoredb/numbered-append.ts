import { type Codec, derivedId, type NewEvent, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import { type EncodedAppend, encodeAppend } from '../encode-append.js'
import type { Appended, AppendOutcome, NumberedAppend, NumberedOutcome } from '../event-store.js'
import type { LiveTail } from './live-tail.js'
import type { NumberBlocks } from './number-blocks.js'
import { settle } from './settle.js'
import type { StreamAccess } from './stream-access.js'

interface NumberedAppendParts {
  codec: Codec
  blocks: NumberBlocks
  streams: StreamAccess
  tail: LiveTail
  /** Appends and reads back what stands there then. */
  append(encoded: EncodedAppend, sent: readonly NewEvent[]): Promise<AppendOutcome>
}

/**
 * Opens a numbered record: first the claim, when there is one, then the record. Unknown outcomes are settled here, since a
 * caller that repeats the whole without a claim would be given another number.
 *
 * The last claim holds: a second one follows only when the claimed number turned out to be borne already by a record
 * that brought its number along.
 * @throws InvalidInput, TooLarge; whatever building the events throws, and then nothing was written
 */
export async function appendNumbered(
  parts: NumberedAppendParts,
  { series, claim, events }: NumberedAppend,
): Promise<NumberedOutcome> {
  const { blocks, codec } = parts
  for (let claims = 0; ; claims++) {
    const n = await blocks.take(series)
    const number = series.format(n)
    let record: EncodedAppend
    let sent: readonly NewEvent[]
    let claiming: EncodedAppend | undefined
    try {
      const stream = series.streamPrefix + number
      sent = events(number)
      record = encodeAppend(codec, { stream, expectedRevision: 'noStream', events: sent })
      claiming = claim && encodeAppend(codec, claimRequest(claim, number, claims))
    } catch (error) {
      blocks.giveBack(series, n)
      throw error
    }
    if (claiming !== undefined) {
      const claimed = await claimNumber(parts, claiming, number)
      if (typeof claimed !== 'string') return claimed
      if (claimed !== number) {
        blocks.giveBack(series, n)
        return { kind: 'alreadyClaimed', number: claimed }
      }
    }
    const outcome = await settle(() => parts.append(record, sent))
    if (outcome.kind === 'unknown') return outcome
    // Another caller with the same claim was faster; it may have sent another request.
    if (outcome.kind === 'alreadyAppended' && claim) return { kind: 'alreadyClaimed', number }
    if (outcome.kind !== 'conflict') return asAppended(outcome, number)
  }
}

/** Without a claim a number is this caller's alone: what it finds there, it wrote. */
function asAppended({ events, last }: Appended, number: string): NumberedOutcome {
  return { kind: 'appended', number, events, last }
}

function claimRequest(
  { stream, event }: NonNullable<NumberedAppend['claim']>,
  number: string,
  earlier: number,
) {
  const claimed = event(number)
  return earlier === 0
    ? { stream, expectedRevision: 'noStream' as const, events: [claimed] }
    : {
        stream,
        expectedRevision: earlier - 1,
        events: [{ ...claimed, id: derivedId('claim', claimed.id, earlier) }],
      }
}

/**
 * @returns the number that the claim stream holds. The server takes a claim of the same command for a repeat and drops
 * its number, so only what stands there counts. Nobody else is given `ours`: where it stands, nobody claims again.
 */
async function claimNumber(
  { streams, tail }: NumberedAppendParts,
  claim: EncodedAppend,
  ours: string,
): Promise<string | { kind: 'unknown'; cause: unknown }> {
  return tail.listen(claim.stream, async (arrived) => {
    const outcome = await settle(() => streams.append(claim))
    if (outcome.kind === 'unknown') return outcome
    if (outcome.kind === 'written') {
      const [written] = (await arrived(outcome.last.revision, outcome.last)) ?? []
      if (numberOf(written) === ours) return ours
    }
    let standing: RecordedEvent | undefined
    try {
      ;[standing] = await streams.read(claim.stream, { direction: 'backwards', limit: 1 })
    } catch (cause) {
      return { kind: 'unknown', cause }
    }
    const number = numberOf(standing)
    if (number === undefined) {
      throw new Unavailable(
        'EVENT_STORE.CLAIM_UNREADABLE',
        `${claim.stream} holds no number: it was not written by us`,
      )
    }
    return number
  })
}

function numberOf(claim: RecordedEvent | undefined): string | undefined {
  const { number } = (claim?.data ?? {}) as { number?: unknown }
  return typeof number === 'string' ? number : undefined
}
