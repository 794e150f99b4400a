import { randomUUID } from 'node:crypto'
import { FORWARDS, jsonEvent, NO_STREAM, START } from '@eventstore/db-client'
import { type Position, toPosition } from '#libs/event-sourcing'
import type { Connection } from './connection.js'
import { NoAnswer, troubleOf } from './server-errors.js'
import type { StreamNames } from './stream-names.js'

export interface LogBirth {
  readonly logId: string
  /** Where the log's first record stands: nothing of ours is before it. */
  readonly position: Position
}

/**
 * Finds the log of a namespace, or begins it. Of several processes that begin it at once one wins, and all go by what
 * was written.
 * @param wanted the id that a new log shall bear (a migrated log keeps its own)
 * @throws Unavailable; Error when the log is there with another id
 */
export async function findOrBeginLog(
  connection: Connection,
  names: StreamNames,
  wanted?: string,
): Promise<LogBirth> {
  const stream = names.reserved('log')
  const first = jsonEvent({ id: randomUUID(), type: 'LogBegun', data: { logId: wanted ?? randomUUID() } })
  const birth = await connection.patiently(async () => {
    const found = await readBirth(connection, stream)
    if (found !== undefined) return found
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
    throw new Error(`${stream} belongs to the log ${birth.logId}: give each log a namespace of its own`)
  }
  return birth
}

async function readBirth(connection: Connection, stream: string): Promise<LogBirth | undefined> {
  const read = connection.client.readStream(stream, { direction: FORWARDS, fromRevision: START, maxCount: 1 })
  const [first] = await connection.collect('Reading the log id', read).catch((error) => {
    if (troubleOf(error) === 'streamMissing') return []
    throw error
  })
  if (first?.event === undefined) return undefined
  const { logId } = first.event.data as { logId?: unknown }
  if (typeof logId !== 'string' || first.event.position === undefined) {
    throw new Error(`${stream} holds no log id: somebody else wrote to it`)
  }
  return { logId, position: toPosition(first.event.position.commit) }
}
