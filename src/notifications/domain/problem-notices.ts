import type { ProblemEvent } from '../../problems/domain/problem.events.js'
import { type Addressee, holders, type Notice, people, type RecordAsTold } from './record-as-told.js'

/** Events of problems that somebody is told of. */
const TOLD: ReadonlySet<string> = new Set<ProblemEvent['type']>([
  'ProblemOpened',
  'ProblemAssigned',
  'ProblemTaskAdded',
  'ProblemCommentAdded',
  'WorkaroundRecorded',
  'KnownErrorDeclared',
  'KnownErrorWithdrawn',
  'ProblemFixStarted',
  'ProblemReanalysed',
  'ProblemResolved',
  'ProblemRiskAccepted',
  'ProblemMarkedDuplicate',
  'ProblemCanceled',
  'ProblemClosed',
])

/** @param type of an event of a problem */
export function isToldOfProblem(type: string): boolean {
  return TOLD.has(type)
}

/** Who is told what of an event, by the problem as it is by now. Earlier notices win where somebody stands in several. */
export function problemNoticesOf(event: ProblemEvent, problem: RecordAsTold): readonly Notice[] {
  switch (event.type) {
    case 'ProblemOpened':
    case 'ProblemAssigned':
      return assigned(event, problem)
    case 'ProblemTaskAdded': {
      const { title: detail } = event.data
      return [{ kind: 'problem-task-assigned', to: holders(event.data), detail }]
    }
    case 'ProblemCommentAdded': {
      const detail = event.data.text
      const { assignee } = problem
      const to = people('assignee', assignee)
      return [{ kind: 'problem-comment-added', to, detail }, watched(problem, detail)]
    }
    default:
      return isToldOfProblem(event.type) ? [watched(problem, newsOf(event))] : []
  }
}

/** Who has handed it on needs no word of it any more; with a person who has it, nobody else of the group needs to look. */
function assigned(
  { data }: Extract<ProblemEvent, { type: 'ProblemOpened' | 'ProblemAssigned' }>,
  problem: RecordAsTold,
): readonly Notice[] {
  const { group = null, assignee = null } = data
  if (assignee !== null) {
    const before = 'previousAssignee' in data ? data.previousAssignee : null
    const to: readonly Addressee[] = assignee === before ? [] : people('assignee', assignee)
    return [{ kind: 'problem-assigned-to-me', to }]
  }
  const passed = group !== problem.group || problem.assignee !== undefined
  return group === null || passed ? [] : [{ kind: 'problem-assigned-to-group', to: [{ membersOf: group }] }]
}

function watched({ watchers }: RecordAsTold, detail?: string): Notice {
  return { kind: 'watched-problem-changed', to: people('watcher', ...watchers), detail }
}

/** What has happened, and the words that the event brings. */
function newsOf(event: ProblemEvent): string | undefined {
  switch (event.type) {
    case 'WorkaroundRecorded':
      return `What helps meanwhile: ${event.data.workaround}`
    case 'KnownErrorDeclared':
      return 'It is a known error now.'
    case 'KnownErrorWithdrawn':
      return `It is no known error after all: ${event.data.notes}`
    case 'ProblemReanalysed':
      return `It is analysed again: ${event.data.notes}`
    case 'ProblemMarkedDuplicate':
      return `It is a duplicate of ${event.data.survivor}.`
    case 'ProblemResolved':
    case 'ProblemRiskAccepted':
    case 'ProblemCanceled':
      return event.data.notes
    default:
      return undefined
  }
}
