import { systemPrincipal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { CmdbReader } from './cmdb-reader.js'
import { type EndOf, endsOf, type GraphItem, type GraphRelation } from './graph-parts.js'
import { relationTypesAt } from './settings-at.js'

export interface SurroundingsArguments {
  cis: readonly string[]
  /** ISO 8601; may lie in the future: what stands now is expected to stand then. */
  validAt: string
  minPosition?: string
}

/** More neighbours are not told: whoever asks reads the calendar of each. */
const MOST_RELATED = 500

interface Neighbours {
  ci: string
  relatedCi: string
}

/** What stands one step of impact from some items, either way, and the class of each with all above it. */
export async function readSurroundings(
  { cis, validAt, minPosition }: SurroundingsArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const principal = systemPrincipal('surroundings')
  const reader = await CmdbReader.at(dependencies, { principal, validAt, minPosition })
  const items = await reader.graphItems(cis)
  const classes = await reader.classes()
  const pairs = await neighbours(reader, items, dependencies)
  const answer = {
    related: pairs.slice(0, MOST_RELATED),
    classes: Object.fromEntries(
      [...items.values()].map((item) => [item.number, classes.line(item.class as string)]),
    ),
    ...(pairs.length > MOST_RELATED && { truncated: true }),
    position: reader.point.position,
  }
  return { json: JSON.stringify(answer), position: reader.point.position }
}

/** Pairs of an item and a live one beside it, in order. */
async function neighbours(
  reader: CmdbReader,
  items: ReadonlyMap<string, GraphItem>,
  { eventStore }: QueryDependencies,
): Promise<readonly Neighbours[]> {
  const types = (await relationTypesAt(eventStore, reader.point.asOf))
    .filter(({ impact }) => impact !== 'none')
    .map(({ name }) => name)
  const relations = await reader.graphRelationsOf([...items.values()], { source: types, target: types })
  const meant = await bearers(reader, relations)
  const pairs = new Map<string, Neighbours>()
  for (const relation of relations) {
    const { source, target } = endsOf(relation)
    for (const [here, there] of [
      [source, target],
      [target, source],
    ] as const)
      for (const { number: ci } of await meant(here))
        for (const other of await meant(there))
          if (items.has(ci) && ci !== other.number && other.status === 'live')
            pairs.set(`${ci} ${other.number}`, { ci, relatedCi: other.number })
  }
  return [...pairs].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, pair]) => pair)
}

/** The items that an end stands for; all ends' are read at once. */
async function bearers(reader: CmdbReader, relations: readonly GraphRelation[]) {
  const ends = relations.flatMap((relation) => Object.values(endsOf(relation)))
  const items = await reader.graphItems([...new Set(ends.flatMap((end) => ('ci' in end ? [end.ci] : [])))])
  const named = await reader.named(ends.flatMap((end) => ('ci' in end ? [] : [end.name])))
  return async (end: EndOf): Promise<readonly GraphItem[]> =>
    'ci' in end ? [items.get(end.ci) ?? []].flat() : reader.meant(end, named)
}
