import { matches } from '#libs/projections-runtime'
import {
  all,
  type BuildName,
  type BuildState,
  type Checkpoint,
  type CollectionSchema,
  type DocumentWrite,
  type Filter,
  type GroupCount,
  LeaseHeld,
  LeaseLost,
  type OpenForWriting,
  ProjectionReader,
  ProjectionWriter,
  type Query,
  ReadStore,
  type StoredDocument,
} from '#libs/read-store'

type Documents = Map<string, StoredDocument & { deleted?: boolean }>

interface Build {
  name: BuildName
  status: BuildState['status']
  checkpoint?: Checkpoint
  lease?: { owner: string; number: number; expires: number; milliseconds: number }
  leases: number
  collections: Map<string, Documents>
}

/** Where a test may let the process die: throw there. */
export type CrashPoint = 'before commit' | 'after commit'

/** The read-store port as plain maps: the model that property tests compare with, and a fast store for unit tests. */
export class InMemoryReadStore extends ReadStore {
  readonly #builds: Build[] = []
  /** Called at each crash point; what it throws, the writer throws. */
  crash: (point: CrashPoint, name: BuildName) => void = () => {}

  constructor(private readonly now: () => number = Date.now) {
    super()
  }

  async builds(): Promise<BuildState[]> {
    return this.#builds.map(({ name, status, checkpoint, lease }) => ({
      ...name,
      status,
      checkpoint,
      lease: lease && {
        owner: lease.owner,
        number: lease.number,
        expiresAt: new Date(lease.expires).toISOString(),
      },
    }))
  }

  async createBuild(
    { projection, version }: Omit<BuildName, 'build'>,
    collections: readonly CollectionSchema[],
  ): Promise<BuildName> {
    const siblings = this.#builds.filter(({ name }) => name.projection === projection)
    const name = { projection, version, build: 1 + Math.max(0, ...siblings.map((b) => b.name.build)) }
    this.#builds.push({
      name,
      status: siblings.length === 0 ? 'live' : 'building',
      leases: 0,
      collections: new Map(collections.map((schema) => [schema.name, new Map()])),
    })
    return name
  }

  async openForWriting(name: BuildName, options: OpenForWriting): Promise<ProjectionWriter> {
    const build = this.#find(name)
    if (!build) throw new Error(`There is no build ${JSON.stringify(name)}`)
    if (build.lease && build.lease.expires > this.now()) throw new LeaseHeld(`${build.lease.owner} holds it`)
    const milliseconds = options.leaseMilliseconds
    build.lease = {
      owner: options.owner,
      number: ++build.leases,
      expires: this.now() + milliseconds,
      milliseconds,
    }
    return new InMemoryWriter(build, build.leases, this.now, (point) => this.crash(point, name))
  }

  async liveReader(projection: string): Promise<ProjectionReader | undefined> {
    const build = this.#builds.find(
      ({ name, status }) => name.projection === projection && status !== 'building',
    )
    return build && new InMemoryReader(build)
  }

  async makeLive(name: BuildName): Promise<void> {
    for (const build of [...this.#builds])
      if (build.name.projection === name.projection && build.status !== 'building') this.#remove(build)
    this.#find(name)!.status = 'live'
  }

  async drop(name: BuildName): Promise<void> {
    const build = this.#find(name)
    if (build) this.#remove(build)
  }

  async close(): Promise<void> {}

  #find(wanted: BuildName): Build | undefined {
    return this.#builds.find(
      ({ name }) =>
        name.projection === wanted.projection &&
        name.version === wanted.version &&
        name.build === wanted.build,
    )
  }

  #remove(build: Build): void {
    this.#builds.splice(this.#builds.indexOf(build), 1)
    build.leases++
    build.lease = undefined
  }
}

class InMemoryReader extends ProjectionReader {
  constructor(protected readonly build: Build) {
    super()
  }

  get name(): BuildName {
    return this.build.name
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    return this.build.checkpoint
  }

