import { Readable } from 'node:stream'
import type { Principal } from '#libs/access'
import type { Position } from '#libs/event-sourcing'
import type { KeysetCursor } from '#libs/read-store'
import { type ChangesSince, type LivePage, MOST_ROWS } from './live-queue.queries.js'
import { type QueueScope, rowTest } from './queue-scope.js'
import { FIRST_LINE, HEARTBEAT, movedOn, serverSentEvent } from './server-sent-events.js'

/** A record that changed, made once for all streams. */
export interface ChangedRow {
  readonly number: string
  /** Undefined: in no queue any more. */
  readonly entry: object | undefined
  /** The row as JSON. */
  readonly data: string
}

/** Where a stream gets its rows from, and how far all changes have been offered to it. */
export interface RowSource {
  readonly position: Position
  page(stream: QueueStream, minPosition: Position, cursor: KeysetCursor | undefined): Promise<LivePage>
  changesSince(stream: QueueStream, since: Position): Promise<ChangesSince>
}

export interface QueueStreamOptions {
  principal: Principal
  scope: QueueScope
  orderBy?: string
  /** `Last-Event-ID` of a client that comes back. */
  since?: Position
  /** Who the sender of the request is by now. @throws when the token is no longer good */
  authenticate(): Principal | Promise<Principal>
  limits?: Partial<StreamLimits>
}

/** What one slow reader may cost. */
export interface StreamLimits {
  /** Changed records that wait to be read; with more of them the client begins anew. */
  waiting: number
  /** Milliseconds after which a client that reads nothing is cut off. */
  stallMilliseconds: number
  /** Milliseconds of silence after which a comment shows that the connection lives. */
  heartbeatMilliseconds: number
}

export const STREAM_LIMITS: StreamLimits = {
  waiting: 1_000,
  stallMilliseconds: 60_000,
  heartbeatMilliseconds: 15_000,
}

/** Characters that are handed to the socket at a time. */
const LARGEST_WRITE = 16_384

/** Thrown inside to stop writing to a client that has gone. */
class Ended extends Error {}

/**
 * What one client reads: the rows there are, then each change, as fast as it reads and no faster. What changes meanwhile
 * waits here, one row a record however often it changes.
 *
 * `id` is given with the last event of what belongs together only: a client that is cut off before it comes back
 * from where it had everything.
 */
export class QueueStream extends Readable {
  readonly scope: QueueScope
  readonly orderBy: string | undefined
  readonly #limits: StreamLimits
  readonly #isRow: (entry: object) => boolean
  #principal: Principal
  /** Numbers of the rows that the client has. */
  readonly #known = new Set<string>()
  #waiting = new Map<string, ChangedRow>()
  /** All that changed up to here was offered. */
  #offeredUpTo: Position = ''
  /** The client has everything up to here. */
  #toldUpTo: Position = ''
  #filling = true
  #overflowed = false
  #idle = false
  #ending = false
  #lastWrite = Date.now()
  #stalledSince: number | undefined
  #demand: (() => void) | undefined
  #news: (() => void) | undefined

  constructor(private readonly options: QueueStreamOptions) {
    super({ encoding: 'utf8', highWaterMark: LARGEST_WRITE })
    this.scope = options.scope
    this.orderBy = options.orderBy
    this.#principal = options.principal
    this.#isRow = rowTest(options.principal, options.scope)
    this.#limits = { ...STREAM_LIMITS, ...options.limits }
  }

  get principal(): Principal {
    return this.#principal
  }

