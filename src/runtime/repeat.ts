/** Something done again and again. */
export interface Repetition {
  /** Resolves when the turn under way has ended; none follows. */
  stop(): Promise<void>
}

/** Does something now and then, never twice at a time; a turn that fails is told, and the next one comes. */
export function repeat(
  milliseconds: number,
  turn: () => Promise<void>,
  onError: (error: unknown) => void,
): Repetition {
  let underWay: Promise<void> | undefined
  const timer = setInterval(() => {
    underWay ??= turn()
      .catch(onError)
      .finally(() => {
        underWay = undefined
      })
  }, milliseconds)
  return {
    async stop() {
      clearInterval(timer)
      await underWay
    },
  }
}
