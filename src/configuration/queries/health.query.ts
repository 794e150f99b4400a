import { utcDayOf } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import type { KeysetCursor } from '#libs/read-store'
import { CIS, type CiVersion, RELATIONS, type RelationVersion } from '#projections/cmdb-history/cmdb-history'
import type { CiMatchRule } from '../../settings/domain/settings.events.js'
import { type AskedOfCmdb, CmdbReader } from './cmdb-reader.js'
import { byName, type EndOf, endsOf } from './graph-parts.js'
import { type ClassTree, reconciliationAt } from './settings-at.js'

export interface HealthArguments extends AskedOfCmdb {
  /** Days without being seen by a source that saw it before, after which an item is stale. */
  staleAfterDays?: number
  /** Findings that are shown of each kind; all are counted. */
  pageSize?: number
}

const USUAL_STALENESS_DAYS = 30
const USUAL_SHOWN = 50
const DAY_MS = 86_400_000

interface Finding {
  count: number
  items: object[]
}

/** What is wrong with the configuration at a point: orphans, duplicates, incomplete and stale items, unresolved names. */
export async function readConfigurationHealth(
  args: HealthArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { staleAfterDays = USUAL_STALENESS_DAYS, pageSize } = args
  const reader = await CmdbReader.at(dependencies, args)
  const items = (await allRows<CiVersion>(reader, CIS)).filter(({ status }) => status === 'live')
  const relations = await allRows<RelationVersion>(reader, RELATIONS)
  const classes = await reader.classes()
  const { matchRules } = await reconciliationAt(dependencies.eventStore, reader.point.asOf)
  const ends = await namedEnds(reader, items, relations)
  const shown = (findings: readonly object[]): Finding => ({
    count: findings.length,
    items: findings.slice(0, pageSize || USUAL_SHOWN),
  })
  const answer = {
    live: items.length,
    orphan: shown(orphans(items, ends.related)),
    duplicate: shown(duplicates(items, matchRules, classes)),
    incomplete: shown(incomplete(items, classes)),
    unresolved: shown(ends.unresolved),
    stale: shown(await stale(reader, items, staleAfterDays)),
    ...reader.point,
  }
  return { json: JSON.stringify(answer), position: reader.point.position }
}

async function allRows<Row extends object>(
  reader: CmdbReader,
  collection: typeof CIS | typeof RELATIONS,
): Promise<Row[]> {
  const all: Row[] = []
  let after: KeysetCursor | undefined
  do {
    const page: { rows: Row[]; next?: KeysetCursor } = await reader.page<Row>(collection, after)
    all.push(...page.rows)
    after = page.next
  } while (after)
  return all
}

/** Numbers of the items at any end of a relation; and ends that no live item bears the name of, once each. */
async function namedEnds(
  reader: CmdbReader,
  items: readonly CiVersion[],
  relations: readonly RelationVersion[],
): Promise<{ related: ReadonlySet<string>; unresolved: object[] }> {
  const named = byName(items)
  const related = new Set<string>()
  const unresolved = new Map<string, { end: EndOf; relations: number }>()
  for (const relation of relations) {
    for (const end of Object.values(endsOf(relation))) {
      if ('ci' in end) {
        related.add(end.ci)
        continue
      }
      const meant = await reader.meant(end, named)
      for (const { number } of meant) related.add(number)
      if (meant.length > 0) continue
      const key = JSON.stringify(end)
      unresolved.set(key, { end, relations: (unresolved.get(key)?.relations ?? 0) + 1 })
    }
  }
  return {
    related,
    unresolved: [...unresolved.values()].map(({ end, relations: count }) => ({ ...end, relations: count })),
  }
}

const known = ({ number, name, class: ofClass }: CiVersion) => ({ number, name, class: ofClass })

function orphans(items: readonly CiVersion[], related: ReadonlySet<string>): object[] {
  return items.filter(({ number }) => !related.has(number)).map(known)
}

/** Items that a name (in any case) and class, or a rule by which sources' items are matched, take for one. */
function duplicates(
  items: readonly CiVersion[],
  rules: readonly CiMatchRule[],
  classes: ClassTree,
): object[] {
  const groups = new Map<string, CiVersion[]>()
  for (const item of items) {
    for (const key of identities(item, rules, classes)) {
      const group = groups.get(key)
      if (group) group.push(item)
      else groups.set(key, [item])
    }
  }
  return [...groups]
    .filter(([, group]) => group.length > 1)
    .map(([key, group]) => ({ by: JSON.parse(key)[0] as string[], items: group.map(known) }))
}

function identities(item: CiVersion, rules: readonly CiMatchRule[], classes: ClassTree): string[] {
  const { class: ofClass, name = '', attributes = {} } = item
  const keys = [JSON.stringify([['class', 'name'], ofClass, name.toLowerCase()])]
  for (const { class: above, attributes: wanted } of rules) {
    if (!classes.isWithin(ofClass, above)) continue
    const values = wanted.map((attribute) => (attribute === 'name' ? name : attributes[attribute]))
    if (values.every((value) => value !== undefined)) keys.push(JSON.stringify([wanted, above, values]))
  }
  return keys
}

function incomplete(items: readonly CiVersion[], classes: ClassTree): object[] {
  return items.flatMap((item) => {
    const missing = classes
      .wanted(item.class as string)
      .filter((attribute) => item.attributes?.[attribute] === undefined)
    return missing.length > 0 ? [{ ...known(item), missing }] : []
  })
}

/** Live items that a source saw once, and none for so many days before that point; the longest unseen first. */
async function stale(reader: CmdbReader, items: readonly CiVersion[], days: number): Promise<object[]> {
  const byNumber = new Map(items.map((item) => [item.number, item]))
  const before = utcDayOf(new Date(Date.parse(reader.point.validAt) - days * DAY_MS).toISOString())
  const findings: { lastSeenAt: string }[] = []
  for (const { number, seenAt } of await reader.latestSightings()) {
    const item = byNumber.get(number)
    if (item && utcDayOf(seenAt) < before) findings.push({ ...known(item), lastSeenAt: seenAt })
  }
  return findings.sort((one, other) => Date.parse(one.lastSeenAt) - Date.parse(other.lastSeenAt))
}
