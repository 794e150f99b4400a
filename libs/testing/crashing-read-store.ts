import {
  type BuildName,
  type CollectionSchema,
  type OpenForWriting,
  type ProjectionWriter,
  ReadStore,
} from '#libs/read-store'

/** Where the process may die: nothing is written yet, or all is but nobody was told. */
export type CrashPoint = 'before commit' | 'after commit'

/** Any read store, whose writers call `crash` around every commit and throw what it throws. */
export class CrashingReadStore extends ReadStore {
  constructor(
    private readonly store: ReadStore,
    public crash: (point: CrashPoint) => void = () => {},
  ) {
    super()
  }

  async openForWriting(name: BuildName, options: OpenForWriting): Promise<ProjectionWriter> {
    const writer = await this.store.openForWriting(name, options)
    const commit = writer.commit.bind(writer)
    writer.commit = async (writes, checkpoint) => {
      this.crash('before commit')
      await commit(writes, checkpoint)
      this.crash('after commit')
    }
    return writer
  }

  builds() {
    return this.store.builds()
  }

  createBuild(name: Omit<BuildName, 'build'>, collections: readonly CollectionSchema[]) {
    return this.store.createBuild(name, collections)
  }

  liveReader(projection: string) {
    return this.store.liveReader(projection)
  }

  makeLive(name: BuildName) {
    return this.store.makeLive(name)
  }

  freeze(name: BuildName) {
    return this.store.freeze(name)
  }

  drop(name: BuildName) {
    return this.store.drop(name)
  }

  addNote<Note extends object>(name: string, note: Note) {
    return this.store.addNote(name, note)
  }

  putNote(name: string, note: object) {
    return this.store.putNote(name, note)
  }

  notes<Note extends object>(prefix: string) {
    return this.store.notes<Note>(prefix)
  }

  removeNote(name: string) {
    return this.store.removeNote(name)
  }

  close() {
    return this.store.close()
  }
}
