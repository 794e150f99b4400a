import type { Db } from 'mongodb'
import type { MongodbConnection } from '#libs/mongodb'
import type { CollectionSchema } from '../read-store.js'
import { type BuildDocuments, rowsName } from './build-documents.js'
import { indexesOf } from './stored-document.js'

/** The secondary indexes of one build: made at once, or at the end of a bulk load. */
export class BuildIndexes {
  constructor(
    private readonly connection: MongodbConnection,
    private readonly documents: BuildDocuments,
    private readonly label: string,
    private readonly schemas: readonly CollectionSchema[],
  ) {}

  /** Leaves them out until `finishLoading`, unless the build has documents already. @returns whether it did */
  async beginLoading(): Promise<boolean> {
    const { modifiedCount } = await this.documents.builds.updateOne(
      { _id: this.label, checkpoint: null, loading: false },
      { $set: { loading: true } },
    )
    return modifiedCount === 1
  }

  async finishLoading(): Promise<void> {
    await this.create()
    await this.documents.builds.updateOne({ _id: this.label }, { $set: { loading: false } })
  }

  /** Makes those that are missing. */
  async create(): Promise<void> {
    await this.connection.runLong(async (database) => {
      for (const schema of this.schemas)
        await createMissing(database, rowsName(this.label, schema.name), schema)
    })
  }
}

async function createMissing(database: Db, name: string, schema: CollectionSchema): Promise<void> {
  const rows = database.collection(name)
  const known = new Set((await rows.listIndexes().toArray().catch(none)).map((index) => index.name))
  const missing = indexesOf(schema).filter((index) => !known.has(index.name))
  if (missing.length > 0) await rows.createIndexes(missing)
}

/** The collection is made by its first index or document. */
function none(error: { code?: number }): { name: string }[] {
  const NAMESPACE_NOT_FOUND = 26
  if (error.code === NAMESPACE_NOT_FOUND) return []
  throw error
}
