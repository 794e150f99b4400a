import { EventSource } from 'eventsource'

/** A row as events carry it. */
export interface FollowedRow {
  number: string
  title: string
}

/** What a client that follows a queue holds: made of events alone, as a browser would. */
export class FollowedQueue {
  readonly rows = new Map<string, FollowedRow>()
  /** Kinds of the events so far, in order. */
  readonly kinds: string[] = []
  /** Every number that an event has ever named. */
  readonly named = new Set<string>()
  /** How often a `change` or `leave` was about a row that it did not have, or an `enter` about one that it had. */
  surprises = 0
  level = false
  connections = 0
  /** Status of a connection that is not tried again. */
  refused: number | undefined
  private readonly source: EventSource

  constructor(url: string, token: string) {
    this.source = new EventSource(url, {
      fetch: (input, init) =>
        fetch(input, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } }),
    })
    this.source.addEventListener('open', () => {
      this.connections++
      this.level = false
    })
    this.source.addEventListener('error', ({ code }) => {
      if (code !== undefined) this.refused = code
    })
    for (const kind of ['enter', 'change', 'leave', 'reset', 'level'])
      this.source.addEventListener(kind, ({ data }) => this.take(kind, JSON.parse(data)))
  }

  close(): void {
    this.source.close()
  }

  private take(kind: string, row: FollowedRow): void {
    this.kinds.push(kind)
    if (row.number !== undefined) this.named.add(row.number)
    switch (kind) {
      case 'reset':
        this.rows.clear()
        break
      case 'level':
        this.level = true
        break
      case 'leave':
        if (!this.rows.delete(row.number)) this.surprises++
        break
      default:
        if (this.rows.has(row.number) !== (kind === 'change')) this.surprises++
        this.rows.set(row.number, row)
    }
  }
}
