/** Time as an input: the system's in production, a fake one in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `wake` once, after so many milliseconds of this clock's time; the answer takes that back. */
  after(milliseconds: number, wake: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, wake) {
    const timer = setTimeout(wake, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Resolves after so many milliseconds, or at once when `signal` aborts. Any number of pauses may share a signal. */
export function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      cancel()
      forget?.()
      resolve()
    }
    const cancel = clock.after(milliseconds, done)
    const forget = signal && atAbort(signal, done)
  })
}

/** Who is to be woken when a signal aborts. */
const sleepers = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `wake` when the signal aborts; the answer takes that back. A signal gets one listener, however many wait for it: a
 * runner pauses once for each of its builds, and Node.js takes more than ten listeners of one signal for a leak.
 */
function atAbort(signal: AbortSignal, wake: () => void): () => void {
  const known = sleepers.get(signal)
  const waking = known ?? new Set<() => void>()
  if (!known) {
    sleepers.set(signal, waking)
    const wakeAll = () => {
      for (const wakeOne of waking) wakeOne()
    }
    signal.addEventListener('abort', wakeAll, { once: true })
  }
  waking.add(wake)
  return () => waking.delete(wake)
}

export function toIso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
