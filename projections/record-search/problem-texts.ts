import type { ProblemEvent, ProblemFields } from '../../src/problems/domain/problem.events.js'
import { type Blank, changeTexts, type Draft, draftsOf, present } from '../drafts.js'
import {
  applyToProblemHead,
  BLANK_PROBLEM_HEAD,
  openProblemHead,
  type ProblemHead,
  type RecordedProblem,
  type RecordedProblemEvent,
} from '../problem-folds.js'
import { addText, NO_TEXTS, namesOf, type SearchedTexts } from './kept-texts.js'

/** What people notice, and where: by these known errors are looked for. */
const KINDS = ['symptom', 'category', 'subcategory', 'service'] as const
type Kind = (typeof KINDS)[number]

/** A problem with its texts, whatever its state: what was known of an old one helps with a new one. */
export interface SearchedProblem extends ProblemHead, SearchedTexts, Pick<ProblemFields, Kind> {
  type: 'problem'
  rootCause?: string
  workaround?: string
  knownError?: true
}

const BLANK: Blank<SearchedProblem> = {
  type: 'problem',
  ...BLANK_PROBLEM_HEAD,
  ...NO_TEXTS,
  symptom: undefined,
  category: undefined,
  subcategory: undefined,
  service: undefined,
  rootCause: undefined,
  workaround: undefined,
  knownError: undefined,
}

const draftOf = draftsOf(BLANK)

/** A problem after an event; the same when the event says nothing here. */
export function evolveProblemTexts(
  problem: SearchedProblem | undefined,
  event: RecordedProblemEvent,
): SearchedProblem | undefined {
  if (event.type === 'ProblemOpened') return opened(event)
  if (problem === undefined) return undefined
  const draft = draftOf(problem)
  if (!isTold(draft, event)) return problem
  applyToProblemHead(draft, event)
  return draft
}

function opened(event: RecordedProblem<'ProblemOpened'>): SearchedProblem {
  const draft = draftOf(BLANK)
  openProblemHead(draft, event)
  draft.description = event.data.description
  draft.names = namesOf(draft.number)
  for (const kind of KINDS) draft[kind] = event.data[kind]
  return draft
}

/** Takes down what an event says; false: nothing that is found or shown here. */
function isTold(draft: Draft<SearchedProblem>, event: RecordedProblemEvent): boolean {
  switch (event.type) {
    case 'ProblemDetailsChanged':
      changeTexts(draft, ['description', ...KINDS], event.data.changes)
      return true
    case 'RootCauseRecorded':
      draft.rootCause = event.data.cause
      return true
    case 'WorkaroundRecorded':
      draft.workaround = event.data.workaround
      return true
    case 'KnownErrorDeclared':
      draft.knownError = true
      return true
    case 'KnownErrorWithdrawn':
      draft.knownError = undefined
      return say(draft, event.data.notes)
    case 'ProblemFindingsObserved': {
      const { rootCause, workaround, resolutionNotes } = event.data
      if (rootCause !== undefined) draft.rootCause = present(rootCause)
      if (workaround !== undefined) draft.workaround = present(workaround)
      say(draft, resolutionNotes)
      return true
    }
    case 'ProblemWorkNoteAdded':
      addText(draft, event.data.text, false)
      return true
    case 'ProblemHeld':
      return say(draft, event.data.comment, false)
    case 'ProblemReviewed':
      return say(draft, [event.data.conclusion, event.data.lessons].filter(Boolean).join('\n'))
    default: {
      const said = saidIn(event)
      return say(draft, said) || SHOWN.has(event.type)
    }
  }
}

/** Events that only change what is shown of it, or who may see it. */
const SHOWN: ReadonlySet<string> = new Set<ProblemEvent['type']>([
  'ProblemPrioritized',
  'ProblemAssigned',
  'ProblemWatcherAdded',
  'ProblemWatcherRemoved',
  'ProblemAudienceChanged',
  'ProblemAssessmentStarted',
  'ProblemAnalysisStarted',
  'ProblemFixStarted',
  'ProblemMarkedDuplicate',
  'ProblemClosed',
  'ProblemStateObserved',
])

function saidIn(event: RecordedProblemEvent): string | null | undefined {
  switch (event.type) {
    case 'ProblemCommentAdded':
      return event.data.text
    case 'ProblemReanalysed':
    case 'ProblemResolved':
    case 'ProblemRiskAccepted':
    case 'ProblemCanceled':
    case 'ProblemMarkedDuplicate':
      return event.data.notes
    default:
      return undefined
  }
}

/** @returns that the event is told, whether or not it says anything */
function say(draft: Draft<SearchedProblem>, text: string | null | undefined, toAll = true): boolean {
  if (text) addText(draft, text, toAll)
  return text !== undefined
}
