import type { RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { accessColumns, forEverybody, seesInternalFields } from '../access.js'
import { type Blank, type Draft, onlyFields, present } from '../drafts.js'
import {
  applyToHead,
  BLANK_HEAD,
  type IncidentHead,
  openHead,
  type RecordedIncident,
} from '../incident-folds.js'

/** An incident with its texts, whatever its state: closed, canceled and merged ones are found as well. */
export interface SearchedIncident extends IncidentHead {
  type: 'incident'
  /** The number as people write it: whole, without its zeros, and the digits alone. */
  names: string
  description?: string
  /** Whatever was said to the caller: comments, questions, updates, notes of a resolution; the oldest first. */
  comments?: readonly string[]
  /** Of comments that are not kept whole, each word once. */
  commentWords?: readonly string[]
  /** What was said among the desk: not for requesters. */
  workNotes?: readonly string[]
  workNoteWords?: readonly string[]
}

/**
 * Characters that are kept of a record's comments, and of its work notes, as they were written. Of a longer conversation
 * the newest are, lest every further word rewrites them all; of all others each word is kept once.
 */
export const MOST_KEPT = 50_000
/** Of one text, so that a log that somebody pasted leaves room for the others. */
export const MOST_OF_ONE = 10_000
/** Words that are kept so: whole logs have many. Beyond them the earliest are, and nothing else is lost. */
export const MOST_WORDS = 50_000

/** Which incidents speak of something. */
export const incidentSearch = defineProjection<SearchedIncident, IncidentEvent>({
  name: 'incident_search',
  version: 2,
  pace: 'unhurried',
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
      default: {
        const said = saidIn(event)
        if (said?.text) addText(draft, said.text, said.toCaller)
      }
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
    texts: [
      { names: 8, title: 4, description: 2, comments: 1, commentWords: 1 },
      { workNotes: 1, workNoteWords: 1 },
    ],
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
  'HoldReasonChanged',
  'IncidentResumed',
  'CommentAdded',
  'WorkNoteAdded',
  'MajorIncidentUpdatePosted',
  'WatcherAdded',
  'WatcherRemoved',
  'AudienceChanged',
  'IncidentResolved',
  'ResolutionRecorded',
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
  commentWords: undefined,
  workNotes: undefined,
  workNoteWords: undefined,
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

/** Words that an event brings, and whether the caller reads them: as in the timeline (`incident.history`). */
function saidIn(
  event: RecordedEvent<IncidentEvent>,
): { text: string | null | undefined; toCaller: boolean } | undefined {
  switch (event.type) {
    case 'CommentAdded':
      return { text: event.data.text, toCaller: true }
    case 'WorkNoteAdded':
      return { text: event.data.text, toCaller: false }
    case 'MajorIncidentUpdatePosted':
      return { text: event.data.text, toCaller: event.data.visibility === 'public' }
    case 'IncidentHeld':
    case 'HoldReasonChanged':
      return { text: event.data.hold.comment, toCaller: event.data.awaitsCaller ?? false }
    case 'IncidentResolved':
    case 'IncidentCanceled':
      return { text: event.data.notes, toCaller: true }
    case 'ResolutionRecorded':
      return { text: event.data.resolution.notes, toCaller: true }
    default:
      return undefined
  }
}

function addText(draft: Draft<SearchedIncident>, text: string, toCaller: boolean): void {
  if (toCaller) {
    const { texts, words } = withText(draft.comments, draft.commentWords, text)
    draft.comments = texts
    draft.commentWords = words
  } else {
    const { texts, words } = withText(draft.workNotes, draft.workNoteWords, text)
    draft.workNotes = texts
    draft.workNoteWords = words
  }
}

/** What does not stay whole leaves its words. */
function withText(
  texts: readonly string[] = [],
  words: readonly string[] | undefined,
  text: string,
): { texts: readonly string[]; words: readonly string[] | undefined } {
  const end = text.length > MOST_OF_ONE ? cutBefore(text, MOST_OF_ONE) : text.length
  const kept = [...texts, text.slice(0, end)]
  const left = end < text.length ? [text.slice(end)] : []
  let length = kept.reduce((sum, { length }) => sum + length, 0)
  while (kept.length > 1 && length > MOST_KEPT) {
    const [oldest] = kept.splice(0, 1) as [string]
    length -= oldest.length
    left.push(oldest)
  }
  return { texts: kept, words: left.length === 0 ? words : withWords(words, left) }
}

/** Between two words, if there is a gap anywhere near. */
function cutBefore(text: string, place: number): number {
  const gap = text.slice(0, place).search(/\s\S{0,500}$/)
  return gap > 0 ? gap : place
}

/** Words as they were written, punctuation within and all: a name of a host is found by its parts and whole. */
function withWords(words: readonly string[] = [], texts: readonly string[]): readonly string[] {
  const all = new Set(words)
  for (const text of texts)
    for (const [word] of text.matchAll(/\S+/g)) {
      if (all.size >= MOST_WORDS) return [...all]
      all.add(word)
    }
  return [...all]
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
  'commentWords',
  'caller',
  'affectedUser',
  'openedBy',
] as const satisfies readonly (keyof SearchedIncident)[]

/** An incident as a search shows it. */
export function foundIncident(incident: SearchedIncident): object {
  return onlyFields(incident, HIT_FIELDS)
}
