import type { RecordedEvent } from '#libs/event-sourcing'
import type { Reading, ViewTransaction } from '#libs/projections-runtime'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { RecordedIncident } from '../incident-folds.js'
import { takeOut } from './belonging.js'
import { compareWithAll, linkLater, linkTo, mayBeLate, near, relink, relinkLater } from './comparing.js'
import { changedBy, isItemLink } from './described-changes.js'
import { ITEMS, NOTHING_AROUND, surroundings } from './estate.js'
import {
  agreeAt,
  FIELD_PLACES,
  type Fingerprint,
  fingerprintOf,
  kinByGroup,
  kinOfGroup,
  withGroup,
} from './fingerprints.js'
import { ITEM_NAMES, itemNamed, NAMED_ITEMS } from './item-names.js'
import {
  type Absence,
  type CorrelatedIncident,
  type CorrelationSettings,
  INCIDENTS,
  isAbsent,
  type Subject,
} from './linking.js'
import {
  type Entered,
  enter,
  kinKeysIn,
  kinOf,
  listReads,
  move,
  moveToGroup,
  nextOrdinal,
  wantLists,
} from './lists.js'
import { addVersions, changeVersions, fingerprintsOf, versionsOf } from './pages.js'
import { foldProblemLink, isProblemLink } from './problems.js'
import { aboutOf, describedTraits, everyKeyOf, type Keys, keysInGroup, type Traits } from './traits.js'
import {
  broughtBack,
  newestFrom,
  newestVersion,
  setAside,
  type Versions,
  withFirst,
  withVersion,
} from './versions.js'

/** What incidents say, and whom they are compared with when they do. */

const numberOf = (stream: string) => stream.slice('incident-'.length)

export function incidentReads(event: RecordedEvent<IncidentEvent>): readonly Reading[] {
  const { stream, type } = event
  switch (type) {
    case 'IncidentOpened': {
      const item = event.data.primaryCi
      const { traits, keys } = opened(event as RecordedIncident<'IncidentOpened'>)
      const reads = listReads(traits, keys)
      if (item !== undefined)
        for (const collection of [ITEMS, NAMED_ITEMS, ITEM_NAMES]) reads.push({ collection, ids: [item] })
      return reads
    }
    case 'IncidentDetailsChanged':
    case 'IncidentCategorized':
    case 'AssignedToGroup':
    case 'AudienceChanged':
    case 'LinkAdded':
    case 'LinkRemoved':
    case 'IncidentCanceled':
    case 'IncidentMerged':
    case 'IncidentReopened':
      return [{ collection: INCIDENTS, ids: [numberOf(stream)] }]
    case 'StateObserved':
      return event.data.from === 'Canceled' ? [{ collection: INCIDENTS, ids: [numberOf(stream)] }] : []
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
  let incident = openings.get(event)
  if (incident === undefined) {
    const { stream, data, metadata } = event
    const about = aboutOf(data)
    const time = Date.parse(data.openedAt ?? metadata.occurredAt)
    const traits = describedTraits(numberOf(stream), time, data, about)
    incident = { traits, keys: everyKeyOf(traits), title: data.title, about }
    openings.set(event, incident)
  }
  return incident
}
/** An event is asked for what it reads, then folded: its words are found once. */
const openings = new WeakMap<RecordedEvent, Opened>()

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
      if (event.data.audience.kind === 'public')
        bringBack(view, numberOf(event.stream), 'restricted', settings)
      else leaveOut(view, numberOf(event.stream), 'restricted')
      return
    case 'IncidentCanceled':
    case 'IncidentMerged':
      leaveOut(view, numberOf(event.stream), 'canceled')
      return
    // Only a source goes on with what was canceled, which it may have closed before
    case 'IncidentReopened':
      bringBack(view, numberOf(event.stream), 'canceled', settings)
      return
    case 'StateObserved':
      if (event.data.from === 'Canceled') bringBack(view, numberOf(event.stream), 'canceled', settings)
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
      else if (isItemLink(event)) change(event, view, settings)
  }
}

function open(
  event: RecordedIncident<'IncidentOpened'>,
  view: ViewTransaction,
  settings: CorrelationSettings,
): void {
  const told = opened(event)
  openings.delete(event)
  const { title, about } = told
  const traits = withSurroundings(view, told.traits)
  const keys = traits === told.traits ? told.keys : everyKeyOf(traits)
  const fingerprint = fingerprintOf(traits)
  const incident = {
    traits,
    title,
    about: about.length > 0 ? about : undefined,
    openedBy: event.metadata.commandId,
  }
  if (event.data.audience.kind !== 'public') {
    const aside = { ...incident, versions: fingerprint, restricted: true as const }
    view.put(INCIDENTS, traits.number, aside satisfies CorrelatedIncident)
    return
  }
  if (traits !== told.traits) wantLists(view, traits, keys)
  const ordinal = nextOrdinal(view)
  const entered = { traits, ordinal, keys, kinKeys: kinKeysIn(view, keys) }
  const kin = kinOf(view, entered, settings)
  const others = fingerprintsOf(view, kin, traits.time)
  const { earlier, later } = near(others, traits, settings)
  const subject = { ...entered, fingerprint }
  const isLate = later.length > 0 || mayBeLate(view, traits.time)
  const group = isLate ? undefined : groupGivenAtOnce(event, view)
  if (group !== undefined) {
    openInGroup(view, incident, { subject, group, earlier }, settings)
    return
  }
  enter(view, entered)
  addVersions(view, ordinal, fingerprint)
  const byGroup = kinByGroup(kin, others) || undefined
  view.put(INCIDENTS, traits.number, { ...incident, ordinal, kin: byGroup } satisfies CorrelatedIncident)
  linkTo(view, subject, earlier, settings)
  linkLater(view, subject, later, settings)
}

