import { randomUUID } from 'node:crypto'

/** Expected revisions as EventStoreDB numbers them; from 0 on, a revision. */
export const NO_STREAM = -1
export const ANY = -2
export const STREAM_EXISTS = -4

/** What `$tb` says of a soft-deleted stream; parsed as a double, hence compared with `>=`. */
const DELETED = '9223372036854775807'
const DELETED_NUMBER = Number(DELETED)

/** The first record that a fresh server writes into `$all`, and where. */
const FIRST_POSITION = 548
const SCAVENGES_METADATA = '{"$maxAge":2592000,"$acl":{"$r":"$ops","$w":[],"$d":[],"$mr":[],"$mw":[]}}'

/** Bytes of a record on disk besides names, type, data and metadata (log record format of EventStoreDB). */
const RECORD_OVERHEAD = 88

const JSON_TYPE = 'application/json'
const BINARY_TYPE = 'application/octet-stream'

export interface ProposedEvent {
  id: string
  type: string
  contentType: string
  data: Uint8Array
  metadata: Uint8Array
}

export interface StoredEvent extends ProposedEvent {
  stream: string
  revision: number
  position: number
  /** Ticks of 100 ns since 1970, as the server writes them. */
  created: string
  /** The `ReadResp` that carries it, encoded when it is first sent. */
  encoded?: Buffer
}

/** Limits on what a reader of a stream sees. */
interface Retention {
  maxCount?: number
  maxAgeSeconds?: number
  truncateBefore?: number
}

export type AppendOutcome =
  | { kind: 'written'; revision: number; position: number }
  | { kind: 'nothing'; revision: number; position: number }
  | { kind: 'wrong'; current: number }
  | { kind: 'deleted' }

export type DeleteOutcome =
  | { kind: 'deleted'; position: number }
  | { kind: 'wrong'; current: number }
  | { kind: 'gone' }

interface Stream {
  events: StoredEvent[]
  tombstoned: boolean
}

/**
 * The state of one server: streams, `$all` and what it remembers of event ids. Positions are those a real server
 * would give: the sum of the records' lengths on disk.
 */
export class EventLog {
  /** Everything a reader of `$all` may see, in log order. */
  readonly all: StoredEvent[] = []
  private readonly streams = new Map<string, Stream>()
  private readonly known = new Map<string, StoredEvent>()
  private readonly emptyRecords = new Set<number>([0])
  private readonly listeners = new Set<(events: readonly StoredEvent[]) => void>()
  private end = FIRST_POSITION
  private lastTicks = 0n

  constructor() {
    this.write('$$$scavenges', [event('$metadata', SCAVENGES_METADATA)])
    this.known.clear()
  }

  /** The same log on another node of a cluster, which goes its own way from here on. */
  copy(): EventLog {
    const copy = new EventLog()
    copy.all.splice(0, copy.all.length, ...this.all)
    copy.streams.clear()
    for (const [name, { events, tombstoned }] of this.streams)
      copy.streams.set(name, { events: [...events], tombstoned })
    for (const record of this.emptyRecords) copy.emptyRecords.add(record)
    copy.end = this.end
    copy.lastTicks = this.lastTicks
    return copy
  }

  /** Where the next record will begin. */
  get endPosition(): number {
    return this.end
  }

