import { setTimeout as sleep } from 'node:timers/promises'
import type { Principal } from '#libs/access'
import { InvalidInput, LOG_START, type Position, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import {
  and,
  type BuildName,
  type Checkpoint,
  type CollectionSchema,
  completeOrderBy,
  cursorAfter,
  type Excerpt,
  excerptOf,
  type Fields,
  type FieldsQuery,
  type Filter,
  type GroupCount,
  hitCursor,
  type KeysetCursor,
  matches,
  type ProjectionReader,
  type ReadStore,
  type SearchTerm,
  type SortKey,
  type StoredDocument,
} from '#libs/read-store'
import { BuildForecast, type BuildProgress, progressInWords } from './build-forecast.js'
import { buildKey } from './build-plan.js'
import { type Clock, systemClock } from './clock.js'
import { type AccessRule, collectionSchemas, type ReadModelDefinition } from './definitions.js'
import { isOfThisLog, lagSeconds } from './freshness.js'

/** Who asks, and how fresh the answer must be. */
export interface Asking {
  principal: Principal
  /** The answer holds at least everything up to here. */
  minPosition?: Position
  /** How long to wait for that, default 5,000. */
  timeoutMilliseconds?: number
}

export interface Freshness {
  /** The answer holds everything up to here, and perhaps more. */
  position: Position
  /** Seconds that the projection is behind the log; 0 when it has all. */
  lag: number
}

export interface ListRequest extends Asking {
  filter?: Filter
  orderBy?: readonly SortKey[]
  pageSize: number
  after?: KeysetCursor
  /** As in `Query`. */
  onePer?: string
}

/** All rows that meet a filter, as a `FieldsQuery` asks for them. */
export type FieldsRequest = Asking & FieldsQuery

/** A row as the principal may see it. */
export interface Row<Document> {
  id: string
  document: Document
  /** True while events of its key wait behind a poisoned one. */
  stale: boolean
  /** Position of the last event folded into it. */
  position: Position
}

export interface ListAnswer<Document> extends Freshness {
  rows: Row<Document>[]
  /** Where the next page begins; absent on the last page. */
  next?: KeysetCursor
}

export interface SearchRequest extends Asking {
  terms: readonly SearchTerm[]
  filter?: Filter
  pageSize: number
  after?: KeysetCursor
}

/** A row, and where it matches; no excerpt when only its name does. */
export interface Hit<Document> extends Row<Document> {
  excerpt?: Excerpt
}

export interface SearchAnswer<Document> extends Freshness {
  hits: Hit<Document>[]
  /** False when there may be better hits: see `TextAnswer`. */
  complete: boolean
  /** Where the next page begins; absent on the last page. */
  next?: KeysetCursor
}

/** Questions to one collection, with its access rule inside the store query. */
export interface ReadModel<Document> {
  list(request: ListRequest): Promise<ListAnswer<Document>>
  /**
   * Some columns of all rows at once, in no order. `documents` is absent where there are too many, or where what may be seen of a
   * document depends on the rest of it: they come by pages of `list`.
   */
  findFields(request: FieldsRequest, fields: Fields): Promise<Freshness & { documents?: Document[] }>
  /** `row` is absent when there is no such document, or none that the principal may see. */
  get(id: string, asking: Asking): Promise<Freshness & { row?: Row<Document> }>
  /** Of these documents those that there are and that the principal may see, in no order. */
  getMany(ids: readonly string[], asking: Asking): Promise<Freshness & { rows: Row<Document>[] }>
  count(asking: Asking & { filter?: Filter }): Promise<Freshness & { count: number }>
  groupCounts(
    dimensions: readonly string[],
    asking: Asking & { filter?: Filter },
  ): Promise<Freshness & { groups: GroupCount[] }>
  /** Of the texts that the principal may see, in rows that she may see. */
  search(request: SearchRequest): Promise<SearchAnswer<Document>>
}

export interface ReadModelsOptions {
  eventStore: EventStore
  readStore: ReadStore
  definitions: readonly ReadModelDefinition[]
  clock?: Clock
  /**
   * Asks whoever feeds a projection not to put anything off up to a position, for which somebody waits.
   * @returns resolves when it is worth looking whether it stands there; at once where nobody can tell
   */
  hurry?(projection: string, position: Position): Promise<void>
}

const DEFAULT_TIMEOUT_MS = 5_000
const LONGEST_POLL_MS = 10
/** Each look comes so much later than the last: an answer is at most a quarter later than it could be. */
const POLL_GROWTH = 1.25

/** When to look again: as soon as it is told to be worth it, and after that, or where nobody tells, less and less often. */
class Looks {
  #told: Promise<void> | undefined
  #pause = 1

  constructor(told: Promise<void> | undefined) {
    const heard = () => {
      this.#told = undefined
    }
    // Whoever would tell is being started again: it is looked for without him
    this.#told = told?.then(heard, heard)
  }

  async next(): Promise<void> {
    if (this.#told) return Promise.race([this.#told, sleep(LONGEST_POLL_MS)])
    await sleep(this.#pause)
    this.#pause = Math.min(this.#pause * POLL_GROWTH, LONGEST_POLL_MS)
  }
}

/** The query side: waits until a projection is as fresh as asked, and applies who may see what. */
export class ReadModels {
  readonly #definitions: ReadonlyMap<string, ReadModelDefinition>
  readonly #clock: Clock
  /** Builds whose checkpoint was seen to come from this log; from then on they can only go forward in it. */
  readonly #verified = new Set<string>()
  readonly #forecast: BuildForecast
  /** Those that were asked for, by the names of projection and collection. */
  readonly #collections = new Map<string, ReadModel<object>>()

  constructor(private readonly options: ReadModelsOptions) {
    this.#definitions = new Map(options.definitions.map((definition) => [definition.name, definition]))
    this.#clock = options.clock ?? systemClock
    this.#forecast = new BuildForecast(this.#clock)
  }

  /**
   * One collection of a projection; for a view also the collection's name.
   * @throws Error when the code asks for what is not defined
   */
  of<Document extends object>(projection: string, collection = projection): ReadModel<Document> {
    const key = `${projection}/${collection}`
    let model = this.#collections.get(key)
    if (model === undefined) {
      model = this.#guarded(projection, collection)
      this.#collections.set(key, model)
    }
    return model as ReadModel<Document>
  }

  #guarded(projection: string, collection: string): ReadModel<object> {
    const definition = this.#definitions.get(projection)
    const access: AccessRule<object> | undefined =
      definition?.kind === 'view' ? definition.collections[collection] : definition
    if (!access) throw new Error(`No collection "${collection}" is defined in projection "${projection}"`)
    const schema = collectionSchemas(definition!).find(({ name }) => name === collection)!
    return new GuardedCollection<object>(access, schema, (asking, question) =>
      this.#ask(projection, asking, question),
    )
  }

  /**
   * Waits until the projection has handled the log up to a position.
   * @throws InvalidInput `POSITION.UNKNOWN`; Unavailable `PROJECTION.LAGGING` after the time-out, `PROJECTION.FROZEN`
   *   when an older version answers that gets no new events, `PROJECTION.NOT_BUILT`, `CHECKPOINT.FOREIGN`
   */
  async waitFor(
    projection: string,
    minPosition: Position,
    timeoutMilliseconds = DEFAULT_TIMEOUT_MS,
  ): Promise<void> {
    await this.#readerAt(projection, minPosition, timeoutMilliseconds)
  }

  async #ask<Answer>(
    projection: string,
    { minPosition = LOG_START, timeoutMilliseconds = DEFAULT_TIMEOUT_MS }: Asking,
    question: Question<Answer>,
  ): Promise<Answered<Answer>> {
    const { reader, position } = await this.#readerAt(projection, minPosition, timeoutMilliseconds)
    const lag = await lagSeconds(this.options.eventStore, position, this.#clock)
    try {
      return { position, lag, answer: await question(reader) }
    } catch (error) {
      if (this.#isOlder(reader.name) && mayBeForTheNew(error))
        throw await this.#frozen(reader.name, position, 'cannot be asked this')
      throw error
    }
  }

  async #readerAt(projection: string, minPosition: Position, timeoutMilliseconds: number) {
    await this.#assertKnown(minPosition)
    const deadline = performance.now() + timeoutMilliseconds
    let looks: Looks | undefined
    for (;;) {
      const { reader, position } = await this.#reader(projection)
      if (position >= minPosition) return { reader, position }
      if (this.#isOlder(reader.name))
        throw await this.#frozen(reader.name, position, `knows nothing after ${position}`)
      const progress = this.#forecast.progress(reader.name, position, minPosition)
      if (performance.now() >= deadline) throw lagging(reader.name, position, minPosition, progress)
      looks ??= new Looks(this.options.hurry?.(projection, minPosition))
      await looks.next()
    }
  }

  async #assertKnown(position: Position): Promise<void> {
    if (position === LOG_START || (await this.options.eventStore.eventIdAt(position)) !== undefined) return
    throw new InvalidInput('POSITION.UNKNOWN', `This log never gave the position ${position}`, [
      { pointer: 'minPosition', message: 'give a position from an answer of this server' },
    ])
  }

  async #reader(projection: string): Promise<{ reader: ProjectionReader; position: Position }> {
    const reader = await this.options.readStore.liveReader(projection)
    if (!reader) {
      throw new Unavailable('PROJECTION.NOT_BUILT', `${projection} is not built yet; try again in a moment`)
    }
    const checkpoint = await reader.checkpoint()
    if (checkpoint) await this.#assertOfThisLog(reader.name, checkpoint)
    return { reader, position: checkpoint?.position ?? LOG_START }
  }

  async #assertOfThisLog(name: BuildName, checkpoint: Checkpoint): Promise<void> {
    const key = buildKey(name)
    if (this.#verified.has(key)) return
    if (!(await isOfThisLog(this.options.eventStore, checkpoint))) {
      throw new Unavailable(
        'CHECKPOINT.FOREIGN',
        `${name.projection} was built from another log or from a history that a restore took back, and must be ` +
          `built anew: ledgerdesk projections rebuild ${name.projection}`,
        60,
      )
    }
    this.#verified.add(key)
  }

  /** Whether a version answers that gets no new events any more. */
  #isOlder({ projection, version }: BuildName): boolean {
    return version !== this.#definitions.get(projection)?.version
  }

  /** Says how far the version is which is to take over. */
  async #frozen({ projection, version }: BuildName, position: Position, lacks: string): Promise<Unavailable> {
    const [builds, head] = await Promise.all([
      this.options.readStore.builds(),
      this.options.eventStore.head(),
    ])
    const next = builds.find((build) => build.projection === projection && build.status === 'building')
    const progress = next && this.#forecast.progress(next, next.checkpoint?.position ?? LOG_START, head)
    const built = progress === undefined ? 'is built' : `is built, which has ${progressInWords(progress)}`
    return new Unavailable(
      'PROJECTION.FROZEN',
      `Version ${version} of ${projection} answers until the new one ${built}, and ${lacks}`,
      comeAgainAfter(progress, 10),
      { position, ...(progress && rounded(progress)) },
    )
  }
}

