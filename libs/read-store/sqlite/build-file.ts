import { checkSchema } from '../collection-rules.js'
import { isGone } from '../lease-owner.js'
import { type Checkpoint, type CollectionSchema, LeaseHeld, LeaseLost } from '../read-store.js'
import { CollectionTable } from './collection-table.js'
import { Connection, type ConnectionOptions } from './connection.js'
import { recount } from './group-counts.js'
import { indexAllTexts } from './text-index.js'

/** Layout of a build's file; a file of another layout is not opened. */
const FORMAT = 1

/**
 * Of a read-heavy build. An index of millions of entries needs fewer of them above its leaves, which then fit into the cache, and
 * documents waste less: an impact walk over fifty versions of an item takes 6 % less, the stream of all items a sixth. A live
 * batch of a few events writes twice the bytes into the WAL, and takes the processor a tenth more.
 */
const READ_HEAVY_PAGE_BYTES = 8_192

export interface BuildFileState {
  checkpoint: Checkpoint | undefined
  lease: { owner: string; number: number; expiresAt: string } | undefined
  /** Secondary indexes, lists and counts are left out for now. */
  loading: boolean
}

/** One build: its documents, checkpoint and lease in one SQLite file, so that they change together. */
export class BuildFile {
  private readonly collections: ReadonlyMap<string, CollectionTable>
  private loaded = false

  private constructor(
    readonly connection: Connection,
    schemas: readonly CollectionSchema[],
  ) {
    this.collections = new Map(schemas.map((schema) => [schema.name, new CollectionTable(schema)]))
  }

  static create(path: string, schemas: readonly CollectionSchema[]): void {
    for (const schema of schemas) checkSchema(schema)
    const isReadHeavy = schemas.some(({ readHeavy }) => readHeavy)
    const connection = new Connection(path, {
      create: true,
      pageBytes: isReadHeavy ? READ_HEAVY_PAGE_BYTES : undefined,
    })
    try {
      connection.write(() => {
        connection.exec(`
          PRAGMA user_version = ${FORMAT};
          CREATE TABLE collections (name TEXT PRIMARY KEY, schema TEXT NOT NULL);
          CREATE TABLE nullable (collection TEXT NOT NULL, column TEXT NOT NULL, PRIMARY KEY (collection, column)) WITHOUT ROWID;
          CREATE TABLE state (
            one INTEGER PRIMARY KEY CHECK (one = 1), log_id TEXT, position TEXT, event_id TEXT,
            lease_owner TEXT, lease_number INTEGER NOT NULL, lease_expires_at TEXT, loading INTEGER NOT NULL);
          INSERT INTO state (one, lease_number, loading) VALUES (1, 0, 0);`)
        for (const schema of schemas) {
          const table = new CollectionTable(schema)
          connection.exec([table.createTables(), ...table.createIndexes()].join(';\n'))
          connection.run('INSERT INTO collections VALUES (?, ?)', [schema.name, JSON.stringify(schema)])
        }
      })
    } finally {
      connection.close()
    }
  }

  /** @throws when the file is missing or of another format */
  static open(path: string, options: Omit<ConnectionOptions, 'create'>): BuildFile {
    const connection = new Connection(path, options)
    try {
      const format = connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version
      if (format !== FORMAT)
        throw new Error(`${path} has format ${format}, this release reads ${FORMAT}: drop and rebuild it`)
      const rows = connection.all<{ schema: string }>('SELECT schema FROM collections')
      return new BuildFile(
        connection,
        rows.map(({ schema }) => JSON.parse(schema) as CollectionSchema),
      )
    } catch (error) {
      connection.close()
      throw error
    }
  }

  collection(name: string): CollectionTable {
    const table = this.collections.get(name)
    if (!table) throw new Error(`There is no collection "${name}" in this build`)
    return table
  }

  state(): BuildFileState {
    const row = this.connection.get<Record<string, string | number | null>>('SELECT * FROM state')
    if (!row) throw new Error('The build has no state row: drop and rebuild it')
    const expiresAt = row.lease_expires_at as string | null
    return {
      checkpoint:
        row.log_id === null
          ? undefined
          : {
              logId: row.log_id as string,
              position: row.position as string,
              eventId: row.event_id as string,
            },
      lease:
        expiresAt === null || expiresAt <= new Date().toISOString()
          ? undefined
          : { owner: row.lease_owner as string, number: row.lease_number as number, expiresAt },
      loading: row.loading === 1,
    }
  }