  /** Calls back with every batch of events right after it is written; returns how to stop. */
  onAppend(listener: (events: readonly StoredEvent[]) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** What a restart does: ids are remembered only where a stream is asked at a given revision. */
  forgetIds(): void {
    this.known.clear()
  }

  isTombstoned(stream: string): boolean {
    return this.streams.get(stream)?.tombstoned ?? false
  }

  /** The last revision, -1 when there is none. */
  lastRevision(stream: string): number {
    return (this.streams.get(stream)?.events.length ?? 0) - 1
  }

  isSoftDeleted(stream: string): boolean {
    return (this.retention(stream).truncateBefore ?? 0) >= DELETED_NUMBER
  }

  /** The event that begins at a position, or -1 - the index where it would stand. */
  indexOf(position: number): number {
    let low = 0
    let high = this.all.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.all[middle]!.position < position) low = middle + 1
      else high = middle
    }
    return this.all[low]?.position === position ? low : -1 - low
  }

  /** Whether some record begins there, also one that no reader ever sees. */
  isRecordStart(position: number): boolean {
    return this.emptyRecords.has(position) || this.indexOf(position) >= 0
  }

  /** What is left of a stream after retention, in order; undefined when a reader is told that it does not exist. */
  readable(stream: string): readonly StoredEvent[] | undefined {
    const found = this.streams.get(stream)
    if (!found || found.events.length === 0 || this.isSoftDeleted(stream)) return undefined
    const { maxCount, maxAgeSeconds, truncateBefore } = this.retention(stream)
    const first = Math.max(truncateBefore ?? 0, maxCount ? found.events.length - maxCount : 0)
    const left = first > 0 ? found.events.slice(first) : found.events
    if (!maxAgeSeconds) return left
    const oldest = (BigInt(Date.now()) - BigInt(maxAgeSeconds) * 1000n) * 10_000n
    return left.filter(({ created }) => BigInt(created) >= oldest)
  }

  /** All events of a stream, also those that retention hides. */
  written(stream: string): readonly StoredEvent[] {
    return this.streams.get(stream)?.events ?? []
  }

  /** Whether retention leaves an event to the readers of its stream. */
  isReadable(event: StoredEvent): boolean {
    const first = this.readable(event.stream)?.[0]
    return first !== undefined && first.revision <= event.revision
  }

  append(stream: string, expected: number, events: readonly ProposedEvent[]): AppendOutcome {
    if (this.isTombstoned(stream)) return { kind: 'deleted' }
    const current = this.lastRevision(stream)
    const repeated = this.repeated(stream, expected, current, events)
    if (repeated) return repeated
    const fresh = expected === NO_STREAM && this.isSoftDeleted(stream)
    const expectationHolds =
      expected === ANY ||
      expected === current ||
      fresh ||
      (expected === STREAM_EXISTS && current >= 0 && !this.isSoftDeleted(stream))
    if (!expectationHolds) return { kind: 'wrong', current }
    if (events.length === 0)
      return { kind: 'nothing', revision: current, position: this.writeNothing(stream) }
    const undelete = this.isSoftDeleted(stream) ? current + 1 : undefined
    const written = this.write(stream, events)
    if (undelete !== undefined) this.write(`$$${stream}`, [event('$metadata', `{"$tb":${undelete}}`)])
    return { kind: 'written', revision: written.revision, position: written.position }
  }

  /** Hides a stream's events; it may be written again, its revisions go on. */
  delete(stream: string, expected: number): DeleteOutcome {
    const refusal = this.refuseDelete(stream, expected)
    if (refusal) return refusal
    return {
      kind: 'deleted',
      position: this.write(`$$${stream}`, [event('$metadata', `{"$tb":${DELETED}}`)]).position,
    }
  }

  /** Deletes a stream for ever. */
  tombstone(stream: string, expected: number): DeleteOutcome {
    const current = this.lastRevision(stream)
    const mayBeMissing = current < 0 && (expected === ANY || expected === NO_STREAM)
    const refusal =
      mayBeMissing && !this.isTombstoned(stream) ? undefined : this.refuseDelete(stream, expected)
    if (refusal) return refusal
    const { position } = this.write(stream, [event('$streamDeleted', '', BINARY_TYPE)])
    this.streams.get(stream)!.tombstoned = true
    return { kind: 'deleted', position }
  }

  private refuseDelete(stream: string, expected: number): DeleteOutcome | undefined {
    if (this.isTombstoned(stream)) return { kind: 'gone' }
    const current = this.lastRevision(stream)
    const holds = current >= 0 && (expected === ANY || expected === STREAM_EXISTS || expected === current)
    return holds ? undefined : { kind: 'wrong', current }
  }

  /** Recognises an append that was made before, and one that was made in part, as the server's index does. */
  private repeated(
    stream: string,
    expected: number,
    current: number,
    events: readonly ProposedEvent[],
  ): AppendOutcome | undefined {
    if (events.length === 0) return undefined
    const unconditional = expected === ANY || expected === STREAM_EXISTS
    if (!unconditional && expected >= current) return undefined
    const before = events.map(({ id }, index) => {
      const stored = unconditional
        ? this.known.get(id)
        : this.streams.get(stream)?.events[expected + 1 + index]
      return stored?.stream === stream && stored.id === id ? stored : undefined
    })
    const firstNew = before.indexOf(undefined)
    if (firstNew === 0) return undefined
    if (firstNew > 0) return { kind: 'wrong', current }
    const last = before.at(-1)!
    return { kind: 'written', revision: last.revision, position: last.position }
  }

  private write(name: string, proposed: readonly ProposedEvent[]): StoredEvent {
    const stream = this.streams.get(name) ?? { events: [], tombstoned: false }
    this.streams.set(name, stream)
    const written = proposed.map((one, index) => {
      const stored: StoredEvent = {
        ...one,
        stream: name,
        revision: stream.events.length + index,
        position: this.end,
        created: this.ticks(),
      }
      this.end += recordLength(name, one)
      return stored
    })
    stream.events.push(...written)
    this.all.push(...written)
    for (const stored of written) if (!this.known.has(stored.id)) this.known.set(stored.id, stored)
    for (const listener of this.listeners) listener(written)
    return written.at(-1)!
  }

  /** An append without events leaves a record that nobody can read. */
  private writeNothing(stream: string): number {
    const position = this.end
    this.emptyRecords.add(position)
    this.end += recordLength(stream)
    return position
  }

  private ticks(): string {
    const now = BigInt(Date.now()) * 10_000n
    this.lastTicks = now > this.lastTicks ? now : this.lastTicks + 1n
    return this.lastTicks.toString()
  }

  private retention(stream: string): Retention {
    if (stream.startsWith('$$')) return { maxCount: 1 }
    const latest = this.streams.get(`$$${stream}`)?.events.at(-1)
    if (!latest) return {}
    const metadata = JSON.parse(Buffer.from(latest.data).toString('utf8'))
    return {
      maxCount: metadata.$maxCount,
      maxAgeSeconds: metadata.$maxAge,
      truncateBefore: metadata.$tb,
    }
  }
}

/** Length of a record on disk: lengths before and after, header, names, ids, time, data and metadata. */
function recordLength(stream: string, proposed?: ProposedEvent): number {
  return (
    RECORD_OVERHEAD +
    stringLength(stream) +
    stringLength(proposed?.type ?? '') +
    (proposed?.data.length ?? 0) +
    (proposed?.metadata.length ?? 0)
  )
}

/** .NET's length-prefixed string: seven bits of length a byte. */
function stringLength(text: string): number {
  const bytes = Buffer.byteLength(text)
  return bytes + (bytes < 128 ? 1 : 2)
}

function event(type: string, data: string, contentType = JSON_TYPE): ProposedEvent {
  return { id: randomUUID(), type, contentType, data: Buffer.from(data), metadata: new Uint8Array() }
}