  /** Changed records that wait for the client. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Tells the client everything, for as long as it is there. Never rejects. */
  async run(source: RowSource): Promise<void> {
    try {
      await this.#write(FIRST_LINE)
      await this.#fill(source, this.options.since)
      while (!this.#ending) {
        if (this.#overflowed) await this.#fill(source)
        else if (this.#waiting.size > 0) await this.#flush()
        else await this.#somethingNew()
      }
    } catch {
      // The client has gone, or its rows could not be read: it comes back, and goes on from its last id.
    }
    if (!this.destroyed) this.push(null)
  }

  /**
   * What changed, up to a position. Costs nothing but memory for what the client is to see.
   * @returns whether there is something to be written to it
   */
  offer(rows: readonly ChangedRow[], position: Position): boolean {
    this.#offeredUpTo = position
    if (this.#overflowed) return false
    for (const row of rows) {
      if (this.#concerns(row)) this.#waiting.set(row.number, row)
    }
    if (this.#waiting.size > this.#limits.waiting) {
      this.#waiting.clear()
      this.#overflowed = true
      // Whoever is too slow even for the rows there are would begin anew for ever
      if (this.#filling) this.end()
    }
    const isNews = this.#waiting.size > 0 || this.#overflowed
    if (isNews) this.#wake()
    return isNews
  }

  /** No further event; the client connects again. */
  end(): void {
    this.#ending = true
    this.#wake()
    // A write that nobody reads is not waited for
    if (this.#demand) this.destroy()
  }

  /** Whether the rights are still those that the rows were chosen by; else the stream ends. */
  heed(principal: Principal | undefined): void {
    if (principal === this.#principal) return
    if (principal !== undefined && sameRights(principal, this.#principal)) this.#principal = principal
    else this.end()
  }

  /** Called every few seconds: the token, a client that reads nothing, a sign of life. */
  async check(): Promise<void> {
    const now = Date.now()
    const { stallMilliseconds, heartbeatMilliseconds } = this.#limits
    // A stream that ended is gone when the client has read the rest
    const since = this.#ending ? this.#lastWrite : this.#stalledSince
    if (since !== undefined && now - since > stallMilliseconds) {
      this.destroy()
      return
    }
    if (this.#idle && this.readableLength === 0 && now - this.#lastWrite > heartbeatMilliseconds)
      this.#signOfLife(now)
    try {
      this.heed(await this.options.authenticate())
    } catch {
      this.end()
    }
  }

  override _read(): void {
    this.#stalledSince = undefined
    const demand = this.#demand
    this.#demand = undefined
    demand?.()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#ending = true
    this.#waiting.clear()
    this.#known.clear()
    this.#demand?.()
    this.#wake()
    done(error)
  }

  /** Tells the rows there are; of a client that comes back, those that were touched since. */
  async #fill(source: RowSource, since?: Position): Promise<void> {
    this.#filling = true
    this.#overflowed = false
    this.#waiting.clear()
    this.#known.clear()
    // What changes later than this is offered
    const from = source.position
    const touched = since === undefined ? null : await source.changesSince(this, since)
    if (touched === null) await this.#write(serverSentEvent('reset', '{}', ''))
    let cursor: KeysetCursor | undefined
    do {
      const page = await source.page(this, from, cursor)
      let text = ''
      for (const [number, data] of page.rows) {
        this.#known.add(number)
        if (touched === null) text += serverSentEvent('enter', data)
        else if (number in touched)
          text += serverSentEvent(touched[number]?.before ? 'change' : 'enter', data)
      }
      if (this.#known.size > MOST_ROWS) throw new Ended()
      await this.#write(text)
      cursor = page.next
    } while (cursor)
    if (since !== undefined && touched !== null && !(await this.#tellGone(source, since))) {
      await this.#fill(source)
      return
    }
    await this.#write(serverSentEvent('level', '{}', from))
    this.#toldUpTo = from
    this.#filling = false
  }

  /**
   * Takes away what the client may have and is no row any more. Asked after the rows were read: what left meanwhile is not
   * among them, so that nobody would notice later that it has left.
   * @returns false when too much has happened meanwhile
   */
  async #tellGone(source: RowSource, since: Position): Promise<boolean> {
    const touched = await source.changesSince(this, since)
    if (touched === null) return false
    const gone = Object.entries(touched).filter(
      ([number, row]) => (row.before || row.later) && !this.#known.has(number),
    )
    await this.#write(gone.map(([number]) => serverSentEvent('leave', numberOnly(number))).join(''))
    return true
  }

  async #flush(): Promise<void> {
    const rows = this.#waiting
    const upTo = this.#offeredUpTo
    this.#waiting = new Map()
    const events: [kind: string, data: string][] = []
    for (const row of rows.values()) {
      const kind = this.#kindOf(row)
      if (kind) events.push([kind, kind === 'leave' ? numberOnly(row.number) : row.data])
    }
    let text = ''
    for (const [index, [kind, data]] of events.entries()) {
      text += serverSentEvent(kind, data, index === events.length - 1 ? upTo : undefined)
      if (text.length < LARGEST_WRITE) continue
      await this.#write(text)
      text = ''
    }
    await this.#write(text)
    this.#toldUpTo = events.length > 0 ? upTo : this.#toldUpTo
  }

  /** What a change means to this client, who has or has not the row. */
  #kindOf({ number, entry }: ChangedRow): 'enter' | 'change' | 'leave' | undefined {
    const known = this.#known.has(number)
    if (entry !== undefined && this.#isRow(entry)) {
      this.#known.add(number)
      return known ? 'change' : 'enter'
    }
    this.#known.delete(number)
    return known ? 'leave' : undefined
  }

  #concerns({ number, entry }: ChangedRow): boolean {
    // Which rows the client has is known when it has all of them
    if (this.#filling || this.#known.has(number) || this.#waiting.has(number)) return true
    return entry !== undefined && this.#isRow(entry)
  }

  /** Resolves when the client wants more. @throws Ended when it has gone */
  async #write(text: string): Promise<void> {
    if (this.destroyed) throw new Ended()
    if (text === '') return
    this.#lastWrite = Date.now()
    if (!this.push(text)) {
      this.#stalledSince = this.#lastWrite
      await new Promise<void>((resolve) => {
        this.#demand = resolve
      })
    }
    if (this.destroyed) throw new Ended()
  }

  async #somethingNew(): Promise<void> {
    this.#idle = true
    await new Promise<void>((resolve) => {
      this.#news = resolve
    })
    this.#idle = false
  }

  #wake(): void {
    const news = this.#news
    this.#news = undefined
    news?.()
  }

  /** Also moves the client's last id on, so that it need not begin anew after a long time in which nothing concerned it. */
  #signOfLife(now: number): void {
    this.#lastWrite = now
    const further = this.#waiting.size === 0 && this.#offeredUpTo > this.#toldUpTo
    if (further) this.#toldUpTo = this.#offeredUpTo
    this.push(further ? HEARTBEAT + movedOn(this.#offeredUpTo) : HEARTBEAT)
  }
}

function numberOnly(number: string): string {
  return JSON.stringify({ number })
}

function sameRights(a: Principal, b: Principal): boolean {
  return (
    a.grants.size === b.grants.size &&
    [...a.grants.keys()].every((role) => b.grants.has(role)) &&
    a.groups.size === b.groups.size &&
    [...a.groups].every((group) => b.groups.has(group))
  )
}
