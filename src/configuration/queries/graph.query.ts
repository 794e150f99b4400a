import type { Principal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import type { KeysetCursor } from '#libs/read-store'
import { CIS, type CiVersion, RELATIONS, type RelationVersion } from '#projections/cmdb-history/cmdb-history'
import { type AskedOfCmdb, CmdbReader, type SettledPoint, settle } from './cmdb-reader.js'
import { type EndOf, endsOf, type GraphItem } from './graph-parts.js'
import { shownItem, shownRelation } from './shown.js'

/** The point that a graph is asked of, settled once for all its pages. */
export async function settleCmdbPoint(
  asked: AskedOfCmdb,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const point = await settle(dependencies, asked)
  return { json: JSON.stringify(point), position: point.position }
}

export type GraphPart = 'items' | 'relations'

export interface GraphChunk {
  principal: Principal
  point: SettledPoint
  part: GraphPart
  after?: KeysetCursor
}

/** How a chunk begins: how many lines follow it, and where the next one begins. */
export interface GraphChunkHead {
  count: number
  next?: KeysetCursor
}

/** The next items or relations of the whole configuration as NDJSON, below a line that is the chunk's {@link GraphChunkHead}. */
export async function readGraphChunk(
  { principal, point, part, after }: GraphChunk,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const reader = new CmdbReader(dependencies, principal, point)
  if (part === 'items') {
    const { rows, next } = await reader.page<CiVersion>(CIS, after)
    const lines = rows.map((item) => JSON.stringify({ kind: 'item', ...shownItem(item, point) }))
    return chunk(lines, next)
  }
  const { rows, next } = await reader.page<RelationVersion>(RELATIONS, after)
  return chunk(await relationLines(reader, rows), next)
}

function chunk(lines: readonly string[], next: KeysetCursor | undefined): QueryAnswer {
  const head: GraphChunkHead = { count: lines.length, next }
  return { json: [JSON.stringify(head), ...lines, ''].join('\n') }
}

async function relationLines(reader: CmdbReader, rows: readonly RelationVersion[]): Promise<string[]> {
  const names = rows.flatMap((row) =>
    Object.values(endsOf(row)).flatMap((end) => ('ci' in end ? [] : [end.name])),
  )
  const named = names.length > 0 ? await reader.named(names) : new Map<string, GraphItem[]>()
  const resolved = async (end: EndOf) => {
    if ('ci' in end) return end
    return { ...end, resolvesTo: (await reader.meant(end, named)).map(({ number }) => number) }
  }
  const lines: string[] = []
  for (const row of rows) {
    const { source, target, ...relation } = shownRelation(row)
    const ends = { source: await resolved(source), target: await resolved(target) }
    lines.push(JSON.stringify({ kind: 'relation', ...relation, ...ends }))
  }
  return lines
}
