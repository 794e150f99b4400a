import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { within } from '#libs/time-limit'
import type { HealthChecks } from './health.js'
import type { Logger } from './logging/index.js'

/** Something to close once no request runs any more. */
export interface Closer {
  readonly name: string
  readonly close: () => Promise<void> | void
}

export interface ShutdownOptions {
  readonly server: Server
  readonly health: HealthChecks
  readonly graceSeconds: number
  /** Time between not being ready and not listening any more, for load balancers to notice. Default 0. */
  readonly delaySeconds?: number
  readonly logger: Logger
  /** Ends the answers that would never end by themselves, once nothing new is accepted. */
  readonly endStreams?: () => void
  /** Closed one after the other, in this order, even when one fails. */
  readonly closers: readonly Closer[]
}

/** How long one of several may take to close; what is under way is durable, or is done again after the next start. */
const CLOSING_MS = 60_000
/** How often connections that have become idle are closed while the server drains. */
const IDLE_CHECK_MS = 20

/**
 * Goes down in order: not ready, no new connections after the delay, requests in progress finish within the grace, then
 * the closers.
 * @returns false when requests were cut off or a closer failed
 */
export async function shutDown(options: ShutdownOptions): Promise<boolean> {
  const { health, logger, server, graceSeconds, delaySeconds = 0, endStreams, closers } = options
  logger.info({ delaySeconds, graceSeconds }, 'shutting down')
  health.drain()
  // Whoever keeps a connection learns that it ends, instead of finding it closed with a request on its way
  server.prependListener('request', (_, response) => response.setHeader('connection', 'close'))
  if (delaySeconds > 0) await sleep(delaySeconds * 1000)
  endStreams?.()
  let clean = await drain(server, graceSeconds * 1000)
  if (!clean) logger.warn('requests were cut off at the end of the grace time')
  if (!(await closeAll(closers, logger))) clean = false
  logger.info({ clean }, 'shut down')
  return clean
}

/**
 * Closes one after the other, even when one fails or does not end.
 * @param limitMilliseconds for each of them
 * @returns false when one failed or did not end
 */
export async function closeAll(
  closers: readonly Closer[],
  logger: Pick<Logger, 'error'>,
  limitMilliseconds = CLOSING_MS,
): Promise<boolean> {
  let clean = true
  for (const { name, close } of closers) {
    try {
      await within(limitMilliseconds, Promise.resolve(close()), () => {
        throw new Error(`Not closed within ${limitMilliseconds} ms`)
      })
    } catch (err) {
      clean = false
      logger.error({ err, closer: name }, 'could not be closed')
    }
  }
  return clean
}

/** Stops listening and waits for requests in progress. @returns false when the time ran out, and they were cut off */
async function drain(server: Server, graceMs: number): Promise<boolean> {
  if (!server.listening) return true
  const closed = new Promise<true>((resolve) => server.close(() => resolve(true)))
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), graceMs)
  })
  const clean = await Promise.race([closed, late])
  clearInterval(idle)
  clearTimeout(timer)
  if (!clean) {
    server.closeAllConnections()
    await closed
  }
  return clean
}

/**
 * Ends the process at once on SIGTERM and SIGINT: for the start, when nobody is served yet. Without a handler the first
 * process of a container would ignore them.
 * @returns stops listening for the signals
 */
export function endOnSignals(): () => void {
  // Exit codes as of shells: 128 and the signal's number
  const onTerm = () => process.exit(143)
  const onInt = () => process.exit(130)
  process.on('SIGTERM', onTerm)
  process.on('SIGINT', onInt)
  return () => {
    process.off('SIGTERM', onTerm)
    process.off('SIGINT', onInt)
  }
}

/**
 * Shuts down on SIGTERM and SIGINT and ends the process: 0 when clean, 1 otherwise. A second signal ends it at once.
 * @returns stops listening for the signals
 */
export function shutDownOnSignals(options: ShutdownOptions): () => void {
  let begun = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begun) {
      options.logger.warn({ signal }, 'second signal: ending at once')
      process.exit(1)
    }
    begun = true
    shutDown(options).then((clean) => process.exit(clean ? 0 : 1))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return () => {
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
  }
}
