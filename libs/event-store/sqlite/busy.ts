import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable } from '#libs/event-sourcing'
import { SQLITE_BUSY, sqliteErrorCode } from './driver.js'

/** How long anything waits for another connection's lock. */
export const LOCK_TIMEOUT_MS = 30_000

export interface BusyOptions {
  timeoutMs?: number
  /** Called before each further try, with the milliseconds waited so far. */
  onWait?(waited: number): void
}

/**
 * Repeats while another connection holds a lock, without ever blocking the thread.
 * @throws Unavailable `EVENT_STORE.UNAVAILABLE` after the time-out; nothing was done then
 */
export async function whileBusy<T>(attempt: () => T, options: BusyOptions = {}): Promise<T> {
  const start = performance.now()
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (sqliteErrorCode(error) !== SQLITE_BUSY) throw error
      const waited = performance.now() - start
      if (waited > (options.timeoutMs ?? LOCK_TIMEOUT_MS)) {
        throw new Unavailable(
          'EVENT_STORE.UNAVAILABLE',
          'Another process has locked the event store. Nothing was written; try again.',
        )
      }
      options.onWait?.(waited)
    }
    await sleep(1)
  }
}