/** The group that an incident is given by the command that opens it, if that is at hand and says nothing else before. */
function groupGivenAtOnce(
  { stream, metadata }: RecordedIncident<'IncidentOpened'>,
  view: ViewTransaction,
): string | undefined {
  for (let distance = 1; ; distance++) {
    const next = view.ahead(distance) as RecordedEvent<IncidentEvent> | undefined
    if (next?.stream !== stream || next.metadata.commandId !== metadata.commandId) return undefined
    if (next.type === 'AssignedToGroup') return next.data.group ?? undefined
    if (incidentReads(next).length > 0) return undefined
  }
}

/**
 * Opens an incident and gives it its group: as {@link assign} does afterwards, but it is kept and stands in its lists once and for all.
 * It is compared without the group all the same, since who is close to it even so comes first.
 */
function openInGroup(
  view: ViewTransaction,
  incident: CorrelatedIncident,
  told: { subject: Subject & Entered; group: string; earlier: readonly Fingerprint[] },
  settings: CorrelationSettings,
): void {
  const { subject, group, earlier } = told
  const { ordinal, kinKeys } = subject
  const traits = { ...subject.traits, group }
  const fingerprint = withGroup(subject.fingerprint, group)
  const keys = keysInGroup(subject.keys, group)
  enter(view, { traits, ordinal, keys, kinKeys })
  addVersions(view, ordinal, fingerprint)
  view.put(INCIDENTS, traits.number, { ...incident, traits, ordinal } satisfies CorrelatedIncident)
  linkTo(view, subject, earlier, settings)
  const links = view.get<CorrelatedIncident>(INCIDENTS, traits.number)?.links
  const among = () => earlier.filter((other) => agreeAt(fingerprint, other, FIELD_PLACES.group))
  linkInGroup(view, { traits, fingerprint, keys, ordinal, links }, among, settings)
}

/** Its group, or that it has none any more. */
function assign(
  event: RecordedIncident<'AssignedToGroup'>,
  view: ViewTransaction,
  settings: CorrelationSettings,
): void {
  const incident = view.get<CorrelatedIncident>(INCIDENTS, numberOf(event.stream))
  if (incident === undefined) return
  const group = event.data.group ?? undefined
  if (group === incident.traits.group) return
  const { traits: before, ordinal, kin = '' } = incident
  const traits = { ...before, group }
  const fingerprint = withGroup(newestVersion(versionsIn(view, incident)), group)
  const isFirst = isOpening(event, incident)
  const at = Date.parse(event.metadata.occurredAt)
  const told = { fingerprint, first: isFirst ? undefined : incident, at }
  const next = changed(view, { ...incident, traits, kin: undefined }, told)
  if (ordinal === undefined) return
  moveToGroup(view, { traits, ordinal }, [before.group, group], isFirst ? undefined : at)
  if (isAbsent(next)) return
  if (!isFirst) {
    relinkLater(view, next, at, settings)
    return
  }
  const kinInGroup = group === undefined ? [] : kinOfGroup(kin, group)
  const among = () => near(fingerprintsOf(view, kinInGroup, traits.time), traits, settings).earlier
  const subject = { traits, fingerprint, keys: everyKeyOf(traits), ordinal, links: next.links }
  linkInGroup(view, subject, among, settings)
}

/**
 * One that has its group from the start: whom of those that it was compared with it is closer to by that.
 * @param among earlier ones of its group, looked for only when they alone are compared: it brings nobody nearer who has another one
 */
function linkInGroup(
  view: ViewTransaction,
  subject: Subject & { ordinal: number },
  among: () => readonly Fingerprint[],
  settings: CorrelationSettings,
): void {
  const { traits, keys, links } = subject
  if (links === undefined && !mayBeLate(view, traits.time)) {
    linkTo(view, subject, among(), settings)
    return
  }
  wantLists(view, traits, keys)
  compareWithAll(view, subject, settings)
}