/** Whether a question may be one for the columns or indexes of the version which is to take over. */
function mayBeForTheNew(error: unknown): boolean {
  return error instanceof InvalidInput && ['QUERY.UNKNOWN_FIELD', 'QUERY.NOT_INDEXED'].includes(error.code)
}

/** Longest time that anybody is told to wait: a forecast is no promise. */
const LONGEST_WAIT_SECONDS = 60

/** Seconds. @param otherwise when nobody knows */
function comeAgainAfter(progress: BuildProgress | undefined, otherwise: number): number {
  const seconds = progress?.secondsLeft ?? otherwise
  return Math.min(Math.max(1, Math.ceil(seconds)), LONGEST_WAIT_SECONDS)
}

type Question<Answer> = (reader: ProjectionReader) => Promise<Answer>

interface Answered<Answer> extends Freshness {
  answer: Answer
}

class GuardedCollection<Document extends object> implements ReadModel<Document> {
  constructor(
    private readonly access: AccessRule<Document>,
    private readonly schema: CollectionSchema,
    private readonly ask: <Answer>(asking: Asking, question: Question<Answer>) => Promise<Answered<Answer>>,
  ) {}

  async list(request: ListRequest): Promise<ListAnswer<Document>> {
    const { principal, orderBy = [], pageSize, after, onePer } = request
    const filter = this.#allowed(request)
    // One row more than the page has tells that there is a next one
    const query = { filter, orderBy, limit: pageSize + 1, after, onePer }
    const { answer: found, ...freshness } = await this.ask(request, (reader) =>
      reader.find<Document>(this.schema.name, query),
    )
    const page = found.slice(0, pageSize)
    const last = found.length > pageSize ? page.at(-1) : undefined
    return {
      ...freshness,
      rows: page.map((stored) => this.#row(stored, principal)),
      ...(last && { next: cursorAfter(completeOrderBy(this.schema, filter, orderBy), last) }),
    }
  }

  async findFields(request: FieldsRequest, fields: Fields) {
    const { onePer, atMost } = request
    const query = { filter: this.#allowed(request), onePer, atMost }
    const { answer: documents, ...freshness } = await this.ask(request, async (reader) =>
      this.access.fields ? undefined : reader.findFields<Document>(this.schema.name, query, fields),
    )
    return { ...freshness, ...(documents && { documents }) }
  }

  async get(id: string, asking: Asking) {
    const { answer: stored, ...freshness } = await this.ask(asking, (reader) =>
      reader.get<Document>(this.schema.name, id),
    )
    if (!stored || !matches(this.access.rows(asking.principal), stored.document)) return freshness
    return { ...freshness, row: this.#row(stored, asking.principal) }
  }

  async getMany(ids: readonly string[], asking: Asking) {
    const { answer: stored, ...freshness } = await this.ask(asking, (reader) =>
      reader.getMany<Document>(this.schema.name, ids),
    )
    const allowed = this.access.rows(asking.principal)
    const rows = [...stored.values()].flatMap((one) =>
      matches(allowed, one.document) ? [this.#row(one, asking.principal)] : [],
    )
    return { ...freshness, rows }
  }

  async count(asking: Asking & { filter?: Filter }) {
    const { answer: count, ...freshness } = await this.ask(asking, async (reader) => {
      let counted = 0
      for (const filter of this.#allowedParts(asking)) counted += await reader.count(this.schema.name, filter)
      return counted
    })
    return { ...freshness, count }
  }

  async groupCounts(dimensions: readonly string[], asking: Asking & { filter?: Filter }) {
    const { answer: groups, ...freshness } = await this.ask(asking, async (reader) => {
      const counted: GroupCount[] = []
      for (const filter of this.#allowedParts(asking))
        counted.push(...(await reader.groupCounts(this.schema.name, dimensions, filter)))
      return counted
    })
    return { ...freshness, groups: summed(groups) }
  }

  async search(request: SearchRequest): Promise<SearchAnswer<Document>> {
    const { principal, terms, pageSize, after } = request
    const { search } = this.schema
    if (!search) throw new Error(`Nothing is defined to be searched in ${this.schema.name}`)
    const depth = this.access.searches?.(principal) ?? 1
    const filter = this.#allowed(request)
    const query = { terms, depth, filter, limit: pageSize + 1, after }
    const { answer, ...freshness } = await this.ask(request, (reader) =>
      reader.search<Document>(this.schema.name, query),
    )
    const { hits, complete } = answer
    const page = hits.slice(0, pageSize)
    const last = hits.length > pageSize ? page.at(-1) : undefined
    return {
      ...freshness,
      hits: page.map((hit) => {
        const row = this.#row(hit, principal)
        return { ...row, excerpt: excerptOf(search, row.document, query) }
      }),
      complete,
      ...(last && { next: hitCursor(search, last) }),
    }
  }

  #allowed({ principal, filter }: { principal: Principal; filter?: Filter }): Filter {
    return narrowed(this.access.rows(principal), filter)
  }

  #allowedParts({ principal, filter }: { principal: Principal; filter?: Filter }): Filter[] {
    const parts = this.access.parts?.(principal) ?? [this.access.rows(principal)]
    return parts.map((part) => narrowed(part, filter))
  }

  #row({ id, document, stale, position }: StoredDocument<Document>, principal: Principal): Row<Document> {
    const visible = this.access.fields ? (this.access.fields(document, principal) as Document) : document
    return { id, document: visible, stale, position }
  }
}

function narrowed(rows: Filter, filter: Filter | undefined): Filter {
  if (filter === undefined || filter.kind === 'true') return rows
  return rows.kind === 'true' ? filter : and(rows, filter)
}

/** Counts of equal values, added up. */
function summed(groups: readonly GroupCount[]): GroupCount[] {
  const totals = new Map<string, GroupCount>()
  for (const { values, count } of groups) {
    const key = JSON.stringify(values)
    totals.set(key, { values, count: (totals.get(key)?.count ?? 0) + count })
  }
  return [...totals.values()]
}

function lagging(
  { projection }: BuildName,
  position: Position,
  wanted: Position,
  progress: BuildProgress,
): Unavailable {
  return new Unavailable(
    'PROJECTION.LAGGING',
    `${projection} has not reached ${wanted} yet, it stands at ${position} (${progressInWords(progress)}); try again in a moment`,
    comeAgainAfter(progress, 1),
    { position, ...rounded(progress) },
  )
}

/** To a hundredth, and to a second. */
function rounded({ share, secondsLeft }: BuildProgress): BuildProgress {
  return {
    share: Math.floor(share * 100) / 100,
    secondsLeft: secondsLeft === undefined ? undefined : Math.ceil(secondsLeft),
  }
}
