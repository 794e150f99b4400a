import { type Audience, PUBLIC } from '#libs/access'
import { setAudience } from '../access.js'
import { type Draft, present } from '../drafts.js'
import {
  applyToProblemHead,
  openProblemHead,
  problemHoldAfter,
  type RecordedProblem,
  type RecordedProblemEvent,
} from '../problem-folds.js'
import { reply, updated } from './entry-folds.js'
import { BLANK_ENTRY, draftOf, type ProblemEntry, type ProblemTaskEntry } from './queue-entry.js'

/** Problems and their tasks as a queue shows them. A task has a document of its own, `problem-<number>/<task>`. */

/** What an event of a problem touches: it, and the tasks that the event is about. */
export function problemEntryKeys(event: RecordedProblemEvent): string | readonly string[] {
  const tasks = tasksOf(event)
  return tasks.length === 0 ? event.stream : [event.stream, ...tasks.map((task) => `${event.stream}/${task}`)]
}

function tasksOf(event: RecordedProblemEvent): readonly string[] {
  switch (event.type) {
    case 'ProblemTaskAdded':
    case 'ProblemTaskStarted':
    case 'ProblemTaskFinished':
    case 'ProblemTaskRemoved':
      return [event.data.task]
    case 'ProblemAudienceChanged':
      return event.data.tasks
    default:
      return []
  }
}

/** An entry after an event of its problem; the same when the event is no update of it. */
export function evolveProblemEntry(
  entry: ProblemEntry | ProblemTaskEntry | undefined,
  event: RecordedProblemEvent,
): ProblemEntry | ProblemTaskEntry | undefined {
  if (event.type === 'ProblemOpened') return opened(event)
  // Of what is not there yet, and only of that, an added task is the beginning.
  if (entry === undefined) return event.type === 'ProblemTaskAdded' ? openedTask(event) : undefined
  return entry.type === 'problem' ? evolvedProblem(entry, event) : evolvedTask(entry, event)
}

function opened(event: RecordedProblem<'ProblemOpened'>): ProblemEntry {
  const draft: Draft<ProblemEntry> = { ...BLANK_ENTRY, type: 'problem', state: 'New' }
  openProblemHead(draft, event)
  draft.updatedAt = event.metadata.occurredAt
  if (event.metadata.channel === 'import') draft.imported = true
  return draft
}

function evolvedProblem(entry: ProblemEntry, event: RecordedProblemEvent): ProblemEntry {
  if (!isUpdate(event)) return entry
  const draft = draftOf(entry)
  if (event.type === 'ProblemCommentAdded') reply(draft, event)
  applyToProblemHead(draft, event)
  draft.holdReason = problemHoldAfter(draft.holdReason, event)
  return updated(draft, entry, event)
}

/** What is news of a problem; a type that is not known here is none. */
function isUpdate({ type }: RecordedProblemEvent): boolean {
  return UPDATES.has(type)
}

const UPDATES: ReadonlySet<RecordedProblemEvent['type']> = new Set([
  'ProblemDetailsChanged',
  'ProblemPrioritized',
  'ProblemAssigned',
  'ProblemFileAttached',
  'ProblemWatcherAdded',
  'ProblemWatcherRemoved',
  'ProblemAudienceChanged',
  'ProblemCommentAdded',
  'ProblemWorkNoteAdded',
  'ProblemLinked',
  'ProblemUnlinked',
  'ProblemIncidentsNamed',
  'ProblemIncidentsLeftOut',
  'ProblemAssessmentStarted',
  'ProblemAnalysisStarted',
  'ProblemReanalysed',
  'RootCauseRecorded',
  'WorkaroundRecorded',
  'KnownErrorDeclared',
  'KnownErrorWithdrawn',
  'ProblemFixStarted',
  'ProblemHeld',
  'ProblemResumed',
  'ProblemTaskAdded',
  'ProblemTaskStarted',
  'ProblemTaskFinished',
  'ProblemTaskRemoved',
  'ProblemResolved',
  'ProblemRiskAccepted',
  'ProblemMarkedDuplicate',
  'ProblemCanceled',
  'ProblemReviewed',
  'ProblemClosed',
  'ProblemStateObserved',
  'ProblemFindingsObserved',
  'ProblemUpdateObserved',
])

function openedTask(event: RecordedProblem<'ProblemTaskAdded'>): ProblemTaskEntry {
  const { task, title, group, assignee, priority, audience = PUBLIC } = event.data
  const { occurredAt } = event.metadata
  const problem = event.stream.slice('problem-'.length)
  const draft: Draft<ProblemTaskEntry> = {
    ...BLANK_ENTRY,
    type: 'problem-task',
    state: 'Open',
    number: `${problem}/${task}`,
    problem,
    title,
    priority: present(priority),
    assignmentGroup: group,
    assignee,
    openedAt: occurredAt,
    updatedAt: occurredAt,
  }
  showTaskTo(draft, audience)
  return draft
}

/** Those who see the problem, and whoever is to do the task. */
function showTaskTo(draft: Draft<ProblemTaskEntry>, audience: Audience): void {
  setAudience(draft, audience)
  draft.visibleTo = audience.kind === 'public' || draft.assignee === undefined ? undefined : [draft.assignee]
}

/** A task that is done or taken away stands in no queue: as Closed it leaves. */
function evolvedTask(entry: ProblemTaskEntry, event: RecordedProblemEvent): ProblemTaskEntry {
  switch (event.type) {
    case 'ProblemAudienceChanged': {
      const draft = draftOf(entry)
      showTaskTo(draft, event.data.audience)
      return updated(draft, entry, event)
    }
    case 'ProblemTaskStarted':
      return updated({ ...entry, state: 'In Progress' }, entry, event)
    case 'ProblemTaskFinished':
    case 'ProblemTaskRemoved':
      return updated({ ...entry, state: 'Closed' }, entry, event)
    default:
      return entry
  }
}
