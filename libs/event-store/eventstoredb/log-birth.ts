import { randomUUID } from 'node:crypto'
import { FORWARDS, jsonEvent, NO_STREAM, START } from '@eventstore/db-client'
import { type Position, Refused, toPosition } from '#libs/event-sourcing'
import type { Connection } from './connection.js'
import { NoAnswer, troubleOf } from './server-errors.js'
import type { StreamNames } from './stream-names.js'

/** In one event; the server takes 1 MiB a call. */
const PADDING_BYTES = 500_000n
/** Events that the log to be copied may get between the first and the last run of the copy. */
const HEADROOM = 1_000_000n

export interface LogBirth {
  readonly logId: string
  /** Where the log's first record stands: nothing of ours is before it. */
  readonly position: Position
  /** It began as the copy of a log in another store. */
  readonly migrated: boolean
}

/** What a log that does not exist yet shall be like. */
interface WantedLog {
  /** A migrated log keeps its own; random when left out. */
  readonly logId?: string
  /** For the copy of a log: the last position that the other one gave. All of the new one come after it. */
  readonly beyond?: Position
  /** false: it must be there already. */
  readonly begin?: boolean
}

/**
 * Finds the log of a namespace, or begins it. Of several processes that begin it at once one wins, and all go by what
 * was written.
 * @throws Unavailable; Refused `LOG.FOREIGN` when the log is there with another id, `LOG.MISSING` when it must be there and is not, `LOG.NOT_A_COPY` when a copy was asked for
 *   and the log is none, or begins too early for it
 */
export async function findOrBeginLog(
  connection: Connection,
  names: StreamNames,
  { logId: wanted, beyond, begin = true }: WantedLog = {},
): Promise<LogBirth> {
  const stream = names.reserved('log')
  const logId = wanted ?? randomUUID()
  const data = beyond === undefined ? { logId } : { logId, migrated: true }
  const first = jsonEvent({ id: randomUUID(), type: 'LogBegun', data })
  const birth = await connection.patiently(async () => {
    const found = await readBirth(connection, stream)
    if (found !== undefined) return found
    if (!begin)
      throw new Refused(
        'LOG.MISSING',
        `There is no log in ${stream}: is this the right namespace? A server that starts in it begins one`,
      )
    if (beyond !== undefined) await pad(connection, names.reserved('padding'), beyond)
    const options = { ...connection.appendOptions(), expectedRevision: NO_STREAM } as const
    await connection
      .call('Beginning the log', () => connection.client.appendToStream(stream, first, options))
      .catch((error) => {
        if (troubleOf(error) !== 'wrongRevision') throw error
      })
    const begun = await readBirth(connection, stream)
    if (begun === undefined) throw new NoAnswer('Reading the log that was begun', 0)
    return begun
  })
  if (wanted !== undefined && birth.logId !== wanted) {
    const message = `${stream} belongs to the log ${birth.logId}: give each log a namespace of its own`
    throw new Refused('LOG.FOREIGN', message)
  }
  if (beyond !== undefined && (!birth.migrated || birth.position <= beyond)) {
    const why = birth.migrated
      ? `begins at ${birth.position}, and the log to be copied has come to ${beyond} meanwhile`
      : 'is no copy of another log'
    throw new Refused('LOG.NOT_A_COPY', `The log in ${stream} ${why}: copy into a fresh namespace`)
  }
  return birth
}

async function readBirth(connection: Connection, stream: string): Promise<LogBirth | undefined> {
  const read = connection.readStream(stream, {
    direction: FORWARDS,
    fromRevision: START,
    maxCount: 1,
  })
  const [first] = await connection.collect('Reading the log id', read).catch((error) => {
    if (troubleOf(error) === 'streamMissing') return []
    throw error
  })
  if (first?.event === undefined) return undefined
  const { logId, migrated = false } = first.event.data as { logId?: unknown; migrated?: boolean }
  if (typeof logId !== 'string' || first.event.position === undefined) {
    throw new Error(`${stream} holds no log id: somebody else wrote to it`)
  }
  return { logId, position: toPosition(first.event.position.commit), migrated }
}

/**
 * Writes until the server's positions have come beyond one. They count bytes of its log, so that costs no more bytes
 * than the other log has events.
 */
async function pad(connection: Connection, stream: string, beyond: Position): Promise<void> {
  const floor = BigInt(beyond) + HEADROOM
  for (let missing = floor; missing > 0n; ) {
    const size = Number(missing > PADDING_BYTES ? PADDING_BYTES : missing)
    const filler = jsonEvent({ type: 'Padding', data: { filler: ' '.repeat(size) } })
    const { position } = await connection.call('Padding the log', () =>
      connection.client.appendToStream(stream, filler, connection.appendOptions()),
    )
    if (position === undefined) throw new Error('The server gave no position')
    missing = floor - position.commit
  }
}
