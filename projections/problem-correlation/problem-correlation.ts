import type { RecordedEvent } from '#libs/event-sourcing'
import { defineView, type ViewTransaction } from '#libs/projections-runtime'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { CandidateEvent } from '../../src/problems/domain/candidate.events.js'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { wholeFor } from '../access.js'
import type { RecordedIncident } from '../incident-folds.js'
import { CANDIDATES, type Candidate, iso, standing, without } from './candidates.js'
import {
  CHANGES,
  type EstateEvent,
  estateReads,
  foldEstate,
  ITEMS,
  RELATIONS,
  surroundings,
  TYPES,
} from './estate.js'
import {
  type CorrelatedIncident,
  type CorrelationSettings,
  correlated,
  INCIDENTS,
  USUAL_SETTINGS,
} from './linking.js'
import { enter, KEYS, KIN, kinOf, listReads, move, type Reads, TOTALS, wantLists } from './lists.js'
import { foldProblem, foldProblemLink, isProblemLink, PROBLEMS, problemReads } from './problems.js'
import { describedTraits, type Traits } from './traits.js'
import { WORDS } from './word-counts.js'

export type CorrelationEvent = IncidentEvent | EstateEvent | CandidateEvent | ProblemEvent

/** Who sees candidates, and what is similar. */
export const CORRELATION_READERS = ['agent', 'team-lead', 'analyst', 'auditor', 'administrator'] as const

/** The view's own: answers are made from it, for those who may see the records that they name. */
const internal = { columns: {}, indexes: [], ...wholeFor(CORRELATION_READERS) } as const

/**
 * Candidates for problems, found as incidents are opened. Each is compared with the few that stand in the same lists, all of bounded
 * length, whatever the number of incidents; by when they were opened, not by the order of the log. Restricted incidents take no part.
 */
export function problemCorrelationBy(settings: CorrelationSettings) {
  return defineView<CorrelationEvent>({
    name: 'problem_correlation',
    version: 3,
    pace: 'unhurried',
    from: ['incident-', 'ci-', 'relation-', 'change-', 'candidate-', 'problem-'],
    collections: {
      [CANDIDATES]: {
        columns: {
          status: 'string',
          score: 'number',
          memberCount: 'integer',
          notLinked: 'integer',
          firstSeenAt: 'timestamp',
          lastSeenAt: 'timestamp',
          problem: 'string',
        },
        indexes: [['status', 'score'], ['score'], ['lastSeenAt']],
        checked: ['memberCount', 'notLinked', 'firstSeenAt', 'problem'],
        ...wholeFor(CORRELATION_READERS),
      },
      [INCIDENTS]: internal,
      [PROBLEMS]: internal,
      [TOTALS]: internal,
      [KEYS]: internal,
      [KIN]: internal,
      [WORDS]: internal,
      [ITEMS]: internal,
      [RELATIONS]: internal,
      [CHANGES]: internal,
      [TYPES]: internal,
    },
    reads(event) {
      if (isIncident(event)) return incidentReads(event)
      if (isCandidate(event)) return [{ collection: CANDIDATES, id: event.stream }]
      if (isProblem(event)) return problemReads(event)
      return estateReads(event as RecordedEvent<EstateEvent>)
    },
    fold(event, view) {
      if (isIncident(event)) foldIncident(event, view, settings)
      else if (isCandidate(event)) decide(event, view)
      else if (isProblem(event)) foldProblem(event, view)
      else foldEstate(event as RecordedEvent<EstateEvent>, view)
    },
  })
}

export const problemCorrelation = problemCorrelationBy(USUAL_SETTINGS)

const isIncident = (event: RecordedEvent<CorrelationEvent>): event is RecordedEvent<IncidentEvent> =>
  event.stream.startsWith('incident-')
const isCandidate = (event: RecordedEvent<CorrelationEvent>): event is RecordedEvent<CandidateEvent> =>
  event.stream.startsWith('candidate-')
const isProblem = (event: RecordedEvent<CorrelationEvent>): event is RecordedEvent<ProblemEvent> =>
  event.stream.startsWith('problem-')
const numberOf = (stream: string) => stream.slice('incident-'.length)

function incidentReads(event: RecordedEvent<IncidentEvent>): Reads {
  const { stream, type } = event
  const number = numberOf(stream)
  switch (type) {
    case 'IncidentOpened': {
      const item = event.data.primaryCi
      const items = item === undefined ? [] : [{ collection: ITEMS, id: item }]
      return [...listReads(openedTraits(event as RecordedIncident<'IncidentOpened'>)), ...items]
    }
    case 'IncidentDetailsChanged':
    case 'IncidentCategorized':
    case 'AssignedToGroup':
    case 'AudienceChanged':
    case 'LinkAdded':
    case 'LinkRemoved':
      return [{ collection: INCIDENTS, id: number }]
    default:
      return []
  }
}

function openedTraits(event: RecordedIncident<'IncidentOpened'>): Traits {
  let traits = traitsOf.get(event)
  if (traits === undefined) {
    const { stream, data, metadata } = event
    traits = describedTraits(numberOf(stream), Date.parse(data.openedAt ?? metadata.occurredAt), data)
    traitsOf.set(event, traits)
  }
  return traits
}
/** An event is asked for what it reads, then folded, maybe twice: its words are found once. */
const traitsOf = new WeakMap<RecordedEvent, Traits>()

