import {
  type Db,
  MongoClient,
  MongoClientClosedError,
  type MongoClientOptions,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb'
import { Unavailable } from '#libs/event-sourcing'
import { within } from '#libs/time-limit'

const DEFAULT_TIMEOUT_MILLISECONDS = 10_000
/** A work has several steps, and each of them several waits: for a server, a connection, an answer. */
const WAITS_OF_ONE_WORK = 6
const APPLICATION = 'ledgerdesk'

/**
 * Server errors that pass by themselves: it is starting, stepping down, shutting down, or took too long
 * (https://www.mongodb.com/docs/manual/reference/error-codes/).
 */
const PASSING_CODES: ReadonlySet<unknown> = new Set([
  6, 7, 50, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
])

export interface MongodbOptions {
  /** `mongodb://` or `mongodb+srv://`, with credentials and TLS as the driver reads them. */
  url: string
  /** Keeps instances on one server apart; empty: the only one. */
  namespace: string
  /** How long the server may be silent, for connecting and for each answer. Default 10,000. */
  timeoutMilliseconds?: number
}

/**
 * The database that holds everything of an instance.
 * @throws Error when a database's name could not hold the namespace
 */
export function databaseName(namespace: string): string {
  if (!/^[A-Za-z0-9_-]{0,40}$/.test(namespace))
    throw new Error(
      `"${namespace}" is no namespace: use at most 40 letters, digits, hyphens and underscores of ASCII`,
    )
  return namespace === '' ? APPLICATION : `${namespace}-${APPLICATION}`
}

/**
 * What is wrong with a connection string, without the string itself: it may hold a password. Undefined: the driver can read it.
 */
export function faultOfMongodbUrl(url: string): string | undefined {
  try {
    const { readPreference, writeConcern } = new MongoClient(url)
    if (readPreference.mode !== 'primary')
      return `it must not say readPreference=${readPreference.mode}: what is written next depends on what was read`
    if (writeConcern?.w === 0) return 'it must not say w=0: nothing would be known of any write'
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return /[@:/]/.test(message) ? 'the driver can’t read it' : message
  }
}

/**
 * A client of one instance's database; connects when first used, and again by itself.
 *
 * The driver does so by itself, but for one case: when it sends the command by which it monitors the server to a socket that
 * was destroyed a moment ago and has not said so yet, it waits for ever for that socket to drain, and never looks again
 * (`writeCommand` in mongodb 7.9). Seen in both projectors at once, after a server had been shut down. So a client that found
 * no server is connected anew.
 */
export class MongodbConnection {
  readonly database: Db
  private readonly client: MongoClient
  private patient: MongoClient | undefined
  private readonly renewals = new Map<MongoClient, Promise<void>>()
  private closed = false

  /** @param away stable code of the error when the server is away: `READ_STORE.UNAVAILABLE` */
  constructor(
    private readonly options: MongodbOptions,
    private readonly away: string,
  ) {
    this.client = this.newClient({ socketTimeoutMS: this.timeoutMilliseconds })
    this.database = this.client.db(databaseName(options.namespace))
  }

  /** @throws Unavailable when the server is away or silent: whether a write took place is then unknown */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.explaining(this.client, () => this.inTime(work))
  }

  /** For as many steps as it takes: each is limited, all together are not. @throws Unavailable */
  runSteps<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.explaining(this.client, work)
  }

  /** For what may take the server minutes: no limit on the time to answer. @throws Unavailable */
  runLong<Result>(work: (database: Db) => Promise<Result>): Promise<Result> {
    this.patient ??= this.newClient({ socketTimeoutMS: 0 })
    const database = this.patient.db(this.database.databaseName)
    return this.explaining(this.patient, () => work(database))
  }

  private async explaining<Result>(client: MongoClient, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (isWithoutServer(error)) this.renew(client)
      throw this.explained(error)
    }
  }

  /** Connects a client anew: what is under way is broken off, and whoever asks meanwhile waits, or is told that it is away. */
  private renew(client: MongoClient): void {
    if (this.closed || this.renewals.has(client)) return
    const renewed = async () => {
      await client.close()
      if (!this.closed) await client.connect()
    }
    // When it fails, whoever asks next is told, and that begins the next one
    const renewal = renewed().catch(() => {})
    this.renewals.set(
      client,
      renewal.finally(() => this.renewals.delete(client)),
    )
  }

  /** The client limits each wait of its own; that none of its ways leads into a wait without end, this makes certain. */
  private inTime<Result>(work: () => Promise<Result>): Promise<Result> {
    const limit = WAITS_OF_ONE_WORK * this.timeoutMilliseconds
    return within(limit, work(), () => {
      throw new Unavailable(this.away, `The MongoDB server has not answered for ${limit / 1_000} s`, 2)
    })
  }

  /** An error as callers know it. */
  explained(error: unknown): unknown {
    if (!isPassing(error)) return error
    const explained = new Unavailable(this.away, 'The MongoDB server is away; ask again in a while', 2)
    explained.cause = error
    return explained
  }

  async close(): Promise<void> {
    this.closed = true
    await this.client.close()
    await this.patient?.close()
    await Promise.all(this.renewals.values())
  }

  private get timeoutMilliseconds(): number {
    return this.options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS
  }

  private newClient(options: MongoClientOptions): MongoClient {
    const timeout = this.timeoutMilliseconds
    return new MongoClient(this.options.url, {
      appName: APPLICATION,
      serverSelectionTimeoutMS: timeout,
      connectTimeoutMS: timeout,
      waitQueueTimeoutMS: timeout,
      // Needs a replica set; all writes are made to be repeated by what repeats the batch
      retryWrites: false,
      ignoreUndefined: true,
      ...options,
    })
  }
}

/** The client looked for a server in vain, or is still closed because it could not be connected anew. */
function isWithoutServer(error: unknown): boolean {
  return (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError
  )
}

function isPassing(error: unknown): boolean {
  // The error of a bulk write is one of the server's, whatever error it wraps
  if (error instanceof MongoServerError)
    return PASSING_CODES.has(error.code) || isPassing(error.errorResponse)
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoClientClosedError ||
    (error instanceof Error && error.name === 'MongoWaitQueueTimeoutError')
  )
}
