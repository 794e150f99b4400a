import type { CiSourcePrecedence } from '../../settings/domain/settings.events.js'
import { type ClassCatalogue, differences, lineage, requireAttributes } from './ci.classes.js'
import type { ReconcileCi } from './ci.commands.js'
import type { CiFacts, ReconciliationInForce } from './ci.facts.js'
import { type Ci, PEOPLE } from './ci.state.js'
import type { AttributeValue, CiEvent } from './configuration.events.js'

const DAY = 86_400_000

/**
 * What a source says is kept, whether or not it is believed; what it says of an attribute becomes the CI's when no source
 * before it has a value. A run that says nothing new is written down once a day at most: that it was seen, the run says.
 */
export function reconcileCi(
  { data, metadata }: ReconcileCi,
  ci: Ci,
  { classes, reconciliation }: CiFacts,
): readonly CiEvent[] {
  const { source, run, name, attributes, routine = false } = data
  requireAttributes(classes.value, ci.class, attributes, false)
  const events: CiEvent[] = []
  const values = newlySaid(ci, source, { ...attributes, ...(name !== undefined && { name }) })
  if (Object.keys(values).length > 0)
    events.push({ type: 'CiSourceValuesRecorded', data: { source, values, run } })
  const believed = Object.entries(attributes).filter(([attribute]) =>
    isBelieved(attribute, source, ci, metadata.occurredAt, classes.value, reconciliation.value),
  )
  const changes = differences(ci.attributes, Object.fromEntries(believed))
  if (Object.keys(changes).length > 0)
    events.push({ type: 'CiChanged', data: { changes, classesVersion: classes.value.version, source } })
  if (events.length > 0) return events
  const heardAt = ci.sources[source]?.heardAt
  const heardToday = heardAt !== undefined && Date.parse(metadata.occurredAt) - Date.parse(heardAt) < DAY
  return routine && heardToday ? [] : [{ type: 'CiObserved', data: { run, source } }]
}

/** What it did not say before. */
function newlySaid(
  { sources }: Ci,
  source: string,
  said: Readonly<Record<string, AttributeValue>>,
): Record<string, AttributeValue> {
  const known = Object.entries(sources[source]?.values ?? {})
  const before = Object.fromEntries(
    known.filter((entry): entry is [string, AttributeValue] => entry[1] !== null),
  )
  return Object.fromEntries(Object.keys(differences(before, said)).map((name) => [name, said[name]!]))
}

/** No source that comes before it has a value, unless that has been silent for too long. */
function isBelieved(
  attribute: string,
  source: string,
  ci: Ci,
  now: string,
  classes: ClassCatalogue,
  { reconciliation: { precedence, silentAfterDays } }: ReconciliationInForce,
): boolean {
  const order = orderFor(attribute, ci.class, classes, precedence)
  const own = order.indexOf(source)
  const before = own < 0 ? order : order.slice(0, own)
  return !before.some((other) => {
    const view = ci.sources[other]
    if (view === undefined || view.values[attribute] == null) return false
    if (silentAfterDays === null || other === PEOPLE) return true
    return Date.parse(now) - Date.parse(view.heardAt) <= silentAfterDays * DAY
  })
}

/** The order of sources that the most specific entry gives: one for the attribute before one for all, then the nearer class. */
export function orderFor(
  attribute: string,
  ofClass: string,
  classes: ClassCatalogue,
  precedence: readonly CiSourcePrecedence[],
): readonly string[] {
  const line = lineage(classes, ofClass).map(({ name }) => name)
  let best: { entry: CiSourcePrecedence; weight: number } | undefined
  for (const entry of precedence) {
    if (entry.attribute !== undefined && entry.attribute !== attribute) continue
    const depth = entry.class === undefined ? 0 : line.indexOf(entry.class) + 1
    if (entry.class !== undefined && depth === 0) continue
    const weight = (entry.attribute === undefined ? 0 : 10_000) + depth
    if (best === undefined || weight > best.weight) best = { entry, weight }
  }
  return best?.entry.sources ?? []
}