function foldIncident(
  event: RecordedEvent<IncidentEvent>,
  view: ViewTransaction,
  settings: CorrelationSettings,
): void {
  if (event.type === 'IncidentOpened') {
    open(event as RecordedIncident<'IncidentOpened'>, view, settings)
    return
  }
  if (isProblemLink(event)) {
    foldProblemLink(event, numberOf(event.stream), view)
    return
  }
  const change = changeOf(event)
  if (change === undefined) return
  const incident = view.get<CorrelatedIncident>(INCIDENTS, numberOf(event.stream))
  if (incident === undefined) return
  const next = change(incident)
  if (next === incident) return
  if (next.restricted) {
    restrict(view, next)
    return
  }
  const traits = next.fields === incident.fields ? next.traits : retold(view, next)
  const changed = { ...next, traits }
  const isOpening = event.metadata.commandId === incident.openedBy && incident.candidate === undefined
  if (traits !== next.traits) wantLists(view, traits)
  const kin = isOpening ? kinBy(event, view, traits, settings) : []
  move(view, incident.traits, traits)
  view.put(INCIDENTS, traits.number, isOpening ? correlated(view, changed, kin, settings) : changed)
}

/** Those that it may belong with now. A group brings nobody nearer who has another one: they were compared when it was opened. */
function kinBy(
  { type }: RecordedEvent<IncidentEvent>,
  view: ViewTransaction,
  traits: Traits,
  { windowMilliseconds }: CorrelationSettings,
): readonly string[] {
  const kin = kinOf(view, traits, windowMilliseconds)
  view.want(INCIDENTS, kin)
  if (type !== 'AssignedToGroup') return kin
  const groupOf = (number: string) => view.get<CorrelatedIncident>(INCIDENTS, number)?.traits.group
  return traits.group === undefined ? [] : kin.filter((number) => groupOf(number) === traits.group)
}

function open(
  event: RecordedIncident<'IncidentOpened'>,
  view: ViewTransaction,
  settings: CorrelationSettings,
) {
  const { data, metadata } = event
  if (data.audience.kind !== 'public') return
  const { title, description, primaryCi, category, subcategory, symptom, location, service, openedBy } = data
  const described = { title, description, primaryCi, category, subcategory, symptom, location, service }
  const incident: CorrelatedIncident = {
    traits: openedTraits(event),
    fields: { ...described, openedBy },
    openedBy: metadata.commandId,
  }
  const traits = withSurroundings(view, incident.traits)
  if (traits !== incident.traits) wantLists(view, traits)
  const kin = kinOf(view, traits, settings.windowMilliseconds)
  view.want(INCIDENTS, kin)
  enter(view, traits)
  view.put(INCIDENTS, traits.number, correlated(view, { ...incident, traits }, kin, settings))
}

function withSurroundings(view: ViewTransaction, traits: Traits): Traits {
  if (traits.ci === undefined) return traits
  const { upstream, changes } = surroundings(view, traits.ci, iso(traits.time))
  if (upstream.length === 0 && changes.length === 0) return traits
  return {
    ...traits,
    ...(upstream.length > 0 && { upstream }),
    ...(changes.length > 0 && { changes }),
  }
}

/** The traits as they follow from fields that have changed. */
function retold(view: ViewTransaction, { traits, fields }: CorrelatedIncident): Traits {
  const { number, time, group } = traits
  const described = describedTraits(number, time, fields)
  return withSurroundings(view, group === undefined ? described : { ...described, group })
}

type Step = (incident: CorrelatedIncident) => CorrelatedIncident

function changeOf(event: RecordedEvent<IncidentEvent>): Step | undefined {
  switch (event.type) {
    case 'IncidentDetailsChanged':
    case 'IncidentCategorized': {
      const changes = event.type === 'IncidentCategorized' ? event.data : event.data.changes
      return (incident) => withFields(incident, changes as Readonly<Record<string, { to: unknown }>>)
    }
    case 'AssignedToGroup':
      return (incident) => ({
        ...incident,
        traits: { ...incident.traits, group: event.data.group ?? undefined },
      })
    case 'AudienceChanged':
      return (incident) =>
        event.data.audience.kind === 'public' ? incident : { ...incident, restricted: true }
    default:
      return undefined
  }
}

const COMPARED = [
  'title',
  'description',
  'primaryCi',
  'category',
  'subcategory',
  'symptom',
  'location',
  'service',
  'openedBy',
] as const

function withFields(
  incident: CorrelatedIncident,
  changes: Readonly<Record<string, { to: unknown }>>,
): CorrelatedIncident {
  const changed = COMPARED.filter((field) => changes[field] !== undefined)
  if (changed.length === 0) return incident
  const fields = { ...incident.fields }
  for (const field of changed) fields[field] = (changes[field]?.to as string | null) ?? undefined
  return { ...incident, fields }
}

/** Takes it out of what people see; lists may go on counting it. */
function restrict(view: ViewTransaction, incident: CorrelatedIncident): void {
  const { traits, candidate } = incident
  view.put(INCIDENTS, traits.number, incident)
  const found = candidate === undefined ? undefined : standing(view, candidate)
  if (found !== undefined) view.put(CANDIDATES, found.id, without(found, traits.number))
}

/** What people said of a candidate. */
function decide({ type, stream, metadata }: RecordedEvent<CandidateEvent>, view: ViewTransaction): void {
  const candidate = view.get<Candidate>(CANDIDATES, stream)
  if (candidate === undefined || candidate.status === 'merged') return
  const { actor: by, occurredAt: at, reason } = metadata
  const decided = { by, at, ...(reason !== undefined && { reason }), memberCount: candidate.memberCount }
  const status = type === 'ProblemCandidateAccepted' ? 'accepted' : 'dismissed'
  view.put(CANDIDATES, stream, { ...candidate, status, decided } satisfies Candidate)
}
