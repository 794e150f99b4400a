/**
 * Waits until `condition` gives something other than false or undefined, by looking again and again; for what happens
 * on other threads and timers, where there is nothing to await.
 * @throws Error with `what` after the time-out (milliseconds, default 5,000)
 */
export async function eventually<Value>(
  what: string,
  condition: () => Promise<Value | false | undefined> | Value | false | undefined,
  timeout = 5_000,
): Promise<Value> {
  const deadline = performance.now() + timeout
  for (;;) {
    const value = await condition()
    if (value !== false && value !== undefined) return value
    if (performance.now() > deadline) throw new Error(`Not within ${timeout} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
