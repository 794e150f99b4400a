import type { RecordedEvent } from '#libs/event-sourcing'
import type { ViewTransaction } from '#libs/projections-runtime'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { RecordedIncident } from '../incident-folds.js'
import { CANDIDATES, iso, standing, without } from './candidates.js'
import { ITEMS, surroundings } from './estate.js'
import { type Fingerprint, fingerprintOf, isOfGroup } from './fingerprints.js'
import { type CorrelatedIncident, type CorrelationSettings, correlated, INCIDENTS } from './linking.js'
import { enter, kinOf, listReads, move, nextOrdinal, type Reads, wantLists } from './lists.js'
import { addFingerprint, COMPARED_NO_MORE, fingerprintsOf, PAGES, pagesOf, putFingerprint } from './pages.js'
import { foldProblemLink, isProblemLink } from './problems.js'
import { aboutOf, changedTraits, describedTraits, type FieldChanges, type Traits, wordsOf } from './traits.js'

/** What incidents say, and whom they are compared with when they do. */

const numberOf = (stream: string) => stream.slice('incident-'.length)

export function incidentReads(event: RecordedEvent<IncidentEvent>): Reads {
  const { stream, type } = event
  switch (type) {
    case 'IncidentOpened': {
      const item = event.data.primaryCi
      const reads = listReads(opened(event as RecordedIncident<'IncidentOpened'>).traits)
      return item === undefined ? reads : [...reads, { collection: ITEMS, id: item }]
    }
    case 'IncidentDetailsChanged':
    case 'IncidentCategorized':
    case 'AssignedToGroup':
    case 'AudienceChanged':
    case 'LinkAdded':
    case 'LinkRemoved':
      return [{ collection: INCIDENTS, id: numberOf(stream) }]
    default:
      return []
  }
}

type Opened = Pick<CorrelatedIncident, 'traits' | 'title' | 'about'>

function opened(event: RecordedIncident<'IncidentOpened'>): Opened {
  let incident = openedBy.get(event)
  if (incident === undefined) {
    const { stream, data, metadata } = event
    const about = aboutOf(data)
    const time = Date.parse(data.openedAt ?? metadata.occurredAt)
    const traits = describedTraits(numberOf(stream), time, data, about)
    incident = { traits, title: data.title, ...(about.length > 0 && { about }) }
    openedBy.set(event, incident)
  }
  return incident
}
/** An event is asked for what it reads, then folded, maybe twice: its words are found once. */
const openedBy = new WeakMap<RecordedEvent, Opened>()

export function foldIncident(
  event: RecordedEvent<IncidentEvent>,
  view: ViewTransaction,
  settings: CorrelationSettings,
): void {
  switch (event.type) {
    case 'IncidentOpened':
      open(event as RecordedIncident<'IncidentOpened'>, view, settings)
      return
    case 'AudienceChanged':
      if (event.data.audience.kind !== 'public') restrict(view, numberOf(event.stream))
      return
    case 'IncidentDetailsChanged':
    case 'IncidentCategorized':
    case 'AssignedToGroup':
      change(event, view, settings)
      return
    default:
      if (isProblemLink(event)) foldProblemLink(event, numberOf(event.stream), view)
  }
}

function open(
  event: RecordedIncident<'IncidentOpened'>,
  view: ViewTransaction,
  settings: CorrelationSettings,
): void {
  if (event.data.audience.kind !== 'public') return
  const described = opened(event)
  const traits = withSurroundings(view, described.traits)
  if (traits !== described.traits) wantLists(view, traits)
  const ordinal = nextOrdinal(view)
  const incident = { ...described, ordinal, traits, openedBy: event.metadata.commandId }
  const fingerprint = fingerprintOf(traits)
  const kin = kinIn(view, incident, settings)
  enter(view, incident)
  addFingerprint(view, ordinal, fingerprint)
  view.put(INCIDENTS, traits.number, correlated(view, { incident, fingerprint }, kin, settings))
}

