import { setTimeout as sleep } from 'node:timers/promises'
import { LOG_START, type Position, type RecordedEvent, Refused, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { EventStoreDbEventStore } from '#libs/event-store/eventstoredb'

const PAGE = 1_000
/** Of one append; well below what a store takes, and few enough for the client's time-out. */
const APPEND_EVENTS = 200
const APPEND_BYTES = 400_000
/** How long an append is repeated while the store is away, before the command gives up. It can be started again. */
const PATIENCE_MS = 60_000
const LONGEST_PAUSE_MS = 1_000
/** Places looked for anew after an append of an interrupted run came through late. */
const MOST_CONFLICTS = 5

export interface CopyOptions {
  signal?: AbortSignal
  /** Told after each append: the events that are there now. */
  onProgress?(events: number): void
}

/**
 * Copies what the target lacks, up to the end of the source as of its last page, in log order: one append at a time, since only so does a
 * server keep the order of different streams. The target itself is what tells how far an earlier run came.
 * @returns the last position that was copied
 * @throws Refused `MIGRATION.TARGET_DIFFERS` when the target is not the beginning of the source; Unavailable
 */
export async function copyLog(
  source: EventStore,
  target: EventStoreDbEventStore,
  { signal, onProgress }: CopyOptions = {},
): Promise<Position> {
  let position = await placeOf(source, target)
  let conflicts = 0
  for (;;) {
    signal?.throwIfAborted()
    const { events, end, position: reached } = await source.readAll({ after: position, limit: PAGE })
    for (const run of runsOf(events)) {
      signal?.throwIfAborted()
      const outcome = await append(target, run)
      if (outcome === 'conflict') {
        const place = await placeOf(source, target)
        if (place === position || ++conflicts > MOST_CONFLICTS) throw differs(run[0]!)
        position = place
        break
      }
      position = run.at(-1)!.position
      // The source's positions count its events.
      onProgress?.(Number(position))
    }
    if (end && position === reached) return position
  }
}

/** The source's position of the last event that the target has. */
async function placeOf(source: EventStore, target: EventStoreDbEventStore): Promise<Position> {
  const last = await target.lastEvent()
  if (last === undefined) return LOG_START
  const [original] = await source.readStream(last.stream, { from: last.revision, limit: 1 })
  if (original?.id !== last.id) throw differs(last)
  return original.position
}

function differs({ stream, revision, type }: RecordedEvent): Refused {
  return new Refused(
    'MIGRATION.TARGET_DIFFERS',
    `The target is not the beginning of this log: they part at revision ${revision} of ${stream} (${type}). ` +
      'Something else writes to it; migrate into a fresh LEDGERDESK_NAMESPACE',
  )
}

/** Neighbours of one stream, which may go in one append. */
function* runsOf(events: readonly RecordedEvent[]): Generator<RecordedEvent[]> {
  let run: RecordedEvent[] = []
  let bytes = 0
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify([event.data, event.metadata]))
    const full = run.length === APPEND_EVENTS || bytes + size > APPEND_BYTES
    if (run.length > 0 && (full || run[0]!.stream !== event.stream)) {
      yield run
      run = []
      bytes = 0
    }
    run.push(event)
    bytes += size
  }
  if (run.length > 0) yield run
}

/** Repeats while nobody knows whether the events are there: the server drops what it has. */
async function append(
  target: EventStoreDbEventStore,
  events: readonly RecordedEvent[],
): Promise<'written' | 'conflict'> {
  const { stream, revision } = events[0]!
  const request = { stream, expectedRevision: revision === 0 ? ('noStream' as const) : revision - 1, events }
  const end = performance.now() + PATIENCE_MS
  for (let pause = 20; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const outcome = await target.appendMigrated(request)
    if (outcome.kind === 'conflict') return 'conflict'
    if (outcome.kind !== 'unknown') return 'written'
    if (performance.now() + pause > end) {
      const message = 'The event store does not answer. What was copied stays; run "ledgerdesk migrate" again'
      throw new Unavailable('EVENT_STORE.UNAVAILABLE', message)
    }
    await sleep(pause)
  }
}
