import type { Principal } from '#libs/access'
import { laterPosition } from '#libs/event-sourcing'
import type { ReadModelDefinition } from '#libs/projections-runtime'
import type { QueryDependencies } from '#libs/query-handling'
import { and, type Filter, type FilterColumn, parseOrderBy, type SortKey } from '#libs/read-store'
import type { FilteredListQuery } from './listing.dto.js'
import { filterOf } from './saved-filters.js'
import type { TimePoint } from './time-point.js'

const LARGEST_PAGE = 1_000
const USUAL_PAGE = 50

/** Who asks for which page. */
export interface ListArguments extends FilteredListQuery {
  principal: Principal
  /** Text of the saved filter: it must hold, too. */
  savedFilterText?: string
}

/** The collection that a list reads. */
export interface Listed<Document extends object> {
  definition: ReadModelDefinition
  /** For a view: which of its collections. */
  collection?: string
  /** What the list means besides what the caller asks: a group, a person. */
  scope?: Filter
  /** Names the scope in page tokens, when its filter differs from page to page (a default of "now"). */
  scopeName?: string
  /** The order when none is asked. */
  usualOrder: readonly SortKey[]
  /** Columns that callers may name; default: all of the collection. */
  columns?: Readonly<Record<string, FilterColumn>>
  /** Refuses what the columns alone can't tell to be wrong. */
  check?(filter: Filter): Promise<void>
  /** Tells a list that is empty from one that can't be: refuses what is asked of, when nothing was found. */
  ifEmpty?(): Promise<void>
  /** What becomes of a row in the answer. */
  render(document: Document, stale: boolean): object
}

/** Answers one page of a list, as JSON. */
export async function listPage<Document extends object>(
  { eventStore, models, pageTokens, waitMilliseconds }: QueryDependencies,
  args: ListArguments,
  listed: Listed<Document>,
  point?: TimePoint,
): Promise<{ json: string; position: string }> {
  const { principal, filter = '', savedFilterText, orderBy = '', pageSize = 0, pageToken, minPosition } = args
  const { validAt, asOf } = args
  const { definition, collection = definition.name, scope, scopeName, usualOrder } = listed
  const columns = listed.columns ?? columnsOf(definition, collection)
  const wanted = filterOf({ filter, savedFilterText }, columns)
  if (wanted) await listed.check?.(wanted)
  const order = orderBy.trim() === '' ? usualOrder : parseOrderBy(orderBy, columns)
  const binding = {
    principal: principal.id,
    query: { collection, filter, savedFilterText, orderBy, validAt, asOf, scope: scopeName ?? scope ?? null },
  }
  const start = pageToken === undefined ? undefined : await pageTokens.verify(pageToken, binding, eventStore)
  const answer = await models.of<Document>(definition.name, collection).list({
    principal,
    filter: scope && wanted ? and(scope, wanted) : (scope ?? wanted),
    orderBy: order,
    pageSize: pageSizeOf(pageSize),
    after: start?.cursor,
    minPosition: point ? laterPosition(point.asOf, minPosition) : minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  const { rows, next, position, lag } = answer
  if (rows.length === 0 && start === undefined) await listed.ifEmpty?.()
  const nextPageToken =
    next && pageTokens.issue({ cursor: next, checkpoint: await checkpointAt(eventStore, position) }, binding)
  const items = rows.map(({ document, stale }) => listed.render(document, stale))
  return { json: JSON.stringify({ items, nextPageToken, position, lag, ...point }), position }
}

/** Who looks at an overview. */
export interface SectionsArguments {
  principal: Principal
  pageSize?: number
  minPosition?: string
}

/** A part of an overview: its first rows, and how many there are. */
// biome-ignore lint/suspicious/noExplicitAny: an overview has sections of several collections
export interface Section<Document extends object = any> {
  definition: ReadModelDefinition
  filter: Filter
  orderBy: readonly SortKey[]
  render(document: Document, stale: boolean): object
}

/** Answers an overview, as JSON. */
export async function listSections(
  { models, waitMilliseconds }: QueryDependencies,
  { principal, pageSize, minPosition }: SectionsArguments,
  sections: Readonly<Record<string, Section>>,
): Promise<{ json: string; position?: string }> {
  let freshness: { position: string; lag: number } | undefined
  const answer: Record<string, unknown> = {}
  for (const [name, { definition, filter, orderBy, render }] of Object.entries(sections)) {
    const model = models.of<object>(definition.name)
    const asking = { principal, filter, minPosition, timeoutMilliseconds: waitMilliseconds }
    const { rows, position, lag } = await model.list({ ...asking, orderBy, pageSize: pageSizeOf(pageSize) })
    const { count } = await model.count(asking)
    answer[name] = { count, items: rows.map(({ document, stale }) => render(document, stale)) }
    // What all sections hold: that which is farthest behind
    if (freshness === undefined || position < freshness.position) freshness = { position, lag }
  }
  return { json: JSON.stringify({ ...answer, ...freshness }), position: freshness?.position }
}

/** The size of a page when so many were asked for; 0 and none: the usual one. */
export function pageSizeOf(asked: number | undefined): number {
  return Math.min(asked || USUAL_PAGE, LARGEST_PAGE)
}

/** Where the read model stood, as a page token remembers it. */
export async function checkpointAt(eventStore: QueryDependencies['eventStore'], position: string) {
  return { logId: eventStore.logId, position, eventId: (await eventStore.eventIdAt(position)) ?? '' }
}

export function columnsOf(
  definition: ReadModelDefinition,
  collection: string,
): Readonly<Record<string, FilterColumn>> {
  const queryable = definition.kind === 'view' ? definition.collections[collection] : definition
  return (queryable?.columns ?? {}) as Record<string, FilterColumn>
}
