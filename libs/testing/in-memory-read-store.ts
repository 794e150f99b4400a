import {
  all,
  type BuildName,
  type BuildState,
  type Checkpoint,
  type CollectionSchema,
  checkFields,
  checkSearch,
  compareRows,
  compareValues,
  completeOrderBy,
  cursorAfter,
  type DocumentWrite,
  type Fields,
  type FieldsQuery,
  type Filter,
  type GroupCount,
  HitCollector,
  LeaseHeld,
  LeaseLost,
  matches,
  type OpenForWriting,
  ProjectionReader,
  ProjectionWriter,
  type Query,
  ReadStore,
  type StoredDocument,
  type TextAnswer,
  type TextQuery,
} from '#libs/read-store'

type Documents = Map<string, StoredDocument & { deleted?: boolean }>

interface Build {
  name: BuildName
  status: BuildState['status']
  checkpoint?: Checkpoint
  lease?: { owner: string; number: number }
  leases: number
  collections: ReadonlyMap<string, { schema: CollectionSchema; documents: Documents }>
}

/** The read-store port as plain maps: the model that property tests compare with, and a fast store for unit tests. */
export class InMemoryReadStore extends ReadStore {
  readonly #builds: Build[] = []
  readonly #notes = new Map<string, object>()

  /** As if every writer had been silent for longer than its lease: others may take over now. (It never runs out by itself.) */
  expireLeases(): void {
    for (const build of this.#builds) build.lease = undefined
  }

  async builds(): Promise<BuildState[]> {
    return this.#builds.map(({ name, status, checkpoint, lease }) => ({
      ...name,
      status,
      checkpoint,
      lease: lease && { ...lease, expiresAt: '9999-12-31T23:59:59.999Z' },
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
      collections: new Map(collections.map((schema) => [schema.name, { schema, documents: new Map() }])),
    })
    return name
  }

  async openForWriting(name: BuildName, options: OpenForWriting): Promise<ProjectionWriter> {
    const build = this.#find(name)
    if (!build) throw new Error(`There is no build ${JSON.stringify(name)}`)
    if (build.lease) throw new LeaseHeld(`${build.lease.owner} holds it`)
    build.lease = { owner: options.owner, number: ++build.leases }
    return new InMemoryWriter(build, build.leases)
  }

  async liveReader(projection: string): Promise<ProjectionReader | undefined> {
    const build = this.#builds.find(
      ({ name, status }) => name.projection === projection && status !== 'building',
    )
    return build && new InMemoryReader(build)
  }

  async makeLive(name: BuildName): Promise<void> {
    const successor = this.#find(name)!
    for (const build of [...this.#builds])
      if (build !== successor && build.name.projection === name.projection && build.status !== 'building')
        this.#remove(build)
    successor.status = 'live'
  }

  async freeze(name: BuildName): Promise<void> {
    this.#find(name)!.status = 'frozen'
  }

  async drop(name: BuildName): Promise<void> {
    const build = this.#find(name)
    if (build) this.#remove(build)
  }

  async addNote<Note extends object>(name: string, note: Note): Promise<Note> {
    if (!this.#notes.has(name)) this.#notes.set(name, structuredClone(note))
    return structuredClone(this.#notes.get(name)) as Note
  }

  async putNote(name: string, note: object): Promise<void> {
    this.#notes.set(name, structuredClone(note))
  }

  async notes<Note extends object>(prefix: string): Promise<Map<string, Note>> {
    const found = [...this.#notes].filter(([name]) => name.startsWith(prefix)).sort()
    return new Map(structuredClone(found)) as Map<string, Note>
  }

  async removeNote(name: string): Promise<void> {
    this.#notes.delete(name)
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
      if (stored && !stored.deleted) found.set(id, whole<Document>(stored))
    }
    return found
  }

  async find<Document>(collection: string, query: Query): Promise<StoredDocument<Document>[]> {
    const { schema } = this.collection(collection)
    const orderBy = completeOrderBy(schema, query.filter, query.orderBy)
    const order = compareRows(orderBy)
    return this.#matching(collection, query.filter)
      .map((stored) => ({ at: cursorAfter(orderBy, stored as StoredDocument<object>), stored }))
      .filter(({ at }) => query.after === undefined || order(at, query.after) > 0)
      .sort((a, b) => order(a.at, b.at))
      .slice(0, query.limit)
      .map(({ stored }) => whole<Document>(stored))
  }

  async findFields<Document>(
    collection: string,
    { filter, atMost }: FieldsQuery,
    fields: Fields,
  ): Promise<Document[] | undefined> {
    checkFields(this.collection(collection).schema, fields)
    const found = this.#matching(collection, filter)
    return found.length > atMost ? undefined : found.map((stored) => partOf<Document>(stored, fields))
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

  async search<Document>(collection: string, query: TextQuery): Promise<TextAnswer<Document>> {
    const search = checkSearch(this.collection(collection).schema, query.filter)
    const hits = new HitCollector<Document>(search, query)
    const newestFirst = this.#matching(collection, query.filter).sort((a, b) => compareValues(b.id, a.id))
    for (const stored of newestFirst)
      if (!hits.full) hits.consider(structuredClone(stored) as StoredDocument<Document>)
    return { hits: hits.page(), complete: !hits.full }
  }

  async close(): Promise<void> {}

  protected collection(name: string) {
    const collection = this.build.collections.get(name)
    if (!collection) throw new Error(`There is no collection ${name}`)
    return collection
  }

  protected documents(collection: string): Documents {
    return this.collection(collection).documents
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
  ) {
    super(build)
  }

  async commit(writes: readonly DocumentWrite[], checkpoint: Checkpoint): Promise<void> {
    const lease = this.build.lease
    if (this.build.leases !== this.lease || lease === undefined)
      throw new LeaseLost('taken by another writer')
    for (const write of writes) this.#apply(structuredClone(write))
    this.build.checkpoint = { ...checkpoint }
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
      (position === stored.position && document !== null && stale !== stored.stale)
    if (later) documents.set(id, { id, position, document, stale, deleted: document === null })
  }
}

/** A copy. */
function whole<Document>(stored: StoredDocument): StoredDocument<Document> {
  const { id, position, document, stale } = structuredClone(stored)
  return { id, position, document: document as Document, stale }
}

/** A copy of some columns. */
function partOf<Document>({ document }: StoredDocument, fields: Fields): Document {
  const values = fields.map((field) => [field, (document as Record<string, unknown>)[field]])
  const present = Object.fromEntries(values.filter(([, value]) => value !== undefined && value !== null))
  return present as Document
}
