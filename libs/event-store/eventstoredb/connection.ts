import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AllStreamResolvedEvent,
  type EventStoreDBClient,
  type ResolvedEvent,
  type StreamingRead,
} from '@eventstore/db-client'
import { within } from '#libs/time-limit'
import { type Credentials, readConnectionString } from './connection-string.js'
import { refuseCompressedAnswers } from './no-compression.js'
import { NoAnswer, portError, troubleOf } from './server-errors.js'

export interface ConnectionOptions {
  /**
   * `esdb://[user:password@]host[:port][,host...][?tls=false&...]`, `esdb+discover://` for a cluster found by DNS;
   * `kurrentdb://` and `kdb://` are taken for the same.
   */
  url: string
  /**
   * Milliseconds that one call may stay without any answer. Shorter than the 20 s after which the client gives up a
   * frozen server. Default 5,000.
   */
  timeoutMs?: number
  /** Milliseconds for which a read is tried again while the server is away. Default 5,000. */
  patienceMs?: number
}

const DEFAULT_TIMEOUT_MS = 5_000
const DEFAULT_PATIENCE_MS = 5_000
const LONGEST_PAUSE_MS = 500
/**
 * Of every call: a node that was deposed refuses it and names the leader, to which the client then connects. Without it such a
 * node would go on answering reads from a log that is behind.
 */
const AT_LEADER = { requiresLeader: true } as const
/** The client sends each event of an append as a message of its own. */
const PER_EVENT_MS = 2

/** The client, with time-outs that hold whatever the server does. */
export class Connection {
  readonly client: EventStoreDBClient
  readonly timeoutMs: number
  readonly #patienceMs: number
  readonly #credentials: Credentials
  readonly #closed = new AbortController()

  /** @throws Error when the URL cannot be used; it is not repeated, since it may hold a password */
  constructor(options: ConnectionOptions) {
    refuseCompressedAnswers()
    const { client, credentials } = readConnectionString(options.url)
    this.client = client
    this.#credentials = credentials
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS
  }

  /** Aborted once the connection is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /**
   * Options of every append. Credentials given per call make the client use one call per append. Its other way, one
   * long call for all appends of the process, is faster, but has no deadline, fails all appends in flight together,
   * those of other client objects too, and throws outside of any promise when an answer comes for an append that it
   * has given up.
   */
  appendOptions(events = 1) {
    return { ...AT_LEADER, credentials: this.#credentials, deadline: this.timeoutMs + events * PER_EVENT_MS }
  }

  readStream(stream: string, options: Parameters<EventStoreDBClient['readStream']>[1]) {
    return this.client.readStream(stream, { ...options, ...AT_LEADER })
  }

  readAll(options: Parameters<EventStoreDBClient['readAll']>[0]) {
    return this.client.readAll({ ...options, ...AT_LEADER })
  }

  subscribeToAll(options: Parameters<EventStoreDBClient['subscribeToAll']>[0]) {
    return this.client.subscribeToAll({ ...options, ...AT_LEADER })
  }

  getStreamMetadata(stream: string) {
    return this.client.getStreamMetadata(stream, AT_LEADER)
  }

  /** A call with one answer. Rejects with the client's own error, or {@link NoAnswer}. */
  async call<T>(what: string, action: () => Promise<T>, deadline = this.timeoutMs): Promise<T> {
    // The client's own deadline is a little earlier; this one holds also while it looks for the leader.
    const limit = deadline + 100
    return within(limit, action(), () => {
      throw new NoAnswer(what, limit)
    })
  }

  /** Everything a read gives. Rejects with the client's own error, or {@link NoAnswer} after a silence. */
  collect<E extends ResolvedEvent | AllStreamResolvedEvent>(
    what: string,
    read: StreamingRead<E>,
  ): Promise<E[]> {
    return new Promise((resolve, reject) => {
      const events: E[] = []
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        settle()
      }
      const timer = setTimeout(() => {
        finish(() => reject(new NoAnswer(what, this.timeoutMs)))
        abandon(read)
      }, this.timeoutMs)
      read.on('data', (event: E) => {
        timer.refresh()
        events.push(event)
      })
      read.on('end', () => finish(() => resolve(events)))
      read.on('error', (error) => finish(() => reject(error)))
    })
  }

  /**
   * Tries a read again, for a limited time, while the server is away.
   * @throws Unavailable and the other errors of the port
   */
  async patiently<T>(read: () => Promise<T>): Promise<T> {
    const end = performance.now() + this.#patienceMs
    for (let pause = 20; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await read()
      } catch (error) {
        const tryAgain =
          troubleOf(error) === 'away' && performance.now() + pause < end && !this.closed.aborted
        if (!tryAgain) throw portError(error)
        await sleep(pause * (0.5 + Math.random() / 2))
      }
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.race([this.client.dispose(), sleep(1_000, undefined, { ref: false })])
  }
}

/** Lets go of a read or subscription, whose end nobody waits for. */
export function abandon(stream: {
  on(event: 'error', listener: () => void): unknown
  destroy(): unknown
}): void {
  stream.on('error', () => {})
  const { cancel, unsubscribe } = stream as {
    cancel?(): Promise<void>
    unsubscribe?(): Promise<void>
  }
  void (cancel ?? unsubscribe)?.call(stream).catch(() => {})
  stream.destroy()
}
