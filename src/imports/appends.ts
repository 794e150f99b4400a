import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable } from '#libs/event-sourcing'
import type { AppendOrder, AppendRequest, BulkOutcome, EventStore } from '#libs/event-store'

/** Tries of a write whose outcome stays unknown, or whose stream others keep changing. */
export const MAX_TRIES = 20

type Settled<O extends { kind: string }> = Exclude<O, { kind: 'unknown' }>

/**
 * Repeats a write as long as the store can't tell what became of it: the same ids on the same revision, so that it is
 * written once.
 * @throws Unavailable `IMPORT.STORE_AWAY`
 */
export async function settled<O extends { kind: string }>(write: () => Promise<O>): Promise<Settled<O>> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const outcome = await write()
    if (outcome.kind !== 'unknown') return outcome as Settled<O>
    await sleep(Math.min(1_000, 20 * 2 ** attempt))
  }
  throw new Unavailable(
    'IMPORT.STORE_AWAY',
    'The event store does not say what became of the last rows. Start the import again: it goes on where it was.',
  )
}

/**
 * All requests in order; see {@link settled}.
 * @param order `log`: each has its place in the log behind those before it, not only in its stream
 */
export async function appendAll(
  store: EventStore,
  requests: readonly AppendRequest[],
  order: AppendOrder = 'stream',
): Promise<Settled<BulkOutcome>[]> {
  if (requests.length === 0) return []
  const outcomes = await store.appendMany(requests, order)
  const settledOne = (outcome: BulkOutcome, index: number) =>
    outcome.kind === 'unknown' ? settled(() => store.append(requests[index]!)) : outcome
  if (order === 'stream') return Promise.all(outcomes.map(settledOne))
  const inTurn: Settled<BulkOutcome>[] = []
  for (const [index, outcome] of outcomes.entries()) inTurn.push(await settledOne(outcome, index))
  return inTurn
}
