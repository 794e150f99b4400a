import type { ChangeEvent, Plan } from '../../src/changes/domain/change.events.js'
import { PLAN_TEXTS } from '../change-details-steps.js'
import {
  applyToChangeHead,
  BLANK_CHANGE_HEAD,
  type ChangeHead,
  openChangeHead,
  type RecordedChange,
  type RecordedChangeEvent,
} from '../change-folds.js'
import { type Blank, changeTexts, type Draft, draftsOf } from '../drafts.js'
import { addText, NO_TEXTS, namesOf, type SearchedTexts } from './kept-texts.js'

/** A change with its texts, whatever its state; those of its plan besides what it is about are the desk's. */
export interface SearchedChange extends ChangeHead, SearchedTexts, Pick<Plan, (typeof PLAN_TEXTS)[number]> {
  type: 'change'
}

const BLANK: Blank<SearchedChange> = {
  type: 'change',
  ...BLANK_CHANGE_HEAD,
  ...NO_TEXTS,
  implementation: undefined,
  backout: undefined,
  test: undefined,
}

const draftOf = draftsOf(BLANK)

/** A change after an event; the same when the event says nothing here. */
export function evolveChangeTexts(
  change: SearchedChange | undefined,
  event: RecordedChangeEvent,
): SearchedChange | undefined {
  if (event.type === 'ChangeOpened') return opened(event)
  if (change === undefined) return undefined
  const draft = draftOf(change)
  const told = isTold(draft, event)
  applyToChangeHead(draft, event)
  return told || draft.state !== change.state ? draft : change
}

function opened(event: RecordedChange<'ChangeOpened'>): SearchedChange {
  const draft = draftOf(BLANK)
  openChangeHead(draft, event)
  draft.names = namesOf(draft.number)
  for (const text of PLAN_TEXTS) draft[text] = event.data[text]
  return draft
}

/** Takes down what an event says; false: nothing that is found or shown here, but where the change stands. */
function isTold(draft: Draft<SearchedChange>, event: RecordedChangeEvent): boolean {
  switch (event.type) {
    case 'ChangePlanEdited':
      changeTexts(draft, PLAN_TEXTS, event.data.changes)
      return true
    case 'ChangeCommentAdded':
      return say(draft, event.data.text, true)
    // Whoever wanted it is told why it does not come
    case 'ChangeCanceled':
      return say(draft, event.data.notes, true)
    case 'ChangeWorkNoteAdded':
      return say(draft, event.data.text, false)
    case 'ChangeHeld':
      return say(draft, event.data.comment, false)
    case 'PlanDeviated':
      return say(draft, event.data.description, false)
    case 'ImplementationEnded':
      return say(draft, event.data.notes, false)
    case 'ChangeReviewed':
      return say(draft, [event.data.conclusion, event.data.lessons].filter(Boolean).join('\n'), false)
    default:
      return SHOWN.has(event.type)
  }
}

/** Events that only change what is shown of it, or who may see it. */
const SHOWN: ReadonlySet<string> = new Set<ChangeEvent['type']>([
  'ChangeAssigned',
  'ChangeWatcherAdded',
  'ChangeWatcherRemoved',
  'ChangeAudienceChanged',
])

/** @returns whether there was anything to say */
function say(draft: Draft<SearchedChange>, text: string | null | undefined, toAll: boolean): boolean {
  if (!text) return false
  addText(draft, text, toAll)
  return true
}