function change(
  event: RecordedEvent<IncidentEvent>,
  view: ViewTransaction,
  settings: CorrelationSettings,
): void {
  const before = view.get<CorrelatedIncident>(INCIDENTS, numberOf(event.stream))
  if (before === undefined) return
  const described = changedBy(event, before)
  if (described === before) return
  const traits = withSurroundings(view, described.traits)
  const fingerprint = fingerprintOf(traits)
  const isFirst = isOpening(event, before)
  const at = Date.parse(event.metadata.occurredAt)
  const told = { fingerprint, first: isFirst ? undefined : before, at }
  const next = changed(view, { ...described, traits }, told)
  const { ordinal } = next
  if (ordinal === undefined) return
  const keys = everyKeyOf(traits)
  wantLists(view, traits, keys)
  const old = { traits: before.traits, ordinal, keys: everyKeyOf(before.traits) }
  move(view, old, { traits, keys }, isFirst ? undefined : at)
  if (isAbsent(next)) return
  if (!isFirst) relinkLater(view, next, at, settings)
  else compareWithAll(view, { traits, fingerprint, keys, ordinal, links: next.links }, settings)
}

/** Whether an event is of the command that opened the incident. */
function isOpening({ metadata }: RecordedEvent, { openedBy }: CorrelatedIncident): boolean {
  return metadata.commandId === openedBy
}

/** Keeps an incident with other traits. @param told `first`: as it was before, unless it never was; `at`: from when on it is other */
function changed(
  view: ViewTransaction,
  next: CorrelatedIncident,
  told: { fingerprint: Fingerprint; first: CorrelatedIncident | undefined; at: number },
): CorrelatedIncident {
  const { fingerprint, first, at } = told
  const versioned = (versions: Versions) =>
    first === undefined ? withFirst(versions, fingerprint) : withVersion(versions, fingerprint, at)
  const incident = first === undefined ? next : { ...next, first: first.first ?? first.traits }
  const { ordinal, versions } = incident
  if (ordinal !== undefined) changeVersions(view, ordinal, versioned)
  const kept = versions === undefined ? incident : { ...incident, versions: versioned(versions) }
  view.put(INCIDENTS, kept.traits.number, kept satisfies CorrelatedIncident)
  return kept
}

function versionsIn(view: ViewTransaction, { ordinal, versions }: CorrelatedIncident): Versions {
  return ordinal === undefined ? (versions as Versions) : versionsOf(view, ordinal)
}

/** Takes part from now on, unless it is absent for another reason, too: it is compared as if it always had. */
function bringBack(
  view: ViewTransaction,
  number: string,
  absence: Absence,
  settings: CorrelationSettings,
): void {
  const before = view.get<CorrelatedIncident>(INCIDENTS, number)
  if (before === undefined || !before[absence]) return
  const { [absence]: _, ...present } = before
  if (isAbsent(present)) {
    view.put(INCIDENTS, number, present satisfies CorrelatedIncident)
    return
  }
  const { versions, ...rest } = present
  const { traits, first = traits } = rest
  const incident = { ...rest, ordinal: rest.ordinal ?? nextOrdinal(view) }
  view.put(INCIDENTS, number, incident satisfies CorrelatedIncident)
  if (rest.ordinal === undefined) {
    const { ordinal } = incident
    const [firstKeys, keys] = [everyKeyOf(first), everyKeyOf(traits)]
    wantLists(view, traits, keys)
    wantLists(view, first, firstKeys)
    const entered = { traits: first, ordinal, keys: firstKeys }
    enter(view, entered)
    if (first !== traits) move(view, entered, { traits, keys }, newestFrom(versions as Versions))
    addVersions(view, ordinal, versions as Versions)
  } else changeVersions(view, incident.ordinal, broughtBack)
  for (const one of new Set([first, traits])) {
    const keys = everyKeyOf(one)
    const kin = kinOf(view, { traits: one, ordinal: incident.ordinal, keys }, settings)
    const { later } = near(fingerprintsOf(view, kin, one.time), one, settings)
    linkLater(view, { traits: one, fingerprint: fingerprintOf(one), keys }, later, settings)
  }
  relink(view, number, settings)
}

/** Takes it out of what people see; lists may go on counting it. */
function leaveOut(view: ViewTransaction, number: string, absence: Absence): void {
  const incident = view.get<CorrelatedIncident>(INCIDENTS, number)
  if (incident === undefined || incident[absence]) return
  view.put(INCIDENTS, number, { ...incident, [absence]: true } satisfies CorrelatedIncident)
  if (isAbsent(incident)) return
  if (incident.ordinal !== undefined) changeVersions(view, incident.ordinal, setAside)
  takeOut(view, number)
}

function withSurroundings(view: ViewTransaction, traits: Traits): Traits {
  const { ci: named, time } = traits
  const ci = named === undefined ? undefined : itemNamed(view, named, time)
  const { upstream, changes } = ci === undefined ? NOTHING_AROUND : surroundings(view, ci, time)
  const hasNone = upstream.length === 0 && changes.length === 0
  if (hasNone && ci === named && traits.upstream === undefined && traits.changes === undefined) return traits
  return {
    ...traits,
    ci,
    upstream: upstream.length > 0 ? upstream : undefined,
    changes: changes.length > 0 ? changes : undefined,
  }
}
