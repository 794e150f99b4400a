import type {
  CiVersion,
  RelationVersion,
  WALKED_OF_ITEM,
  WALKED_OF_RELATION,
} from '#projections/cmdb-history/cmdb-history'
import type { EndColumns } from '#projections/cmdb-history/effects'
import type { ClassTree } from './settings-at.js'

/** What has to be known of an item to walk the graph. */
export type GraphItem = Pick<CiVersion, (typeof WALKED_OF_ITEM)[number]>
/** What has to be known of a relation to walk along it. */
export type GraphRelation = Pick<RelationVersion, (typeof WALKED_OF_RELATION)[number]>

/** An end of a relation as its columns tell it. */
export type EndOf = { ci: string } | NamedEnd
export interface NamedEnd {
  name: string
  class?: string
}

/** The ends of a relation. */
export function endsOf(relation: EndColumns): { source: EndOf; target: EndOf } {
  const { sourceCi, sourceName, sourceClass, targetCi, targetName, targetClass } = relation
  return {
    source: endFrom(sourceCi, sourceName, sourceClass),
    target: endFrom(targetCi, targetName, targetClass),
  }
}

function endFrom(ci: string | undefined, name: string | undefined, ofClass: string | undefined): EndOf {
  if (ci !== undefined) return { ci }
  return ofClass === undefined ? { name: name as string } : { name: name as string, class: ofClass }
}

/** The items by what they are called. */
export function byName<Item extends GraphItem>(items: readonly Item[]): Map<string, Item[]> {
  const named = new Map<string, Item[]>()
  for (const item of items) {
    const name = item.name as string
    const others = named.get(name)
    if (others) others.push(item)
    else named.set(name, [item])
  }
  return named
}

/** Of the live items that bear the name of an end those that it means: of its class or of one below it. */
export function meantBy<Item extends GraphItem>(
  { name, class: wanted }: NamedEnd,
  named: ReadonlyMap<string, readonly Item[]>,
  classes: ClassTree,
): readonly Item[] {
  const bearers = named.get(name) ?? []
  return wanted === undefined ? bearers : bearers.filter((item) => classes.isWithin(item.class, wanted))
}
