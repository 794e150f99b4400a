/**
 * Runs work that SIGINT and SIGTERM ask to stop, by throwing the signal's reason; a second one ends the process at once.
 * @returns false when it stopped because of that; whatever else it fails with is thrown, also after it was asked to stop
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
  const stop = new AbortController()
  const onSignal = () => {
    stopListening()
    stop.abort()
  }
  const stopListening = () => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    await work(stop.signal)
    return true
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return false
    throw error
  } finally {
    stopListening()
  }
}
