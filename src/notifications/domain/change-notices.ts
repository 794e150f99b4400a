import type { ChangeEvent, Conflict, Period } from '../../changes/domain/change.events.js'
import { type Addressee, holders, type Notice, people, type RecordAsTold } from './record-as-told.js'

/** Events of changes that somebody is told of; who is asked for approval is told by the approval. */
const TOLD: ReadonlySet<string> = new Set<ChangeEvent['type']>([
  'ChangeOpened',
  'ChangeAssigned',
  'ChangeTaskAdded',
  'ChangeCommentAdded',
  'ConflictAppeared',
  'ChangeApproved',
  'ChangeApprovedOnHold',
  'ChangeRejected',
  'ChangeScheduled',
  'PlannedTimesMoved',
  'ChangeApprovalVoided',
  'ChangeApprovalRenewed',
  'ChangeResumed',
  'ImplementationStarted',
  'ImplementedBeforeApproval',
  'ChangeRatified',
  'RatificationRefused',
  'RatificationOverdue',
  'ImplementationEnded',
  'ChangeClosed',
  'ChangeCanceled',
])

/** @param type of an event of a change */
export function isToldOfChange(type: string): boolean {
  return TOLD.has(type)
}

/** Who is told what of an event, by the change as it is by now. Earlier notices win where somebody stands in several. */
export function changeNoticesOf(event: ChangeEvent, change: RecordAsTold): readonly Notice[] {
  switch (event.type) {
    case 'ChangeOpened':
    case 'ChangeAssigned':
      return assigned(event, change)
    case 'ChangeTaskAdded':
      return [{ kind: 'change-task-assigned', to: holders(event.data), detail: event.data.title }]
    case 'ChangeCommentAdded': {
      const to = [...people('assignee', change.assignee), ...followers(change)]
      return [{ kind: 'change-comment-added', to, detail: event.data.text }]
    }
    case 'ConflictAppeared': {
      const to = [...holders(change), ...people('watcher', ...change.watchers)]
      return [{ kind: 'change-conflict-appeared', to, detail: inWords(event.data.conflict) }]
    }
    default: {
      const detail = newsOf(event, change)
      if (detail === undefined) return []
      const doers = CONCERNS_IMPLEMENTER.has(event.type) ? people('implementer', change.implementer) : []
      return [{ kind: 'watched-change-changed', to: [...followers(change), ...doers], detail }]
    }
  }
}

/** What becomes of work that has been done, or begun, without approval. */
const CONCERNS_IMPLEMENTER: ReadonlySet<string> = new Set<ChangeEvent['type']>([
  'ChangeRatified',
  'RatificationRefused',
  'RatificationOverdue',
  'ChangeApprovalRenewed',
  'ChangeResumed',
])

/** Who has handed it on needs no word of it any more; with a person who has it, nobody else of the group needs to look. */
function assigned(
  { data }: Extract<ChangeEvent, { type: 'ChangeOpened' | 'ChangeAssigned' }>,
  change: RecordAsTold,
): readonly Notice[] {
  const { group = null, assignee = null } = data
  if (assignee !== null) {
    const before = 'previousAssignee' in data ? data.previousAssignee : null
    const to: readonly Addressee[] = assignee === before ? [] : people('assignee', assignee)
    return [{ kind: 'change-assigned-to-me', to }]
  }
  const passed = group !== change.group || change.assignee !== undefined
  return group === null || passed ? [] : [{ kind: 'change-assigned-to-group', to: [{ membersOf: group }] }]
}

/** Whoever wants it, and whoever watches it. */
function followers({ requester, watchers }: RecordAsTold): readonly Addressee[] {
  return [...people('requester', requester), ...people('watcher', ...watchers)]
}

/** In whose way it is nobody is told who may not see that one: only what is in the way, and when. */
function inWords({ kind, ci, relatedCi, assignee, window, period: { start, end } }: Conflict): string {
  const about = [ci, relatedCi, assignee, window].filter((each) => each !== undefined)
  return `${kind} (${about.join(', ')}), from ${start} to ${end}`
}

/** Also of a ratification: where the change stands by now tells nothing of where it stood then. */
const ASKED_ANEW = 'Approval is asked anew.'

/** How it goes on, in words that its requester may read; undefined: nobody needs to know. */
function newsOf(event: ChangeEvent, change: RecordAsTold): string | undefined {
  switch (event.type) {
    case 'ChangeApproved':
      // Of what was granted while it was on hold they have heard: new is that it goes on
      return event.data.approval === change.grantedOnHold
        ? `It was resumed. ${scheduled(change.planned ?? change.window)}`
        : 'It was approved.'
    case 'ChangeApprovedOnHold':
      return 'It was approved. It goes on as soon as it is resumed.'
    case 'ChangeRejected':
      return 'It was not approved.'
    case 'ChangeScheduled':
      return scheduled(event.data.period)
    case 'PlannedTimesMoved': {
      const { planned } = event.data
      if (change.state !== 'Scheduled') return undefined
      return planned === null
        ? 'It is to be done at any time of its window.'
        : `It is to be done from ${planned.start} to ${planned.end}.`
    }
    case 'ChangeApprovalVoided':
      return 'Its plan was edited: approval is asked anew.'
    case 'ChangeApprovalRenewed':
      return ASKED_ANEW
    case 'ChangeResumed':
      return event.data.renewRound === undefined ? undefined : ASKED_ANEW
    case 'ChangeRatified':
      return event.data.late ? 'It was ratified, late.' : 'It was ratified.'
    case 'RatificationRefused':
      return 'Its ratification was refused: it stays open until it is ratified.'
    case 'RatificationOverdue':
      return `It should have been ratified by ${event.data.ratifyBy}: it stays open until it is.`
    case 'ImplementationStarted':
      return 'Its implementation has begun.'
    case 'ImplementedBeforeApproval':
      return 'Its implementation has begun, before approval.'
    case 'ImplementationEnded':
      return `Its implementation has ended: ${event.data.outcome}.`
    case 'ChangeClosed':
      return 'It is closed.'
    case 'ChangeCanceled':
      return event.data.notes
    default:
      return undefined
  }
}

function scheduled(period: Period | undefined): string {
  return period === undefined ? 'It is scheduled.' : `It is scheduled, from ${period.start} to ${period.end}.`
}
