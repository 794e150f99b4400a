/** kafkajs waits for ever in more than one place when a broker goes away at the wrong moment, so nothing is waited for unlimited. */

/** @throws Error when it takes longer; what was begun goes on, unheard */
export async function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, failed) => {
    timer = setTimeout(() => failed(new Error(`No answer within ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const DISCONNECT_MS = 2_000

/**
 * Waits for a client to disconnect, not for long and whatever comes of it: a client that hangs sends no heartbeats, so
 * its session runs out at the broker.
 */
export async function ended(disconnecting: Promise<void>): Promise<void> {
  await within(DISCONNECT_MS, disconnecting).catch(() => {})
}
