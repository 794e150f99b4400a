import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { Filter } from '../filter.js'
import {
  type BuildName,
  type Checkpoint,
  type DocumentWrite,
  type Fields,
  type FieldsQuery,
  type GroupCount,
  type OpenForWriting,
  ProjectionReader,
  type ProjectionWriter,
  type Query,
  type StoredDocument,
} from '../read-store.js'
import type { TextAnswer, TextQuery } from '../search/search-schema.js'
import { BatchWrite } from './batch-write.js'
import type { BuildFile } from './build-file.js'
import { BuildQueries } from './build-queries.js'
import { isBusy } from './connection.js'

/** Reads one build on a connection of its own. */
export class SqliteProjectionReader extends ProjectionReader {
  private readonly queries: BuildQueries

  constructor(
    readonly name: BuildName,
    protected readonly file: BuildFile,
    maxSortedRows: number,
  ) {
    super()
    this.queries = new BuildQueries(file, maxSortedRows)
  }

  get open(): boolean {
    return this.file.connection.open
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    return this.queries.checkpoint()
  }

  async get<Document>(collection: string, id: string): Promise<StoredDocument<Document> | undefined> {
    return this.queries.get(collection, id)
  }

  async getMany<Document>(
    collection: string,
    ids: readonly string[],
  ): Promise<Map<string, StoredDocument<Document>>> {
    return byId(this.queries.getMany<Document>(collection, ids))
  }

  async find<Document>(collection: string, query: Query): Promise<StoredDocument<Document>[]> {
    return this.queries.find(collection, query)
  }

  async findFields<Document>(
    collection: string,
    query: FieldsQuery,
    fields: Fields,
  ): Promise<Document[] | undefined> {
    return this.queries.findFields(collection, query, fields)
  }

  async count(collection: string, filter?: Filter): Promise<number> {
    return this.queries.count(collection, filter)
  }

  async groupCounts(
    collection: string,
    dimensions: readonly string[],
    filter?: Filter,
  ): Promise<GroupCount[]> {
    return this.queries.groupCounts(collection, dimensions, filter)
  }

  async search<Document>(collection: string, query: TextQuery): Promise<TextAnswer<Document>> {
    return this.queries.search(collection, query)
  }

  async close(): Promise<void> {
    this.file.close()
  }
}

/** Writes one build; renews its lease by itself while its thread is alive. */
export class SqliteProjectionWriter extends SqliteProjectionReader implements ProjectionWriter {
  private readonly leaseNumber: number
  private readonly renewal: NodeJS.Timeout
  /** Per collection, the columns already noted as nullable. */
  private nullable = new Map<string, Set<string>>()

  constructor(
    name: BuildName,
    file: BuildFile,
    private readonly options: OpenForWriting,
    maxSortedRows: number,
  ) {
    super(name, file, maxSortedRows)
    this.leaseNumber = file.takeLease(options.owner, options.leaseMilliseconds, options.bulkLoad ?? false)
    this.renewal = setInterval(() => this.renew(), options.leaseMilliseconds / 3).unref()
  }

  async commit(writes: readonly DocumentWrite[], checkpoint: Checkpoint): Promise<void> {
    try {
      this.file.connection.write(() => {
        if (!this.file.admits(this.leaseNumber, checkpoint)) return
        const loading = this.file.isLoading()
        for (const [collection, some] of byCollection(writes))
          new BatchWrite(this.file, this.file.collection(collection), this.nullableOf(collection)).run(
            some,
            loading,
          )
        this.file.moveCheckpoint(checkpoint, this.options.leaseMilliseconds)
      })
    } catch (error) {
      // What was noted in the transaction is gone with it
      this.nullable = new Map()
      throw error
    }
  }

  async finishBulkLoad(): Promise<void> {
    this.file.requireLease(this.leaseNumber)
    if (!this.file.isLoading()) return
    await this.file.connection.mapped(async () => {
      for (const step of this.file.finishLoading()) {
        this.finishOneStep(step)
        await turnOfTheLoop()
      }
    })
  }

  private finishOneStep(step: () => void): void {
    this.file.connection.write(() => {
      this.file.requireLease(this.leaseNumber)
      step()
      this.file.renewLease(this.leaseNumber, this.options.leaseMilliseconds)
    })
  }

  override async close(): Promise<void> {
    clearInterval(this.renewal)
    if (!this.open) return
    try {
      this.file.releaseLease(this.leaseNumber)
    } catch (error) {
      // Then it runs out by itself
      if (!isBusy(error)) throw error
    } finally {
      this.file.close()
    }
  }

  private nullableOf(collection: string): Set<string> {
    let columns = this.nullable.get(collection)
    if (!columns) {
      columns = new Set(this.file.nullableColumns(collection))
      this.nullable.set(collection, columns)
    }
    return columns
  }

  private renew(): void {
    try {
      this.file.renewLease(this.leaseNumber, this.options.leaseMilliseconds)
    } catch {
      // Lost: the next commit says so. Busy: the next turn tries again, a third of the lease from now
    }
  }
}

function byId<Document>(rows: readonly StoredDocument<Document>[]): Map<string, StoredDocument<Document>> {
  return new Map(rows.map((row) => [row.id, row]))
}

function byCollection(writes: readonly DocumentWrite[]): Map<string, DocumentWrite[]> {
  const groups = new Map<string, DocumentWrite[]>()
  for (const write of writes) {
    const group = groups.get(write.collection)
    if (group) group.push(write)
    else groups.set(write.collection, [write])
  }
  return groups
}
