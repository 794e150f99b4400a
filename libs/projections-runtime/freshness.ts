import { LOG_START, type Position } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { Checkpoint } from '#libs/read-store'
import type { Clock } from './clock.js'

/**
 * How many seconds behind the log a consumer at `position` is: how long the first event that it has not handled has
 * been waiting; 0 when it has handled all. (A lag in events can't be told from positions.)
 * @param prefixes of the streams that the consumer follows; none given: every stream
 */
export async function lagSeconds(
  eventStore: EventStore,
  position: Position,
  clock: Clock,
  prefixes?: readonly string[],
): Promise<number> {
  if (position >= (await eventStore.head())) return 0
  const recordedAt = await eventStore.recordedAfter(position, prefixes)
  return recordedAt === undefined ? 0 : Math.max(0, clock.now() - Date.parse(recordedAt)) / 1000
}

/** Lags of many consumers at a moment, by their positions: most stand at one place, and for each place the log is asked once. */
export function lagsOf(eventStore: EventStore, clock: Clock): (position: Position) => Promise<number> {
  const lags = new Map<Position, Promise<number>>()
  return (position) => {
    const lag = lags.get(position) ?? lagSeconds(eventStore, position, clock)
    lags.set(position, lag)
    return lag
  }
}

/** Whether a checkpoint was taken from this log, and not from another one or from a history that a restore took back. */
export async function isOfThisLog(eventStore: EventStore, checkpoint: Checkpoint): Promise<boolean> {
  if (checkpoint.logId !== eventStore.logId) return false
  if (checkpoint.position === LOG_START) return true
  const position = await eventStore.currentPosition(checkpoint.position)
  return (await eventStore.eventIdAt(position)) === checkpoint.eventId
}
