import { setTimeout as sleep } from 'node:timers/promises'

/** How long an append whose outcome is unknown is repeated where the caller cannot: longer than an election (6.5 s). */
const PATIENCE_MS = 15_000
const LONGEST_PAUSE_MS = 500

/** Repeats the very same append, same ids on the same revision, until its outcome is known or patience ends. */
export async function settle<O extends { kind: string }>(attempt: () => Promise<O>): Promise<O> {
  const end = performance.now() + PATIENCE_MS
  for (let pause = 20; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const outcome = await attempt()
    if (outcome.kind !== 'unknown' || performance.now() + pause > end) return outcome
    await sleep(pause * (0.5 + Math.random() / 2))
  }
}
