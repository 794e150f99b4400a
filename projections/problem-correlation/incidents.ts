import type { RecordedEvent } from '#libs/event-sourcing'
import type { ViewTransaction } from '#libs/projections-runtime'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { RecordedIncident } from '../incident-folds.js'
import { CANDIDATES, iso, standing, without } from './candidates.js'
import { ITEMS, surroundings } from './estate.js'
import {
  type Fingerprint,
  fingerprintOf,
  type KinByGroup,
  kinByGroup,
  kinOfGroup,
  withGroup,
} from './fingerprints.js'
import { type CorrelatedIncident, type CorrelationSettings, correlated, INCIDENTS } from './linking.js'
import { enter, kinOf, listReads, move, moveToGroup, nextOrdinal, type Reads, wantLists } from './lists.js'
import { addFingerprint, COMPARED_NO_MORE, fingerprintsOf, PAGES, pagesOf, putFingerprint } from './pages.js'
import { foldProblemLink, isProblemLink } from './problems.js'
import {
  aboutOf,
  changedTraits,
  describedTraits,
  everyKeyOf,
  type FieldChanges,
  type Keys,
  type Traits,
  wordsOf,
} from './traits.js'

/** What incidents say, and whom they are compared with when they do. */

const numberOf = (stream: string) => stream.slice('incident-'.length)

export function incidentReads(event: RecordedEvent<IncidentEvent>): Reads {
  const { stream, type } = event
  switch (type) {
    case 'IncidentOpened': {
      const item = event.data.primaryCi
      const { traits, keys } = opened(event as RecordedIncident<'IncidentOpened'>)
      const reads = listReads(traits, keys)
      if (item !== undefined) reads.push({ collection: ITEMS, id: item })
      return reads
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

interface Opened {
  traits: Traits
  keys: Keys
  title: string
  about: readonly string[]
}

function opened(event: RecordedIncident<'IncidentOpened'>): Opened {
  let incident = openedBy.get(event)
  if (incident === undefined) {
    const { stream, data, metadata } = event
    const about = aboutOf(data)
    const time = Date.parse(data.openedAt ?? metadata.occurredAt)
    const traits = describedTraits(numberOf(stream), time, data, about)
    incident = { traits, keys: everyKeyOf(traits), title: data.title, about }
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
      change(event, view, settings)
      return
    case 'AssignedToGroup':
      assign(event as RecordedIncident<'AssignedToGroup'>, view, settings)
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
  const { title, about, ...told } = opened(event)
  const traits = withSurroundings(view, told.traits)
  const keys = traits === told.traits ? told.keys : everyKeyOf(traits)
  if (traits !== told.traits) wantLists(view, traits, keys)
  const entered = { traits, ordinal: nextOrdinal(view), keys }
  const { among, kin } = known(view, kinOf(view, entered, settings.windowMilliseconds))
  const fingerprint = fingerprintOf(traits)
  enter(view, entered)
  addFingerprint(view, entered.ordinal, fingerprint)
  const incident: CorrelatedIncident = {
    ordinal: entered.ordinal,
    traits,
    title,
    ...(about.length > 0 && { about }),
    openedBy: event.metadata.commandId,
    ...(kin !== '' && { kin }),
  }
  view.put(INCIDENTS, traits.number, correlated(view, { incident, fingerprint, keys }, among, settings))
}

/** Its group, or that it has none any more. One that is given as it is opened tells whom of those it was compared with it is closer to. */
function assign(
  event: RecordedIncident<'AssignedToGroup'>,
  view: ViewTransaction,
  settings: CorrelationSettings,
): void {
  const incident = view.get<CorrelatedIncident>(INCIDENTS, numberOf(event.stream))
  if (incident === undefined || incident.restricted) return
  const group = event.data.group ?? undefined
  const { kin = '', ...before } = incident
  if (group === before.traits.group) return
  const traits = { ...before.traits, group }
  const next = { ...before, traits }
  const fingerprint = withGroup(fingerprintsOf(view, [next.ordinal])[0] as Fingerprint, group)
  // A group brings nobody nearer who has another one: they were compared when it was opened
  const { among } = known(view, isOpening(event, incident) && group ? kinOfGroup(kin, group) : [])
  const keys = among.length > 0 ? everyKeyOf(traits) : undefined
  if (keys !== undefined) wantLists(view, traits, keys)
  moveToGroup(view, incident, [before.traits.group, group])
  putFingerprint(view, next.ordinal, fingerprint)
  const joined =
    keys === undefined ? next : correlated(view, { incident: next, fingerprint, keys }, among, settings)
  view.put(INCIDENTS, traits.number, joined)
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
  const traits = withSurroundings(view, changed.traits)
  const entered = { traits, ordinal: incident.ordinal, keys: everyKeyOf(traits) }
  wantLists(view, traits, entered.keys)
  const { among, kin } = known(
    view,
    isOpening(event, incident) ? kinOf(view, entered, settings.windowMilliseconds) : [],
  )
  const next: CorrelatedIncident = { ...changed, traits, ...(kin !== '' && { kin }) }
  const fingerprint = fingerprintOf(traits)
  move(view, { ...incident, keys: everyKeyOf(incident.traits) }, entered)
  putFingerprint(view, incident.ordinal, fingerprint)
  view.put(
    INCIDENTS,
    traits.number,
    correlated(view, { incident: next, fingerprint, keys: entered.keys }, among, settings),
  )
}

/** Whether an event is of the command that opened the incident, which belongs to nobody yet. */
function isOpening({ metadata }: RecordedEvent, { openedBy, candidate }: CorrelatedIncident): boolean {
  return metadata.commandId === openedBy && candidate === undefined
}

/** What is known of those that an incident is compared with. */
function known(
  view: ViewTransaction,
  ordinals: readonly number[],
): { among: readonly Fingerprint[]; kin: KinByGroup } {
  view.want(PAGES, pagesOf(ordinals))
  const among = fingerprintsOf(view, ordinals)
  return {
    among: among.filter((fingerprint) => fingerprint !== COMPARED_NO_MORE),
    kin: kinByGroup(ordinals, among),
  }
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
