/**
 * Waits until `condition` gives something other than false or undefined, by looking again and again; for what happens
 * on other threads and timers, where there is nothing to await.
 * @throws Error with `what` after the time-out; milliseconds, by default as long as a busy machine may take
 */
export async function eventually<Value>(
  what: string,
  condition: () => Promise<Value | false | undefined> | Value | false | undefined,
  timeout = 20_000,
): Promise<Value> {
  const deadline = performance.now() + timeout
  for (;;) {
    const value = await condition()
    if (value !== false && value !== undefined) return value
    if (performance.now() > deadline) throw new Error(`Not within ${timeout} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