  /** A build that has once been loaded stays so. */
  isLoading(): boolean {
    this.loaded ||= !this.state().loading
    return !this.loaded
  }

  /** Indexed columns that may hold a null: a column once noted stays so. */
  nullableColumns(collection: string): ReadonlySet<string> {
    const rows = this.connection.all<{ column: string }>('SELECT column FROM nullable WHERE collection = ?', [
      collection,
    ])
    return new Set(rows.map(({ column }) => column))
  }

  /** Notes, inside the transaction that writes it, that a column may hold a null. */
  noteNullable(collection: string, column: string): void {
    this.connection.run('INSERT OR IGNORE INTO nullable VALUES (?, ?)', [collection, column])
  }

  /**
   * Takes the lease, and leaves out the indexes when an empty build is to be loaded in bulk.
   * @throws LeaseHeld while another's has not expired, unless the other is known to be dead
   */
  takeLease(owner: string, milliseconds: number, bulkLoad: boolean): number {
    return this.connection.write(() => {
      const { lease, checkpoint, loading } = this.state()
      if (lease && !isGone(lease.owner, owner))
        throw new LeaseHeld(`${lease.owner} holds the lease until ${lease.expiresAt}`)
      if (bulkLoad && !checkpoint && !loading) {
        for (const table of this.collections.values()) this.connection.exec(table.dropIndexes())
        this.connection.run('UPDATE state SET loading = 1')
        this.loaded = false
      }
      this.connection.run(
        'UPDATE state SET lease_owner = ?, lease_number = lease_number + 1, lease_expires_at = ?',
        [owner, expiry(milliseconds)],
      )
      return this.leaseNumber()
    })
  }

  /** Call inside the transaction that relies on it. @throws LeaseLost */
  requireLease(number: number): void {
    if (this.leaseNumber() !== number) throw leaseLost()
  }

  /** @throws LeaseLost */
  renewLease(number: number, milliseconds: number): void {
    const renewed = this.connection.run('UPDATE state SET lease_expires_at = ? WHERE lease_number = ?', [
      expiry(milliseconds),
      number,
    ])
    if (renewed === 0) this.requireLease(number)
  }

  releaseLease(number: number): void {
    this.connection.run('UPDATE state SET lease_expires_at = NULL WHERE lease_number = ?', [number])
  }

  /** Fences whoever writes now, because the build is about to be dropped. */
  revokeLease(): void {
    this.connection.run('UPDATE state SET lease_number = lease_number + 1, lease_expires_at = NULL')
  }

  /**
   * Whether a batch that ends there may be written: it may not when it was written before, and what followed it must stay.
   * @throws LeaseLost
   */
  admits(leaseNumber: number, { logId, position }: Checkpoint): boolean {
    const {
      lease_number,
      log_id,
      position: reached,
    } = this.connection.get<{
      lease_number: number
      log_id: string | null
      position: string
    }>('SELECT lease_number, log_id, position FROM state')!
    if (lease_number !== leaseNumber) throw leaseLost()
    return log_id !== logId || position >= reached
  }

  moveCheckpoint(checkpoint: Checkpoint, leaseMilliseconds: number): void {
    this.connection.run('UPDATE state SET log_id = ?, position = ?, event_id = ?, lease_expires_at = ?', [
      checkpoint.logId,
      checkpoint.position,
      checkpoint.eventId,
      expiry(leaseMilliseconds),
    ])
  }

  /**
   * Builds what a bulk load left out, in steps: each is to be a transaction of its own, since the largest bounds what the WAL
   * grows to. Any of them may be taken again, before or after more was loaded.
   */
  *finishLoading(): Generator<() => void> {
    const { connection } = this
    for (const table of this.collections.values()) {
      for (const list of table.lists)
        yield () =>
          connection.exec(
            `DELETE FROM ${list.table}; INSERT OR IGNORE INTO ${list.table} SELECT item.value, r.id FROM ${table.table} r, json_each(r."c_${list.column}") item ORDER BY 1, 2`,
          )
      yield () => recount(connection, table)
      yield () => indexAllTexts(connection, table)
      for (const index of table.createIndexes()) yield () => connection.exec(index)
    }
    yield () => connection.run('UPDATE state SET loading = 0')
  }

  close(): void {
    this.connection.close()
  }

  private leaseNumber(): number {
    return this.connection.get<{ lease_number: number }>('SELECT lease_number FROM state')
      ?.lease_number as number
  }
}

const leaseLost = () => new LeaseLost('Another writer has taken the lease of this build: stop writing to it')

const expiry = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString()
