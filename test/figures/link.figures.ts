import type { Installation } from './running-server.js'
import { incidentEvents } from './served-rows.js'

const RELATIONS = ['has-problem', 'fixed-by-change', 'caused-by-change']

interface Link {
  relation: string
  targetType: string
  target: string
}

/** How often a link was set and withdrawn; in the end, how many incidents bear one, to how many records. */
export interface LinkCounts {
  set: number
  withdrawn: number
  incidents: number
  targets: number
}

/** Links of imported incidents by relation, as a running server tells them, and the namespaces of their targets. */
export async function linkFigures(installation: Installation, token: string) {
  const counts = Object.fromEntries(RELATIONS.map((relation) => [relation, { set: 0, withdrawn: 0 }]))
  const standing = new Map<string, Map<string, string>>()
  const namespaces = new Set<string>()
  for (const { subject, type, data } of await incidentEvents(installation, token)) {
    const isSet = type.includes('.LinkAdded.')
    if (!isSet && !type.includes('.LinkRemoved.')) continue
    const { relation, target } = data.link as Link
    counts[relation]![isSet ? 'set' : 'withdrawn']++
    const ofRelation = standing.get(relation) ?? new Map<string, string>()
    standing.set(relation, ofRelation)
    if (isSet) ofRelation.set(subject, target)
    else ofRelation.delete(subject)
    namespaces.add(/^[^:]*(?=:)/.exec(target)?.[0] ?? '')
  }
  const links = Object.entries(counts).map(([relation, count]): [string, LinkCounts] => {
    const targets = [...(standing.get(relation)?.values() ?? [])]
    return [relation, { ...count, incidents: targets.length, targets: new Set(targets).size }]
  })
  return { links: Object.fromEntries(links), namespaces: [...namespaces] }
}
