import type { Collection } from 'mongodb'
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

  /** Makes those that are missing. @param build a new one has none: it is not asked which it has */
  async create(build: 'new' | 'known' = 'known'): Promise<void> {
    await this.connection.runLong(async (database) => {
      for (const schema of this.schemas) {
        const rows = database.collection(rowsName(this.label, schema.name))
        const known = build === 'new' ? new Set() : await indexNames(rows)
        const missing = indexesOf(schema).filter(({ name }) => !known.has(name))
        if (missing.length > 0) await rows.createIndexes(missing)
      }
    })
  }
}

async function indexNames(rows: Collection): Promise<ReadonlySet<unknown>> {
  const indexes = await rows.listIndexes().toArray().catch(none)
  return new Set(indexes.map(({ name }) => name))
}

/** The collection is made by its first index or document. */
function none(error: { code?: number }): { name: string }[] {
  const NAMESPACE_NOT_FOUND = 26
  if (error.code === NAMESPACE_NOT_FOUND) return []
  throw error
}
