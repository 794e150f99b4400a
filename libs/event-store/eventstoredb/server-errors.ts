import { LedgerdeskError, TooLarge, Unavailable } from '#libs/event-sourcing'
import { MAX_APPEND_BYTES } from '../event-store.js'

/** What an error of the client means. */
export type Trouble =
  /** The server cannot be reached or did not answer in time; of an append nobody knows whether it was written. */
  | 'away'
  | 'wrongRevision'
  | 'streamMissing'
  | 'tombstoned'
  | 'denied'
  | 'tooLarge'
  /** No event begins at the position asked for. */
  | 'noSuchPosition'
  /** Anything else: a fault of this program. */
  | 'fault'

const OF_TYPE: Readonly<Record<string, Trouble>> = {
  'wrong-expected-version': 'wrongRevision',
  'stream-not-found': 'streamMissing',
  'stream-deleted': 'tombstoned',
  'access-denied': 'denied',
  'maximum-append-size-exceeded': 'tooLarge',
  'not-leader': 'away',
}

/**
 * gRPC status codes (https://grpc.io/docs/guides/status-codes/). A server that is killed, frozen or restarted answers with
 * 1, 2, 4, 13, 14 or an error without a code; 10 ends a subscriber that is too slow.
 */
const OF_CODE: Readonly<Record<number, Trouble>> = {
  1: 'away',
  2: 'away',
  4: 'away',
  7: 'denied',
  8: 'tooLarge',
  10: 'away',
  13: 'away',
  14: 'away',
  16: 'denied',
}

/** The answer of both 23.10 and 26.1 to a read from where no event begins. */
const NO_SUCH_POSITION = 'Unexpected ReadAllResult'

const OWN_FAULTS = ['TypeError', 'RangeError', 'SyntaxError', 'UnreadableEvent']

export function troubleOf(error: unknown): Trouble {
  if (typeof error !== 'object' || error === null) return 'fault'
  const { name, message, type, code } = error as {
    name?: string
    message?: string
    type?: unknown
    code?: unknown
  }
  if (OWN_FAULTS.includes(name ?? '') || error instanceof LedgerdeskError) return 'fault'
  const byType = typeof type === 'string' ? OF_TYPE[type] : undefined
  if (byType !== undefined) return byType
  if (message?.includes(NO_SUCH_POSITION)) return 'noSuchPosition'
  if (typeof code === 'number') return OF_CODE[code] ?? 'fault'
  return 'away'
}

/** The server said nothing for too long. */
export class NoAnswer extends Error {
  readonly code = 4

  constructor(what: string, milliseconds: number) {
    super(`${what}: no answer for ${milliseconds} ms`)
    this.name = 'NoAnswer'
  }
}

/** A stored event of ours that this program cannot decode, or a foreign one in a record of ours. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent'
}

/** The error of the port for one of the client; errors of this program stay as they are. */
export function portError(error: unknown): unknown {
  const reason = error instanceof Error ? error.message || error.name : String(error)
  switch (troubleOf(error)) {
    case 'away':
      return new Unavailable(
        'EVENT_STORE.UNAVAILABLE',
        `The event store does not answer: ${reason}. Try again.`,
      )
    case 'denied':
      return new Unavailable(
        'EVENT_STORE.ACCESS_DENIED',
        'The event store refuses the credentials it was given. Correct LEDGERDESK_EVENTSTORE_URL.',
        60,
      )
    case 'tombstoned':
      return new Unavailable(
        'EVENT_STORE.STREAM_TOMBSTONED',
        `A stream was tombstoned on the server: ${reason}`,
        60,
      )
    case 'tooLarge':
      return new TooLarge(
        'APPEND.TOO_LARGE',
        `Nothing was written: the server takes less than the ${MAX_APPEND_BYTES} bytes that one append may have.`,
        { limit: MAX_APPEND_BYTES },
      )
    default:
      return error
  }
}