function change(
  event: RecordedEvent<IncidentEvent>,
  view: ViewTransaction,
  settings: CorrelationSettings,
): void {
  const incident = view.get<CorrelatedIncident>(INCIDENTS, numberOf(event.stream))
  if (incident === undefined || incident.restricted) return
  const changed = changedBy(event, incident)
  if (changed === incident) return
  const isByGroup = event.type === 'AssignedToGroup'
  const traits = isByGroup ? changed.traits : withSurroundings(view, changed.traits)
  const isOpening = event.metadata.commandId === incident.openedBy && incident.candidate === undefined
  wantLists(view, traits)
  const next = { ...changed, traits }
  const fingerprint = fingerprintOf(traits)
  const kin = isOpening ? kinIn(view, next, settings) : []
  move(view, incident, traits)
  putFingerprint(view, incident.ordinal, fingerprint)
  // A group brings nobody nearer who has another one: they were compared when it was opened
  const among = isByGroup ? kin.filter((other) => isOfGroup(other, fingerprint)) : kin
  const joined = isOpening ? correlated(view, { incident: next, fingerprint }, among, settings) : next
  view.put(INCIDENTS, traits.number, joined)
}

/** Those that it may belong with now. */
function kinIn(
  view: ViewTransaction,
  incident: CorrelatedIncident,
  { windowMilliseconds }: CorrelationSettings,
): readonly Fingerprint[] {
  const kin = kinOf(view, incident, windowMilliseconds)
  view.want(PAGES, pagesOf(kin))
  return fingerprintsOf(view, kin)
}

function withSurroundings(view: ViewTransaction, traits: Traits): Traits {
  const { ci, upstream: _upstream, changes: _changes, ...rest } = traits
  if (ci === undefined) return (traits.upstream ?? traits.changes) ? rest : traits
  const { upstream, changes } = surroundings(view, ci, iso(traits.time))
  if (upstream.length === 0 && changes.length === 0)
    return (traits.upstream ?? traits.changes) ? { ...rest, ci } : traits
  return {
    ...rest,
    ci,
    ...(upstream.length > 0 && { upstream }),
    ...(changes.length > 0 && { changes }),
  }
}

/** The same incident when nothing that counts has changed. */
function changedBy(event: RecordedEvent<IncidentEvent>, incident: CorrelatedIncident): CorrelatedIncident {
  const { traits } = incident
  if (event.type === 'AssignedToGroup') {
    const group = event.data.group ?? undefined
    return group === traits.group ? incident : { ...incident, traits: { ...traits, group } }
  }
  const changes = changesOf(event)
  const described = changedTraits(traits, changes)
  if (changes.title === undefined && changes.description === undefined)
    return described === traits ? incident : { ...incident, traits: described }
  const told = <Field extends string>(field: Field) => (changes[field]?.to as string | null) ?? undefined
  const title = changes.title === undefined ? incident.title : told('title')
  const about =
    changes.description === undefined ? incident.about : aboutOf({ description: told('description') })
  const words = wordsOf(title, about ?? [])
  return { ...incident, title, about, traits: { ...described, words: words.length > 0 ? words : undefined } }
}

function changesOf(event: RecordedEvent<IncidentEvent>): FieldChanges {
  if (event.type === 'IncidentCategorized') {
    const { category, subcategory, symptom } = event.data
    return { category, subcategory, symptom }
  }
  return event.type === 'IncidentDetailsChanged' ? ({ ...event.data.changes } as FieldChanges) : {}
}

/** Takes it out of what people see; lists may go on counting it. */
function restrict(view: ViewTransaction, number: string): void {
  const incident = view.get<CorrelatedIncident>(INCIDENTS, number)
  if (incident === undefined || incident.restricted) return
  view.put(INCIDENTS, number, { ...incident, restricted: true } satisfies CorrelatedIncident)
  putFingerprint(view, incident.ordinal, COMPARED_NO_MORE)
  const { candidate } = incident
  const found = candidate === undefined ? undefined : standing(view, candidate)
  if (found !== undefined) view.put(CANDIDATES, found.id, without(found, number))
}
