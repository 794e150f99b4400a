import { defineProjection } from '#libs/projections-runtime'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { accessColumns, forEverybody, seesInternalFields } from '../access.js'
import {
  applyToHead,
  BLANK_HEAD,
  type Blank,
  type IncidentHead,
  onlyFields,
  openHead,
  present,
  type RecordedIncident,
} from '../incident-folds.js'

/** An incident with its texts, whatever its state: closed, canceled and merged ones are found as well. */
export interface SearchedIncident extends IncidentHead {
  type: 'incident'
  /** The number as people write it: whole, without its zeros, and the digits alone. */
  names: string
  description?: string
  /** Public ones, the oldest first. */
  comments?: readonly string[]
  /** Not for requesters. */
  workNotes?: readonly string[]
}

/**
 * Characters that are kept of a record's comments, and of its work notes. Of a longer conversation the newest are, lest
 * every further word rewrites them all.
 */
export const MOST_KEPT = 50_000

/** Which incidents speak of something. */
export const incidentSearch = defineProjection<SearchedIncident, IncidentEvent>({
  name: 'incident_search',
  version: 1,
  from: ['incident-'],
  key: (event) => event.stream,
  evolve(incident, event) {
    if (event.type === 'IncidentOpened') return opened(event)
    if (incident === undefined) return undefined
    if (!TELLING.has(event.type)) return incident
    const draft = { ...incident }
    applyToHead(draft, event)
    switch (event.type) {
      case 'IncidentDetailsChanged': {
        const { description } = event.data.changes
        if (description) draft.description = present(description.to as string | null)
        break
      }
      case 'CommentAdded':
        draft.comments = withText(draft.comments, event.data.text)
        break
      case 'WorkNoteAdded':
        draft.workNotes = withText(draft.workNotes, event.data.text)
    }
    return draft
  },
  columns: {
    ...accessColumns,
    type: 'string',
    number: 'string',
    state: 'string',
    priority: 'integer',
    caller: 'string',
    openedAt: 'timestamp',
  },
  // The words find the rows; all else is tested row by row, and no index slows the opening of an incident.
  indexes: [],
  checked: [
    'audienceKind',
    'assignmentGroup',
    'assignee',
    'type',
    'number',
    'state',
    'priority',
    'caller',
    'openedAt',
  ],
  search: {
    texts: [{ names: 8, title: 4, description: 2, comments: 1 }, { workNotes: 1 }],
    names: ['names'],
    newest: 'openedAt',
  },
  ...forEverybody,
  searches: (principal) => (seesInternalFields(principal) ? 2 : 1),
  fields: (incident, principal) =>
    seesInternalFields(principal) ? incident : onlyFields(incident, REQUESTER_FIELDS),
})

/** Events that change what is found or shown; all others cost nothing here. */
const TELLING: ReadonlySet<string> = new Set<IncidentEvent['type']>([
  'IncidentDetailsChanged',
  'PriorityDerived',
  'PriorityOverridden',
  'AssignedToGroup',
  'AssignedToPerson',
  'IncidentAccepted',
  'WorkStarted',
  'IncidentHeld',
  'IncidentResumed',
  'CommentAdded',
  'WorkNoteAdded',
  'WatcherAdded',
  'WatcherRemoved',
  'AudienceChanged',
  'IncidentResolved',
  'IncidentReopened',
  'IncidentClosed',
  'IncidentCanceled',
  'IncidentMerged',
  'StateObserved',
])

const BLANK: Blank<SearchedIncident> = {
  type: 'incident',
  ...BLANK_HEAD,
  names: '',
  description: undefined,
  comments: undefined,
  workNotes: undefined,
}

function opened(event: RecordedIncident<'IncidentOpened'>): SearchedIncident {
  const draft = { ...BLANK }
  openHead(draft, event)
  draft.title = event.data.title
  draft.description = event.data.description
  draft.names = namesOf(draft.number)
  return draft
}

/** `INC0000123` → also `INC123` and `123`. */
function namesOf(number: string): string {
  const [, letters, digits] = /^(\D*)0*(\d+)$/.exec(number) ?? []
  return digits === undefined ? number : `${number} ${letters}${digits} ${digits}`
}

function withText(texts: readonly string[] = [], text: string): readonly string[] {
  const kept = [...texts, text]
  let length = kept.reduce((sum, { length }) => sum + length, 0)
  while (kept.length > 1 && length > MOST_KEPT) length -= kept.shift()!.length
  return kept
}

/** What a hit shows. */
const HIT_FIELDS = [
  'type',
  'number',
  'title',
  'state',
  'priority',
  'assignmentGroup',
  'assignee',
  'openedAt',
] as const satisfies readonly (keyof SearchedIncident)[]

/** What people see of their own records, work notes and audience left out. */
const REQUESTER_FIELDS = [
  ...HIT_FIELDS,
  'names',
  'description',
  'comments',
  'caller',
  'affectedUser',
  'openedBy',
] as const satisfies readonly (keyof SearchedIncident)[]

/** An incident as a search shows it. */
export function foundIncident(incident: SearchedIncident): object {
  return onlyFields(incident, HIT_FIELDS)
}