  async get<Document>(collection: string, id: string): Promise<StoredDocument<Document> | undefined> {
    return (await this.getMany<Document>(collection, [id])).get(id)
  }

  async getMany<Document>(collection: string, ids: readonly string[]) {
    const found = new Map<string, StoredDocument<Document>>()
    for (const id of ids) {
      const stored = this.documents(collection).get(id)
      if (stored && !stored.deleted) found.set(id, structuredClone(stored) as StoredDocument<Document>)
    }
    return found
  }

  async find<Document>(collection: string, query: Query): Promise<StoredDocument<Document>[]> {
    const { orderBy, after, limit } = query
    const valuesOf = ({ document }: StoredDocument) =>
      orderBy.map(({ column }) => (document as Record<string, string | null>)[column] ?? null)
    const order = (a: { values: unknown[]; id: string }, b: { values: unknown[]; id: string }) => {
      for (const [index, { direction }] of orderBy.entries()) {
        const [x, y] = [a.values[index] as string | null, b.values[index] as string | null]
        if (x === y) continue
        if (x === null || y === null) return x === null ? 1 : -1
        return x < y === (direction === 'asc') ? -1 : 1
      }
      return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
    }
    const cursor = after && { values: [...after.values], id: after.id }
    return this.#matching(collection, query.filter)
      .map((stored) => ({ values: valuesOf(stored), id: stored.id, stored }))
      .filter((row) => cursor === undefined || order(row, cursor) > 0)
      .sort(order)
      .slice(0, limit)
      .map(({ stored }) => structuredClone(stored) as StoredDocument<Document>)
  }

  async count(collection: string, filter?: Filter): Promise<number> {
    return this.#matching(collection, filter).length
  }

  async groupCounts(collection: string, dimensions: readonly string[], filter?: Filter) {
    const groups = new Map<string, GroupCount>()
    for (const { document } of this.#matching(collection, filter)) {
      const values = dimensions.map(
        (dimension) => (document as Record<string, string | null>)[dimension] ?? null,
      )
      const group = groups.get(JSON.stringify(values)) ?? { values, count: 0 }
      group.count++
      groups.set(JSON.stringify(values), group)
    }
    return [...groups.values()]
  }

  async close(): Promise<void> {}

  protected documents(collection: string): Documents {
    const documents = this.build.collections.get(collection)
    if (!documents) throw new Error(`There is no collection ${collection}`)
    return documents
  }

  #matching(collection: string, filter: Filter = all): StoredDocument[] {
    return [...this.documents(collection).values()].filter(
      ({ deleted, document }) => !deleted && matches(filter, document as object),
    )
  }
}

class InMemoryWriter extends InMemoryReader implements ProjectionWriter {
  constructor(
    build: Build,
    private readonly lease: number,
    private readonly now: () => number,
    private readonly crash: (point: CrashPoint) => void,
  ) {
    super(build)
  }

  async commit(writes: readonly DocumentWrite[], checkpoint: Checkpoint): Promise<void> {
    this.crash('before commit')
    const lease = this.build.lease
    if (this.build.leases !== this.lease || lease === undefined)
      throw new LeaseLost('taken by another writer')
    for (const write of writes) this.#apply(structuredClone(write))
    this.build.checkpoint = { ...checkpoint }
    lease.expires = this.now() + lease.milliseconds
    this.crash('after commit')
  }

  async finishBulkLoad(): Promise<void> {}

  override async close(): Promise<void> {
    if (this.build.leases === this.lease) this.build.lease = undefined
  }

  #apply({ collection, id, document, position, stale = false }: DocumentWrite): void {
    const documents = this.documents(collection)
    const stored = documents.get(id)
    const later =
      !stored ||
      position > stored.position ||
      (position === stored.position && stale && !stored.stale && !stored.deleted)
    if (later) documents.set(id, { id, position, document, stale, deleted: document === null })
  }
}
