import { MongodbConnection, type MongodbOptions } from '#libs/mongodb'
import { checkSchema } from '../collection-rules.js'
import {
  type BuildName,
  type BuildState,
  type CollectionSchema,
  type OpenForWriting,
  type ProjectionReader,
  type ProjectionWriter,
  ReadStore,
} from '../read-store.js'
import { BuildCommits, isValid } from './build-commits.js'
import { BuildDocuments, buildLabel, FORMAT, rowsName, schemasOf } from './build-documents.js'
import { BuildIndexes } from './build-indexes.js'
import { BuildQueries } from './build-queries.js'
import { MongodbMedium } from './mongodb-medium.js'
import { MongodbProjectionReader, MongodbProjectionWriter } from './mongodb-projection.js'
import { addNote, notesBeginningWith, putNote } from './notes.js'
import { Registry } from './registry.js'
import { indexesOf } from './stored-document.js'
import { Sweep } from './sweep.js'

/** The collections of a replaced build stay so long for queries that are reading them. */
const RETIREMENT_MILLISECONDS = 60_000

/** MongoDB's limit, less the one on ids (https://www.mongodb.com/docs/manual/reference/limits/). */
const MOST_INDEXES = 63

/** No lease has such a number: the journal of a dropped build is nobody's. */
const REVOKED = Number.MAX_SAFE_INTEGER

export interface MongodbReadStoreOptions extends MongodbOptions {
  /** For processes that only answer queries: whatever writes is refused. */
  readOnly?: boolean
  /** How long the collections of replaced builds stay. */
  retirementMilliseconds?: number
}

/** Opens the read models of an instance. Connects when first used. */
export function openMongodbReadStore(options: MongodbReadStoreOptions): MongodbReadStore {
  return new MongodbReadStore(options)
}

/** Read models in MongoDB: a collection `<projection>-v<version>-b<build>.<collection>` each. Needs no replica set. */
export class MongodbReadStore extends ReadStore {
  private readonly connection: MongodbConnection
  private readonly documents: BuildDocuments
  private readonly registry: Registry
  private readonly readers = new Map<string, MongodbProjectionReader>()
  private readonly writers = new Set<MongodbProjectionWriter>()

  constructor(private readonly options: MongodbReadStoreOptions) {
    super()
    this.connection = new MongodbConnection(options, 'READ_STORE.UNAVAILABLE')
    this.documents = new BuildDocuments(this.connection.database)
    this.registry = new Registry(this.documents)
  }

  builds(): Promise<BuildState[]> {
    return this.connection.run(async () => {
      const [registered, states, leases] = await Promise.all([
        this.registry.builds(),
        this.documents.builds.find({}, { projection: { checkpoint: 1 } }).toArray(),
        this.documents.leases.find().sort({ number: 1 }).toArray(),
      ])
      const checkpoints = new Map(states.map(({ _id, checkpoint }) => [_id, checkpoint]))
      const latest = new Map(leases.map(({ build, ...lease }) => [build, lease]))
      const now = Date.now()
      return registered.flatMap((build) => {
        const checkpoint = checkpoints.get(buildLabel(build))
        if (checkpoint === undefined) return []
        const lease = latest.get(buildLabel(build))
        return [
          {
            ...build,
            checkpoint: checkpoint ?? undefined,
            lease: lease && isValid(lease, now) ? lease : undefined,
          },
        ]
      })
    })
  }

  async createBuild(
    { projection, version }: Omit<BuildName, 'build'>,
    collections: readonly CollectionSchema[],
  ): Promise<BuildName> {
    this.refuseReadOnly()
    checkNames(projection, collections)
    return this.connection.run(async () => {
      await this.removeRetired()
      const name = await this.registry.allot(projection, version)
      const label = buildLabel(name)
      await this.documents.journals.insertOne({
        _id: label,
        lease: 0,
        holder: '',
        batch: 0,
        checkpoint: null,
        writes: [],
        parts: [],
      })
      await this.documents.builds.insertOne({
        _id: label,
        format: FORMAT,
        schemas: JSON.stringify(collections),
        loading: false,
        batch: 0,
        checkpoint: null,
      })
      await this.registry.add(name)
      return name
    })
  }

  async openForWriting(name: BuildName, options: OpenForWriting): Promise<ProjectionWriter> {
    this.refuseReadOnly()
    return this.connection.run(async () => {
      const label = buildLabel(name)
      if (!(await this.registry.has(name))) throw new Error(`There is no build ${label}`)
      const { owner, leaseMilliseconds: milliseconds } = options
      const medium = new MongodbMedium(this.documents, label)
      const commits = await BuildCommits.open(medium, { owner, milliseconds })
      try {
        const writer = await this.newWriter(name, options, commits)
        for (const known of this.writers) if (!known.open) this.writers.delete(known)
        this.writers.add(writer)
        return writer
      } catch (error) {
        // Otherwise it runs out by itself
        await commits.release().catch(() => {})
        throw error
      }
    })
  }

