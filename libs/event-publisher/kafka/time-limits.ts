import { within as limited } from '#libs/time-limit'

/** kafkajs waits for ever in more than one place when a broker goes away at the wrong moment, so nothing is waited for unlimited. */

/** @throws Error when it takes longer; what was begun goes on, unheard */
export function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value> {
  return limited(milliseconds, work, () => {
    throw new Error(`No answer within ${milliseconds} ms`)
  })
}

const DISCONNECT_MS = 2_000

/**
 * Waits for a client to disconnect, not for long and whatever comes of it: a client that hangs sends no heartbeats, so
 * its session runs out at the broker.
 */
export async function ended(disconnecting: Promise<void>): Promise<void> {
  await within(DISCONNECT_MS, disconnecting).catch(() => {})
}
