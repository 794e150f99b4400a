import type { RecordedEvent } from '#libs/event-sourcing'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { type Blank, draftsOf, present } from '../drafts.js'
import {
  applyToHead,
  BLANK_HEAD,
  type IncidentHead,
  openHead,
  type RecordedIncident,
  type RecordedIncidentEvent,
} from '../incident-folds.js'
import { addText, NO_TEXTS, namesOf, type SearchedTexts } from './kept-texts.js'

/** An incident with its texts, whatever its state: closed, canceled and merged ones are found as well. */
export interface SearchedIncident extends IncidentHead, SearchedTexts {
  type: 'incident'
}

/** An incident after an event; the same when the event says nothing here. */
export function evolveIncidentTexts(
  incident: SearchedIncident | undefined,
  event: RecordedIncidentEvent,
): SearchedIncident | undefined {
  if (event.type === 'IncidentOpened') return opened(event)
  if (incident === undefined) return undefined
  if (!TELLING.has(event.type)) return incident
  const draft = draftOf(incident)
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
}

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

const BLANK: Blank<SearchedIncident> = { type: 'incident', ...BLANK_HEAD, ...NO_TEXTS }

const draftOf = draftsOf(BLANK)

function opened(event: RecordedIncident<'IncidentOpened'>): SearchedIncident {
  const draft = draftOf(BLANK)
  openHead(draft, event)
  draft.title = event.data.title
  draft.description = event.data.description
  draft.names = namesOf(draft.number)
  return draft
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
