import { type FieldError, Refused } from '#libs/event-sourcing'
import type { CiSourcePrecedence } from '../../settings/domain/settings.events.js'
import { type ClassCatalogue, differences, lineage, requireAttributes } from './ci.classes.js'
import type { ReconcileCi, WishedAttributes } from './ci.commands.js'
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
  const known = { classes: classes.value, reconciliation: reconciliation.value }
  const believed = Object.entries(attributes).filter(
    ([attribute]) => sourceBefore(attribute, source, ci, metadata.occurredAt, known) === undefined,
  )
  const changes = differences(ci.attributes, Object.fromEntries(believed))
  if (Object.keys(changes).length > 0)
    events.push({ type: 'CiChanged', data: { changes, classesVersion: classes.value.version, source } })
  if (events.length > 0) return events
  const heardAt = ci.sources[source]?.heardAt
  const heardToday = heardAt !== undefined && Date.parse(metadata.occurredAt) - Date.parse(heardAt) < DAY
  return routine && heardToday ? [] : [{ type: 'CiObserved', data: { run, source } }]
}

/**
 * Whoever writes to a CI itself comes where the order of sources puts him, too: what a source before him says is not overwritten. By
 * hand that holds where the order names `people`; elsewhere a hand may write, until a source says otherwise.
 * @param written the attributes that are to be others than they are
 * @throws Refused `CI.SOURCE_PRECEDES`, naming every attribute and the source that comes before
 */
export function requireBelieved(
  written: readonly string[],
  source: string | undefined,
  ci: Ci,
  now: string,
  { classes, reconciliation }: Pick<CiFacts, 'classes' | 'reconciliation'>,
): void {
  const known = { classes: classes.value, reconciliation: reconciliation.value }
  const errors = written.flatMap((attribute): FieldError[] => {
    const before = sourceBefore(attribute, source ?? PEOPLE, ci, now, known)
    const isRanked = source !== undefined || ranks(attribute, PEOPLE, ci, known)
    return before === undefined || !isRanked
      ? []
      : [{ pointer: `/attributes/${attribute}`, message: `is what ${before} says, which comes first` }]
  })
  if (errors.length === 0) return
  throw new Refused(
    'CI.SOURCE_PRECEDES',
    `By the order of sources (GET /settings/ci-reconciliation) others come before ${source ?? PEOPLE} here: nothing is written. Correct it ` +
      'there, or report it to POST /configuration/discovery, which keeps what each source says.',
    { errors },
  )
}

/** What a source says without a difference is on record all the same: what it had not said before, or that it was seen. */
export function saidAgain(
  ci: Ci,
  source: string,
  attributes: WishedAttributes,
  change: string | undefined,
): CiEvent {
  const given = Object.entries(attributes).filter((one): one is [string, AttributeValue] => one[1] !== null)
  const values = newlySaid(ci, source, Object.fromEntries(given))
  return Object.keys(values).length > 0
    ? { type: 'CiSourceValuesRecorded', data: { source, values } }
    : { type: 'CiObserved', data: { source, ...(change !== undefined && { change }) } }
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

interface Order {
  classes: ClassCatalogue
  reconciliation: ReconciliationInForce
}

/** The source that comes before it and has a value, unless that has been silent for too long; undefined: it is believed. */
function sourceBefore(
  attribute: string,
  source: string,
  ci: Ci,
  now: string,
  { classes, reconciliation: { reconciliation } }: Order,
): string | undefined {
  const { precedence, silentAfterDays } = reconciliation
  const order = orderFor(attribute, ci.class, classes, precedence)
  const own = order.indexOf(source)
  const before = own < 0 ? order : order.slice(0, own)
  return before.find((other) => {
    const view = ci.sources[other]
    if (view === undefined || view.values[attribute] == null) return false
    if (silentAfterDays === null || other === PEOPLE) return true
    return Date.parse(now) - Date.parse(view.heardAt) <= silentAfterDays * DAY
  })
}

function ranks(attribute: string, source: string, ci: Ci, { classes, reconciliation }: Order): boolean {
  return orderFor(attribute, ci.class, classes, reconciliation.reconciliation.precedence).includes(source)
}

/** The order of sources that the most specific entry gives: one for the attribute before one for all, then the nearer class. */
function orderFor(
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