  liveReader(projection: string): Promise<ProjectionReader | undefined> {
    return this.connection.run(async () => {
      for (;;) {
        const name = await this.registry.answering(projection)
        if (!name) return undefined
        const known = this.readers.get(projection)
        if (known && buildLabel(known.name) === buildLabel(name)) return known
        try {
          const queries = await BuildQueries.open(this.documents, buildLabel(name))
          const reader = new MongodbProjectionReader(name, this.connection, queries)
          this.readers.set(projection, reader)
          return reader
        } catch (error) {
          // Dropped between the registry's answer and the opening: another answers by now
          if (await this.registry.has(name)) throw error
        }
      }
    })
  }

  async makeLive(name: BuildName): Promise<void> {
    this.refuseReadOnly()
    return this.connection.run(async () => {
      const queries = await BuildQueries.open(this.documents, buildLabel(name))
      if (await queries.isLoading())
        throw new Error(`${buildLabel(name)} is still being loaded: finish that first`)
      for (const replaced of await this.registry.makeLive(name, Date.now())) await this.fence(replaced)
      await this.removeRetired()
    })
  }

  async freeze(name: BuildName): Promise<void> {
    this.refuseReadOnly()
    return this.connection.run(() => this.registry.freeze(name))
  }

  async drop(name: BuildName): Promise<void> {
    this.refuseReadOnly()
    return this.connection.run(async () => {
      await this.registry.remove(name, Date.now())
      await this.fence(name)
      await this.removeRetired()
    })
  }

  async addNote<Note extends object>(name: string, note: Note): Promise<Note> {
    this.refuseReadOnly()
    const text = JSON.stringify(note)
    return this.connection.run(
      async () => JSON.parse(await addNote(this.documents.notes, name, text)) as Note,
    )
  }

  async putNote(name: string, note: object): Promise<void> {
    this.refuseReadOnly()
    return this.connection.run(() => putNote(this.documents.notes, name, JSON.stringify(note)))
  }

  notes<Note extends object>(prefix: string): Promise<Map<string, Note>> {
    return this.connection.run(async () => {
      const found = await notesBeginningWith(this.documents.notes, prefix)
      return new Map([...found].map(([name, note]) => [name, JSON.parse(note) as Note]))
    })
  }

  async removeNote(name: string): Promise<void> {
    this.refuseReadOnly()
    await this.connection.run(() => this.documents.notes.deleteOne({ _id: name }))
  }

  async close(): Promise<void> {
    for (const writer of this.writers) await writer.close()
    this.writers.clear()
    this.readers.clear()
    await this.connection.close()
  }

  private async newWriter(
    name: BuildName,
    { bulkLoad, leaseMilliseconds }: OpenForWriting,
    commits: BuildCommits,
  ): Promise<MongodbProjectionWriter> {
    const label = buildLabel(name)
    const queries = await BuildQueries.open(this.documents, label)
    const indexes = new BuildIndexes(this.connection, this.documents, label, queries.collections)
    if (bulkLoad && (await indexes.beginLoading())) queries.noteLoading(true)
    if (!(await queries.isLoading())) await indexes.create(commits.isFirst ? 'new' : 'known')
    const names = queries.collections.map((schema) => schema.name)
    const sweep = new Sweep(this.documents, label, names)
    return new MongodbProjectionWriter(name, this.connection, queries, {
      commits,
      indexes,
      sweep,
      leaseMilliseconds,
    })
  }

  /** Lest a writer writes on into what nobody sees. */
  private async fence(name: BuildName): Promise<void> {
    const label = buildLabel(name)
    await this.documents.journals.updateOne({ _id: label }, { $set: { lease: REVOKED, holder: '' } })
    await this.documents.leases.deleteMany({ build: label })
  }

  /** Removes what was replaced long enough ago: now and then, whoever comes by. */
  private async removeRetired(): Promise<void> {
    const before = Date.now() - (this.options.retirementMilliseconds ?? RETIREMENT_MILLISECONDS)
    for (const build of await this.registry.retired()) {
      if (build.at.getTime() > before) continue
      const label = buildLabel(build)
      const document = await this.documents.builds.findOne({ _id: label })
      for (const { name } of document ? schemasOf(document) : [])
        await this.connection.runLong((database) => database.dropCollection(rowsName(label, name)))
      await this.documents.journalParts.deleteMany({ build: label })
      await this.documents.journals.deleteOne({ _id: label })
      await this.documents.leases.deleteMany({ build: label })
      await this.documents.builds.deleteOne({ _id: label })
      await this.registry.forget(build)
    }
  }

  private refuseReadOnly(): void {
    if (this.options.readOnly) throw new Error('The read store was opened read-only')
  }
}

function checkNames(projection: string, collections: readonly CollectionSchema[]): void {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(projection))
    throw new Error(`"${projection}" is no projection's name`)
  for (const schema of collections) {
    checkSchema(schema)
    const indexes = indexesOf(schema).length
    if (indexes > MOST_INDEXES)
      throw new Error(`Collection ${schema.name}: ${indexes} indexes, ${MOST_INDEXES} are the most`)
  }
}
