import { setImmediate as nextTurn } from 'node:timers/promises'
import { LogMoved, Unavailable } from '#libs/event-sourcing'
import { whileBusy } from './busy.js'
import {
  SQLITE_CANTOPEN,
  SQLITE_CONSTRAINT,
  SQLITE_CORRUPT,
  SQLITE_FULL,
  SQLITE_IOERR,
  SQLITE_NOTADB,
  sqliteErrorCode,
} from './driver.js'
import type { LogWriter } from './log-writer.js'
import type { Turn } from './turn.js'

/** One writer's wish. */
interface Work<T> {
  /** How much it adds to a group; both may be estimates. */
  readonly events: number
  readonly bytes: number
  /** Runs inside the transaction, synchronously. */
  run(writer: LogWriter): T
  /** Its result when COMMIT failed and nobody knows what the disk holds. */
  unknown(cause: unknown): T
}

interface Waiting {
  readonly work: Work<unknown>
  resolve(value: never): void
  reject(reason: unknown): void
}

/** The transactions a group is committed with, over whichever connection is current. */
export interface Transactions {
  readonly writer: LogWriter
  exec(sql: 'BEGIN IMMEDIATE' | 'COMMIT' | 'ROLLBACK'): void
  readonly inTransaction: boolean
  /** Why nobody may append any more; undefined: one may. */
  readonly seal: string | undefined
  /** Lets go of a connection whose state is in doubt; the next group opens another. */
  reopen(): void
  /** So many events were committed, in so many seconds from taking the group. */
  appended(events: number, seconds: number): void
}

/**
 * A group holds the lock and the thread for about 10 ms at most. Larger groups gain little: the sync's share of a group
 * of 512 is small.
 */
const GROUP_EVENTS = 512
const GROUP_BYTES = 1_000_000

/** The lock is announced as wanted after so long. */
const ANNOUNCE_AFTER_MS = 3

/** After these it is pointless to try the members of a group one by one. */
const STORE_IS_AWAY = [SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_IOERR, SQLITE_NOTADB]

/**
 * Collects what is submitted during one turn of the event loop, and while the last group was written, into one
 * transaction, so that one sync serves all.
 */
export class GroupCommit {
  readonly #queue: Waiting[] = []
  #draining: Promise<void> | undefined

  constructor(
    private readonly transactions: Transactions,
    private readonly turn: Turn,
  ) {}

  /** Resolves with the work's result once it is durable; rejects with what it threw, LogMoved or Unavailable: nothing written. */
  submit<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve, reject })
      this.#draining ??= this.#drain()
    })
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#draining
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        await nextTurn()
        await this.turn.giveWay()
        await this.#commit(this.#nextGroup())
      }
    } finally {
      this.#draining = undefined
    }
  }

  #nextGroup(): Waiting[] {
    let events = 0
    let bytes = 0
    let size = 0
    while (size < this.#queue.length) {
      const { work } = this.#queue[size]!
      events += work.events
      bytes += work.bytes
      if (size > 0 && (events > GROUP_EVENTS || bytes > GROUP_BYTES)) break
      size++
    }
    return this.#queue.splice(0, size)
  }

  async #commit(group: Waiting[]): Promise<void> {
    const started = performance.now()
    try {
      await this.#begin()
    } catch (error) {
      for (const { reject } of group) reject(away(error))
      return
    }
    const settlements = this.#runAll(group)
    if (settlements instanceof Failed) {
      // A member that fails inside SQLite takes the transaction with it, but not its neighbours.
      if (group.length > 1 && !STORE_IS_AWAY.includes(sqliteErrorCode(settlements.cause)!)) {
        for (const member of group) await this.#commit([member])
      } else {
        const reason = this.#moved(settlements.cause) ?? away(settlements.cause)
        for (const { reject } of group) reject(reason)
      }
      return
    }
    if (!this.#commitTransaction(group)) return
    const appended = this.transactions.writer.committed()
    for (const settle of settlements) settle()
    if (appended) {
      const events = group.reduce((sum, { work }) => sum + work.events, 0)
      this.transactions.appended(events, (performance.now() - started) / 1000)
    }
  }

  async #begin(): Promise<void> {
    try {
      await whileBusy(() => this.transactions.exec('BEGIN IMMEDIATE'), {
        onWait: (waited) => waited > ANNOUNCE_AFTER_MS && this.turn.announce(),
      })
    } finally {
      this.turn.done()
    }
  }

  /** Runs the members; what one of them throws by itself is its own affair. */
  #runAll(group: readonly Waiting[]): (() => void)[] | Failed {
    const { writer } = this.transactions
    try {
      writer.begin()
      const settlements = group.map(({ work, resolve, reject }) => {
        try {
          const value = work.run(writer)
          return () => resolve(value as never)
        } catch (error) {
          if (sqliteErrorCode(error) !== undefined) throw error
          return () => reject(error)
        }
      })
      writer.finish()
      return settlements
    } catch (error) {
      this.#rollback()
      return new Failed(error)
    }
  }

  /** @returns false when COMMIT failed; the members have been told then */
  #commitTransaction(group: readonly Waiting[]): boolean {
    try {
      this.transactions.exec('COMMIT')
      return true
    } catch (error) {
      this.#rollback()
      if (sqliteErrorCode(error) === SQLITE_FULL) {
        // The frame that makes a commit valid is the last one written, and it did not fit.
        for (const { reject } of group) reject(away(error))
      } else {
        this.transactions.reopen()
        for (const { work, resolve } of group) resolve(work.unknown(error) as never)
      }
      return false
    }
  }

  /** Asked only when SQLite refused: the log was sealed after we opened it. */
  #moved(error: unknown): LogMoved | undefined {
    if (sqliteErrorCode(error) !== SQLITE_CONSTRAINT) return undefined
    const { seal } = this.transactions
    return seal === undefined ? undefined : new LogMoved(seal)
  }

  #rollback(): void {
    this.transactions.writer.forget()
    try {
      if (this.transactions.inTransaction) this.transactions.exec('ROLLBACK')
    } catch {
      this.transactions.reopen()
    }
  }
}

class Failed {
  constructor(readonly cause: unknown) {}
}

function away(error: unknown): unknown {
  const code = sqliteErrorCode(error)
  if (code === undefined) return error
  const reason = code === SQLITE_FULL ? 'its disk is full' : (error as Error).message
  return new Unavailable(
    'EVENT_STORE.UNAVAILABLE',
    `The event store cannot write: ${reason}. Nothing was written.`,
  )
}
