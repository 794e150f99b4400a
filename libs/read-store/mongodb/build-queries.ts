import { Unavailable } from '#libs/event-sourcing'
import { checkCounting, coveringCounts } from '../collection-rules.js'
import { type Filter, simplify } from '../filter.js'
import { checkCursor, checkFields, checkFilter, checkQuery, checkSearch, planOrder } from '../query-rules.js'
import type {
  Checkpoint,
  CollectionSchema,
  Fields,
  FieldsQuery,
  GroupCount,
  Query,
  StoredDocument,
} from '../read-store.js'
import type { TextAnswer, TextQuery } from '../search/search-schema.js'
import { type BuildDocument, type BuildDocuments, FORMAT, schemasOf } from './build-documents.js'
import { type Condition, filterCondition, spacedField } from './filter-query.js'
import { fitting, pageQuery } from './page-query.js'
import { dimensionField, documentAnswer, fieldsAnswer, type StoredForm } from './stored-document.js'
import { TextSearch } from './text-search.js'

/** The questions to one build. */
export class BuildQueries {
  private readonly schemas: ReadonlyMap<string, CollectionSchema>
  private loaded: boolean

  private constructor(
    private readonly documents: BuildDocuments,
    private readonly label: string,
    build: BuildDocument,
  ) {
    this.schemas = new Map(schemasOf(build).map((schema) => [schema.name, schema]))
    this.loaded = !build.loading
  }

  /** @throws Error when there is no such build, or one of another format */
  static async open(documents: BuildDocuments, label: string): Promise<BuildQueries> {
    const build = await documents.builds.findOne({ _id: label })
    if (!build) throw new Error(`There is no build ${label}`)
    if (build.format !== FORMAT)
      throw new Error(
        `${label} has format ${build.format}, this release reads ${FORMAT}: drop and rebuild it`,
      )
    return new BuildQueries(documents, label, build)
  }

  schema(collection: string): CollectionSchema {
    const schema = this.schemas.get(collection)
    if (!schema) throw new Error(`There is no collection "${collection}" in this build`)
    return schema
  }

  get collections(): CollectionSchema[] {
    return [...this.schemas.values()]
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    const build = await this.documents.builds.findOne({ _id: this.label }, { projection: { checkpoint: 1 } })
    return build?.checkpoint ?? undefined
  }

  async getMany<Document>(collection: string, ids: readonly string[]): Promise<StoredDocument<Document>[]> {
    const { projection, read } = documentAnswer<Document>()
    const forms = await this.rows(collection)
      .find({ _id: { $in: [...ids] }, deleted: false }, { projection })
      .toArray()
    return forms.map(read)
  }

  async findFields<Document>(
    collection: string,
    { filter: asked = { kind: 'true' }, atMost }: FieldsQuery,
    fields: Fields,
  ): Promise<Document[] | undefined> {
    const schema = this.schema(collection)
    checkFields(schema, fields)
    checkFilter(schema, asked)
    await this.refuseWhileLoading()
    const filter = simplify(asked)
    if (filter.kind === 'false') return []
    const { projection, read } = fieldsAnswer<Document>(fields)
    const forms = await this.rows(collection)
      .find(fitting(schema, filter), { projection })
      .limit(atMost + 1)
      .toArray()
    // By id: a row whose key is changed meanwhile may come twice
    return forms.length > atMost
      ? undefined
      : [...new Map(forms.map((form) => [form._id, form])).values()].map(read)
  }

  async find<Document>(collection: string, query: Query): Promise<StoredDocument<Document>[]> {
    const { projection, read } = documentAnswer<Document>()
    const schema = this.schema(collection)
    checkQuery(schema, query)
    const filter = simplify(query.filter ?? { kind: 'true' })
    const plan = planOrder(schema, filter, query.orderBy)
    checkCursor(plan.orderBy, query.after)
    await this.refuseWhileLoading()
    if (filter.kind === 'false') return []
    const { pieces, sort } = pageQuery(schema, plan, filter, query.after)
    // By id: a row whose key is changed between two pieces may come in both
    const found = new Map<string, StoredForm>()
    for (const piece of pieces) {
      const wanted = query.limit - found.size
      if (wanted <= 0) break
      const forms = await this.rows(collection).find(piece, { projection }).sort(sort).limit(wanted).toArray()
      for (const form of forms) if (!found.has(form._id)) found.set(form._id, form)
    }
    return [...found.values()].map(read)
  }

  async count(collection: string, filter: Filter = { kind: 'true' }): Promise<number> {
    return (await this.groupCounts(collection, [], filter))[0]?.count ?? 0
  }

  async groupCounts(
    collection: string,
    dimensions: readonly string[],
    filter: Filter = { kind: 'true' },
  ): Promise<GroupCount[]> {
    const schema = this.schema(collection)
    const simple = simplify(filter)
    const lists = (schema.counts ?? []).map((listed) => ({ dimensions: listed }))
    checkCounting(schema, dimensions, simple, coveringCounts(lists, dimensions, simple))
    await this.refuseWhileLoading()
    const condition: Condition = {
      $and: [{ deleted: false }, filterCondition(simple, (column) => spacedField('c', column))],
    }
    const values = dimensions.map((dimension, i) => [`d${i}`, `$${dimensionField(dimension)}`])
    const groups = await this.rows(collection)
      .aggregate<{ _id: Record<string, GroupCount['values'][number]> | null; count: number }>([
        { $match: condition },
        { $group: { _id: values.length > 0 ? Object.fromEntries(values) : null, count: { $sum: 1 } } },
      ])
      .toArray()
    // No documents have no group, but are none
    if (dimensions.length === 0 && groups.length === 0) return [{ values: [], count: 0 }]
    return groups.map(({ _id, count }) => ({
      values: dimensions.map((_, i) => _id?.[`d${i}`] ?? null),
      count,
    }))
  }

  async search<Document>(collection: string, query: TextQuery): Promise<TextAnswer<Document>> {
    const schema = this.schema(collection)
    const search = checkSearch(schema, query.filter)
    const filter = simplify(query.filter ?? { kind: 'true' })
    await this.refuseWhileLoading()
    if (filter.kind === 'false') return { hits: [], complete: true }
    return new TextSearch<Document>(this.rows(collection), search, filter, query).run()
  }

  /** A build that has once been loaded stays so. */
  async isLoading(): Promise<boolean> {
    if (this.loaded) return false
    const build = await this.documents.builds.findOne({ _id: this.label }, { projection: { loading: 1 } })
    this.loaded = build?.loading === false
    return !this.loaded
  }

  /** The caller has just begun or ended a bulk load. */
  noteLoading(loading: boolean): void {
    this.loaded = !loading
  }

  private async refuseWhileLoading(): Promise<void> {
    if (await this.isLoading())
      throw new Unavailable('READ_STORE.LOADING', 'This read model is being loaded; ask again in a while', 5)
  }

  private rows(collection: string) {
    return this.documents.rows(this.label, this.schema(collection).name)
  }
}
