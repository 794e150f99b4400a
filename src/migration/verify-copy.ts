import { createHash } from 'node:crypto'
import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'

const PAGE = 1_000
/** Streams of the copy that are read at the same time. */
const STREAMS_AT_ONCE = 16
/** Streams named at most. */
const MOST_NAMED = 20

export interface Verification {
  readonly events: number
  readonly streams: number
  /** SHA-256 (hex) over the names and digests of all streams: of both logs when there are no findings. */
  readonly digest: string
  /** Where the copy differs; empty: nowhere. */
  readonly findings: readonly string[]
  /** Of the copy's events, in log order. */
  readonly positions: readonly Position[]
}

export interface VerifyOptions {
  /** Events of the copied part, when others may have come after it; they are not looked at. Default: none may. */
  count?: number
  /** Stops it, with its reason. */
  signal?: AbortSignal
  onProgress?(done: number, unit: 'events' | 'streams', of?: number): void
}

/**
 * Compares a copy with its log, all but the positions: once along the whole log (count, order, content), and once stream
 * by stream, as commands will read them (a chain of SHA-256 over each). A server may show an event in one and not in the other.
 */
export async function verifyCopy(
  source: EventStore,
  copy: EventStore,
  { count, signal, onProgress }: VerifyOptions = {},
): Promise<Verification> {
  const digests = new StreamDigests()
  const { events, positions, findings } = await compareLogs(source, copy, count, (event, done) => {
    signal?.throwIfAborted()
    digests.add(event)
    onProgress?.(done, 'events')
  })
  const differing = await digests.differences(copy, (done) => {
    signal?.throwIfAborted()
    onProgress?.(done, 'streams', digests.streams)
  })
  const more = differing.length - MOST_NAMED
  findings.push(
    ...differing.slice(0, MOST_NAMED),
    ...(more > 0 ? [`and ${counted(more, 'stream')} more`] : []),
  )
  return { events, streams: digests.streams, digest: digests.total(), findings, positions }
}

/** In log order, side by side. */
async function compareLogs(
  source: EventStore,
  copy: EventStore,
  count: number | undefined,
  seen: (event: RecordedEvent, done: number) => void,
) {
  const findings: string[] = []
  const positions: Position[] = []
  const copied = eventsOf(copy)
  let events = 0
  let missing = 0
  for await (const event of eventsOf(source)) {
    seen(event, ++events)
    const next = await copied.next()
    if (next.done) missing++
    else {
      positions.push(next.value.position)
      if (findings.length === 0 && contentOf(event) !== contentOf(next.value))
        findings.push(firstDifference(event, next.value))
    }
  }
  if (missing > 0) findings.push(`the copy has ${counted(missing, 'event')} fewer`)
  if (count !== undefined && count !== events)
    findings.push(`the copy was made of ${counted(count, 'event')}, and the log has ${events}`)
  if (count === undefined && !(await copied.next()).done) findings.push('the copy has more events')
  return { events, positions, findings }
}

function firstDifference(expected: RecordedEvent, found: RecordedEvent): string {
  const said = ({ type, stream, revision, id }: RecordedEvent) =>
    `${type} ${id}, revision ${revision} of ${stream}`
  return `from position ${expected.position} on they differ: the log has ${said(expected)}, the copy ${said(found)}`
}

async function* eventsOf(store: EventStore): AsyncGenerator<RecordedEvent, undefined> {
  let after = LOG_START
  for (let end = false; !end; ) {
    const page = await store.readAll({ after, limit: PAGE })
    yield* page.events
    after = page.position
    end = page.end
  }
  return undefined
}

function contentOf({ id, type, stream, revision, data, metadata }: RecordedEvent): string {
  return JSON.stringify([id, type, stream, revision, data, metadata])
}

/** A chain of digests for each stream: its events in their order. */
class StreamDigests {
  readonly #chains = new Map<string, { events: number; digest: string }>()

  get streams(): number {
    return this.#chains.size
  }

  add(event: RecordedEvent): void {
    const { events, digest } = this.#chains.get(event.stream) ?? { events: 0, digest: '' }
    this.#chains.set(event.stream, { events: events + 1, digest: chained(digest, event) })
  }

  /** The streams that the copy holds otherwise, when it is asked for them by name. */
  async differences(copy: EventStore, onProgress: (done: number) => void): Promise<string[]> {
    const differing: string[] = []
    const chains = [...this.#chains]
    for (let done = 0; done < chains.length; done += STREAMS_AT_ONCE) {
      const batch = chains.slice(done, done + STREAMS_AT_ONCE)
      const reads = batch.map(async ([stream, { events, digest }]) => {
        const found = await copy.readStream(stream, { limit: events })
        if (found.reduce(chained, '') === digest) return []
        return `${stream} differs: read by its name it has ${found.length} of ${counted(events, 'event')}, or others`
      })
      differing.push(...(await Promise.all(reads)).flat())
      onProgress(done + batch.length)
    }
    return differing
  }

  total(): string {
    const hash = createHash('sha256')
    for (const [stream, { digest }] of [...this.#chains].sort(([a], [b]) => (a < b ? -1 : 1)))
      hash.update(`${stream}\n`).update(digest, 'latin1')
    return hash.digest('hex')
  }
}

/** 32 bytes, a character each: half of what a Buffer takes. */
function chained(digest: string, event: RecordedEvent): string {
  return createHash('sha256').update(digest, 'latin1').update(contentOf(event)).digest('binary')
}

/** `1 event`, `2 events`. */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
