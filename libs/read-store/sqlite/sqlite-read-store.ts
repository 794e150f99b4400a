import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BuildName,
  type BuildState,
  type CollectionSchema,
  LeaseHeld,
  type OpenForWriting,
  ProjectionReader,
  type ProjectionWriter,
  ReadStore,
} from '../read-store.js'
import { BuildFile } from './build-file.js'
import { MAX_SORTED_ROWS } from './build-queries.js'
import { isBusy } from './connection.js'
import { Notes } from './notes.js'
import { buildLabel, Registry, sameBuild } from './registry.js'
import { SqliteProjectionReader, SqliteProjectionWriter } from './sqlite-projection.js'

/** A reader of a dropped build stays open so long for queries that hold it. */
const RETIREMENT_MILLISECONDS = 30_000

/**
 * A build that is loaded goes away soon; those that answer all stay open at once, and 32 MB for each were most of what a server's
 * memory held besides V8's. With 4 MB a batch costs the processor as much: what does not fit is read from the system's cache.
 */
const LOADING_CACHE_KIBIBYTES = 32_000
const WRITER_CACHE_KIBIBYTES = 4_000
const READER_CACHE_KIBIBYTES = 8_000
const LOOK_CACHE_KIBIBYTES = 64

export interface SqliteReadStoreOptions {
  /** Made when missing: one file per build, and the registry. */
  folder: string
  /** For threads that only answer queries: whatever writes is refused. */
  readOnly?: boolean
  /** Up to so many candidates of a filter are read and sorted, instead of walking the order. Changes speed, never answers. */
  maxSortedRows?: number
}

/** Opens the read models in a folder. Several threads and processes may, at the same time. */
export function openSqliteReadStore(options: SqliteReadStoreOptions): SqliteReadStore {
  mkdirSync(options.folder, { recursive: true })
  return new SqliteReadStore(options)
}

/** Read models in SQLite files: `<projection>-v<version>-b<build>.db` each, dropped by unlink. */
export class SqliteReadStore extends ReadStore {
  private readonly registry: Registry
  private openNotes: Notes | undefined
  private readonly readers = new Map<string, SqliteProjectionReader>()
  private readonly retired = new Map<SqliteProjectionReader, NodeJS.Timeout>()
  private readonly writers = new Set<SqliteProjectionWriter>()
  /** Connections that only look at the state of a build, by its label. */
  private readonly looks = new Map<string, BuildFile>()
  private registryVersion = -1
  private readonly maxSortedRows: number

  constructor(private readonly options: SqliteReadStoreOptions) {
    super()
    this.maxSortedRows = options.maxSortedRows ?? MAX_SORTED_ROWS
    this.registry = new Registry(join(options.folder, 'registry.db'))
  }

  async builds(): Promise<BuildState[]> {
    const builds = this.registry.builds()
    this.forgetDropped(builds)
    return builds.flatMap((build) => {
      const state = this.fileState(build)
      return state ? [{ ...build, checkpoint: state.checkpoint, lease: state.lease }] : []
    })
  }

