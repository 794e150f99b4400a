import type { MongodbConnection } from '#libs/mongodb'
import type { Filter } from '../filter.js'
import {
  type BuildName,
  type Checkpoint,
  type DocumentWrite,
  type Fields,
  type FieldsQuery,
  type GroupCount,
  ProjectionReader,
  type ProjectionWriter,
  type Query,
  type StoredDocument,
} from '../read-store.js'
import type { TextAnswer, TextQuery } from '../search/search-schema.js'
import type { BuildCommits } from './build-commits.js'
import type { BuildIndexes } from './build-indexes.js'
import type { Write } from './build-medium.js'
import type { BuildQueries } from './build-queries.js'
import { storedForm } from './stored-document.js'
import type { Sweep } from './sweep.js'

/** Reads one build. */
export class MongodbProjectionReader extends ProjectionReader {
  constructor(
    readonly name: BuildName,
    protected readonly connection: MongodbConnection,
    protected readonly queries: BuildQueries,
  ) {
    super()
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return this.connection.run(() => this.queries.checkpoint())
  }

  async get<Document>(collection: string, id: string): Promise<StoredDocument<Document> | undefined> {
    return (await this.getMany<Document>(collection, [id])).get(id)
  }

  async getMany<Document>(
    collection: string,
    ids: readonly string[],
  ): Promise<Map<string, StoredDocument<Document>>> {
    const found = await this.connection.run(() => this.queries.getMany<Document>(collection, ids))
    return new Map(found.map((row) => [row.id, row]))
  }

  find<Document>(collection: string, query: Query): Promise<StoredDocument<Document>[]> {
    return this.connection.run(() => this.queries.find(collection, query))
  }

  findFields<Document>(
    collection: string,
    query: FieldsQuery,
    fields: Fields,
  ): Promise<Document[] | undefined> {
    return this.connection.run(() => this.queries.findFields(collection, query, fields))
  }

  count(collection: string, filter?: Filter): Promise<number> {
    return this.connection.run(() => this.queries.count(collection, filter))
  }

  groupCounts(collection: string, dimensions: readonly string[], filter?: Filter): Promise<GroupCount[]> {
    return this.connection.run(() => this.queries.groupCounts(collection, dimensions, filter))
  }

  search<Document>(collection: string, query: TextQuery): Promise<TextAnswer<Document>> {
    return this.connection.run(() => this.queries.search(collection, query))
  }

  async close(): Promise<void> {}
}

/** What a writer uses besides. */
export interface WriterParts {
  commits: BuildCommits
  indexes: BuildIndexes
  sweep: Sweep
  leaseMilliseconds: number
}

/** Writes one build; renews its lease by itself while its thread is alive. */
export class MongodbProjectionWriter extends MongodbProjectionReader implements ProjectionWriter {
  private renewal: NodeJS.Timeout
  /** Commits one at a time, in the order in which they were asked for. */
  private last: Promise<unknown> = Promise.resolve()
  private hesitated = false
  private closed = false

  constructor(
    name: BuildName,
    connection: MongodbConnection,
    queries: BuildQueries,
    private readonly parts: WriterParts,
  ) {
    super(name, connection, queries)
    this.renewal = this.nextRenewal()
  }

  get open(): boolean {
    return !this.closed
  }

  /** As it left it: nobody else moves it while this writer has the lease. */
  override async checkpoint(): Promise<Checkpoint | undefined> {
    const { commits } = this.parts
    return commits.isDoubtful ? super.checkpoint() : commits.checkpoint
  }

  commit(writes: readonly DocumentWrite[], checkpoint: Checkpoint): Promise<void> {
    return this.inTurn(async () => {
      const { commits, sweep } = this.parts
      if (!(await commits.admits(checkpoint))) return
      await commits.commit(this.toWrites(writes, commits.nextBatch), checkpoint)
      await sweep.next()
    })
  }

  finishBulkLoad(): Promise<void> {
    return this.inTurn(async () => {
      await this.parts.commits.requireLease()
      if (!(await this.queries.isLoading())) return
      await this.parts.indexes.finishLoading()
      this.queries.noteLoading(false)
    })
  }

  override async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    clearTimeout(this.renewal)
    await this.last
    // Then it runs out by itself
    await this.parts.commits.release().catch(() => {})
  }

  private toWrites(writes: readonly DocumentWrite[], batch: number): Write[] {
    const latest = new Map<string, Write>()
    for (const write of writes) {
      const form = storedForm(this.queries.schema(write.collection), write, batch, Date.now())
      latest.set(JSON.stringify([write.collection, write.id]), { collection: write.collection, form })
    }
    return [...latest.values()]
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.closed) return Promise.reject(new Error('This writer was closed'))
    const done = this.last.then(() => this.connection.run(work))
    this.last = done.catch(() => {})
    return done
  }

  /** At whole multiples of the pause, so that the writers of a process renew theirs at once, by one command. */
  private nextRenewal(): NodeJS.Timeout {
    const pause = this.parts.leaseMilliseconds / 3
    return setTimeout(
      () => {
        this.renewal = this.nextRenewal()
        void this.renew()
      },
      Math.ceil(pause - (Date.now() % pause)),
    ).unref()
  }

  private async renew(): Promise<void> {
    // After a long sleep others go first: they may be waiting for a lease that they saw run out
    this.hesitated = !this.hesitated && this.parts.commits.lapsed()
    if (this.hesitated) return
    // Away: the next turn tries again, a third of the lease from now
    await this.parts.commits.renew().catch(() => {})
  }
}
