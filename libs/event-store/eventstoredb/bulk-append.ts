import { Unavailable } from '#libs/event-sourcing'
import type { EncodedAppend } from '../encode-append.js'
import type { BulkOutcome } from '../event-store.js'

/** Appends under way at a time: beyond this the server gives little more. */
const IN_FLIGHT = 64

/**
 * Sends many appends, so many at a time: each waits for the one before it on its stream, and all begin in their order.
 * One for which the store is away is `unknown`.
 */
export async function appendInTurn(
  requests: readonly EncodedAppend[],
  append: (request: EncodedAppend) => Promise<BulkOutcome>,
): Promise<BulkOutcome[]> {
  const outcomes: BulkOutcome[] = []
  const lastOfStream = new Map<string, Promise<void>>()
  const underWay = new Set<Promise<void>>()
  for (const [index, request] of requests.entries()) {
    while (underWay.size >= IN_FLIGHT) await Promise.race(underWay)
    const before = lastOfStream.get(request.stream) ?? Promise.resolve()
    const work = before.then(async () => {
      outcomes[index] = await append(request).catch((cause: unknown): BulkOutcome => {
        if (cause instanceof Unavailable) return { kind: 'unknown', cause }
        throw cause
      })
    })
    lastOfStream.set(request.stream, work)
    const tracked = work.finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }
  await Promise.all(lastOfStream.values())
  return outcomes
}