  async createBuild(
    { projection, version }: Omit<BuildName, 'build'>,
    collections: readonly CollectionSchema[],
  ): Promise<BuildName> {
    this.refuseReadOnly()
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(projection))
      throw new Error(`"${projection}" is no projection's name`)
    this.registryVersion = -1
    return this.registry.add(projection, version, (name) => {
      this.deleteFiles(name)
      BuildFile.create(this.path(name), collections)
    })
  }

  async openForWriting(name: BuildName, options: OpenForWriting): Promise<ProjectionWriter> {
    this.refuseReadOnly()
    const cacheKibibytes = options.bulkLoad ? LOADING_CACHE_KIBIBYTES : WRITER_CACHE_KIBIBYTES
    const file = BuildFile.open(this.path(name), { cacheKibibytes })
    try {
      const writer = new SqliteProjectionWriter(name, file, options, this.maxSortedRows)
      for (const known of this.writers) if (!known.open) this.writers.delete(known)
      this.writers.add(writer)
      return writer
    } catch (error) {
      file.close()
      if (isBusy(error)) throw new LeaseHeld(`${buildLabel(name)} is being written`, { cause: error })
      throw error
    }
  }

  async liveReader(projection: string): Promise<ProjectionReader | undefined> {
    const version = this.registry.dataVersion()
    if (version !== this.registryVersion) this.retireReplaced()
    this.registryVersion = version
    const known = this.readers.get(projection)
    return known?.open ? known : this.openLive(projection)
  }

  async makeLive(name: BuildName): Promise<void> {
    this.refuseReadOnly()
    if (this.withFile(name, (file) => file.isLoading()))
      throw new Error(`${buildLabel(name)} is still being loaded: finish that first`)
    this.registryVersion = -1
    for (const dropped of this.registry.makeLive(name)) this.dropFiles(dropped)
  }

  async freeze(name: BuildName): Promise<void> {
    this.refuseReadOnly()
    this.registryVersion = -1
    this.registry.freeze(name)
  }

  async drop(name: BuildName): Promise<void> {
    this.refuseReadOnly()
    this.registryVersion = -1
    this.registry.remove(name)
    this.dropFiles(name)
  }

  async addNote<Note extends object>(name: string, note: Note): Promise<Note> {
    this.refuseReadOnly()
    return JSON.parse(this.noteFile().add(name, JSON.stringify(note))) as Note
  }

  async putNote(name: string, note: object): Promise<void> {
    this.refuseReadOnly()
    this.noteFile().put(name, JSON.stringify(note))
  }

  async notes<Note extends object>(prefix: string): Promise<Map<string, Note>> {
    if (this.options.readOnly && !existsSync(this.notesPath)) return new Map()
    const found = this.noteFile().beginningWith(prefix)
    return new Map(found.map(({ name, note }) => [name, JSON.parse(note) as Note]))
  }

  async removeNote(name: string): Promise<void> {
    this.refuseReadOnly()
    this.noteFile().remove(name)
  }

  async close(): Promise<void> {
    for (const [reader, timer] of this.retired) {
      clearTimeout(timer)
      await reader.close()
    }
    for (const reader of this.readers.values()) await reader.close()
    for (const writer of this.writers) await writer.close()
    this.forgetDropped([])
    this.readers.clear()
    this.retired.clear()
    this.writers.clear()
    this.registry.close()
    this.openNotes?.close()
  }

  private noteFile(): Notes {
    this.openNotes ??= new Notes(this.notesPath, this.options.readOnly)
    return this.openNotes
  }

  private get notesPath(): string {
    return join(this.options.folder, 'notes.db')
  }

  /** Keeps the readers of builds that still answer. */
  private retireReplaced(): void {
    for (const [projection, reader] of this.readers) {
      const answering = this.registry.answering(projection)
      if (reader.open && answering && sameBuild(answering, reader.name)) continue
      this.readers.delete(projection)
      if (reader.open) this.retire(reader)
    }
  }

  private retire(reader: SqliteProjectionReader): void {
    const close = () => {
      this.retired.delete(reader)
      void reader.close()
    }
    this.retired.set(reader, setTimeout(close, RETIREMENT_MILLISECONDS).unref())
  }

  private openLive(projection: string): ProjectionReader | undefined {
    for (;;) {
      const name = this.registry.answering(projection)
      if (!name) return undefined
      try {
        const options = { queryOnly: true, cacheKibibytes: READER_CACHE_KIBIBYTES }
        const reader = new SqliteProjectionReader(
          name,
          BuildFile.open(this.path(name), options),
          this.maxSortedRows,
        )
        this.readers.set(projection, reader)
        return reader
      } catch (error) {
        // Dropped between the registry's answer and the opening: another answers by now
        const answering = this.registry.answering(projection)
        if (answering && sameBuild(answering, name)) throw error
      }
    }
  }

  private fileState(name: BuildName) {
    const label = buildLabel(name)
    try {
      let file = this.looks.get(label)
      if (!file) {
        file = BuildFile.open(this.path(name), { queryOnly: true, cacheKibibytes: LOOK_CACHE_KIBIBYTES })
        this.looks.set(label, file)
      }
      return file.state()
    } catch {
      // Dropped meanwhile; or damaged, or of another release: its writer says so, and a rebuild replaces it
      return existsSync(this.path(name)) ? { checkpoint: undefined, lease: undefined } : undefined
    }
  }

  private forgetDropped(builds: readonly BuildName[]): void {
    const labels = new Set(builds.map(buildLabel))
    for (const [label, file] of this.looks) {
      if (labels.has(label)) continue
      file.close()
      this.looks.delete(label)
    }
  }

  private withFile<T>(name: BuildName, use: (file: BuildFile) => T): T {
    const file = BuildFile.open(this.path(name), {})
    try {
      return use(file)
    } finally {
      file.close()
    }
  }

  /** Fences the writer before the file goes, lest it writes on into what nobody sees. */
  private dropFiles(name: BuildName): void {
    try {
      if (existsSync(this.path(name))) this.withFile(name, (file) => file.revokeLease())
    } catch {
      // One that can't be opened has no writer
    }
    this.deleteFiles(name)
  }

  private deleteFiles(name: BuildName): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.path(name) + suffix, { force: true })
  }

  private path(name: BuildName): string {
    return join(this.options.folder, `${buildLabel(name)}.db`)
  }

  private refuseReadOnly(): void {
    if (this.options.readOnly) throw new Error('The read store was opened read-only')
  }
}
