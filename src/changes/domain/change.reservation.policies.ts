import type { RecordedEvent } from '#libs/event-sourcing'
import { definePolicy, type Reaction } from '#libs/projections-runtime'
import { recheck } from './change.calendar.policies.js'
import { AskApproval } from './change.commands.js'
import type { ChangeEvent, ChangeState, Period } from './change.events.js'
import { isBusy } from './change.state.js'
import { ReleaseAssignee, ReleaseCi, ReserveAssignee, ReserveCi } from './schedule.decider.js'

/** What a change uses, and what the latest event did to that. */
interface Use {
  cis: readonly string[]
  assignee: string | null
  window: Period | null
  planned: Period | null
  /** Of what was implemented before approval: then, whatever was planned. */
  started: Period | null
  busy: boolean
  /** Round of approval that nobody is asked in yet. */
  unasked: number | null
  /** Changes that it is in conflict with, once for each conflict. */
  conflicting: readonly string[]
  /** By the latest event: what it uses no longer, and whether it uses anything otherwise than before. */
  dropped: { cis: readonly string[]; assignees: readonly string[] }
  moved: boolean
}
const NOTHING_DROPPED: Use['dropped'] = { cis: [], assignees: [] }
const UNUSED: Use = {
  cis: [],
  assignee: null,
  window: null,
  planned: null,
  started: null,
  busy: false,
  unasked: null,
  conflicting: [],
  dropped: NOTHING_DROPPED,
  moved: false,
}
const CHANGE = 'change-'

/**
 * Writes a change into the calendars of all that it uses, and only then lets it be asked about (`schedule.decider` says why in
 * this order); takes it out when it is done. It is written from what stands in the change's own stream, so that a crash
 * between leaves what is gone on with.
 */
export const reservations = definePolicy<Use, ChangeEvent>({
  name: 'change_reservations',
  from: [CHANGE],
  key: ({ stream }) => stream,
  initial: UNUSED,
  evolve: (before, event) => {
    const after = told({ ...before, dropped: NOTHING_DROPPED, moved: false }, event)
    const dropped = droppedBetween(before, after)
    const moved = after.busy && usedOf(before) !== usedOf(after)
    const over = isOver(event) && dropped === NOTHING_DROPPED
    return over ? null : { ...after, dropped, moved }
  },
  react: (event, use) => {
    const number = event.stream.slice(CHANGE.length)
    const period = periodOf(use)
    const asks = use.unasked !== null && period !== null && (use.moved || opensRound(event))
    return [
      ...(period !== null && use.busy && (use.moved || asks) ? reserved(number, use, period) : []),
      ...released(number, use.dropped),
      ...(asks ? [ask(number, use.unasked!)] : []),
      // A ratification is asked for whatever is in the way
      ...(use.moved && (!asks || use.started !== null) ? [recheck(number, 'What it uses has changed')] : []),
      ...othersTold(event, use),
    ]
  },
})

function periodOf({ started, planned, window }: Use): Period | null {
  return started ?? planned ?? window
}

/** What is in calendars, as text to compare. */
function usedOf(use: Use): string {
  return use.busy ? JSON.stringify([use.cis, use.assignee, periodOf(use)]) : ''
}

function droppedBetween(before: Use, after: Use): Use['dropped'] {
  if (!before.busy) return NOTHING_DROPPED
  const kept = after.busy ? after.cis : []
  const cis = before.cis.filter((ci) => !kept.includes(ci))
  const freed = before.assignee !== null && !(after.busy && after.assignee === before.assignee)
  const assignees = freed ? [before.assignee!] : []
  return cis.length === 0 && assignees.length === 0 && after.busy ? NOTHING_DROPPED : { cis, assignees }
}

function isOver(event: ChangeEvent): boolean {
  if (event.type === 'ChangeStateObserved') return event.data.to === 'Closed' || event.data.to === 'Canceled'
  return event.type === 'ChangeClosed' || event.type === 'ChangeCanceled'
}

function told(use: Use, event: RecordedEvent<ChangeEvent>): Use {
  switch (event.type) {
    case 'ChangeOpened': {
      const { affectedCis, assignee = null, window = null } = event.data
      return { ...use, cis: affectedCis, assignee, window }
    }
    case 'ChangePlanEdited': {
      const { affectedCis, window } = event.data.changes
      return {
        ...use,
        ...(affectedCis && { cis: (affectedCis.to ?? []) as readonly string[] }),
        ...(window && { window: window.to as Period | null, planned: null }),
      }
    }
    case 'PlannedTimesMoved':
      return { ...use, planned: event.data.planned }
    case 'ChangeAssigned':
      return { ...use, assignee: event.data.assignee }
    case 'ConflictAppeared': {
      const { change } = event.data.conflict
      return change === undefined ? use : { ...use, conflicting: [...use.conflicting, change] }
    }
    case 'ConflictCleared': {
      const at = use.conflicting.indexOf(event.data.conflict.change ?? '')
      return at < 0 ? use : { ...use, conflicting: use.conflicting.toSpliced(at, 1) }
    }
    default:
      return toldStage(use, event)
  }
}

/** Where its lifecycle tells what it uses, and whom nobody has asked yet. */
function toldStage(use: Use, event: RecordedEvent<ChangeEvent>): Use {
  switch (event.type) {
    case 'ChangeSubmitted':
      return { ...use, busy: true, unasked: event.data.round }
    case 'ChangeApprovalRenewed':
      // A ratification may be asked again when all has been done
      return { ...use, busy: use.busy || use.started === null, unasked: event.data.round }
    case 'ChangeApprovalVoided':
      return { ...use, busy: true, unasked: event.data.nextRound }
    case 'ChangeResumed':
      return event.data.renewRound === undefined ? use : { ...use, unasked: event.data.renewRound }
    case 'ChangeApprovalAsked':
      return { ...use, unasked: null }
    case 'ChangeScheduled':
      return { ...use, busy: true, unasked: null }
    case 'ImplementedBeforeApproval':
      return { ...use, busy: true, started: event.data.period, unasked: event.data.round }
    case 'ChangeRejected':
    case 'ChangeReturned':
    case 'ChangeCanceled':
      return { ...use, busy: false, unasked: null }
    case 'ImplementationEnded':
      return { ...use, busy: false }
    case 'ChangeStateObserved':
      return { ...use, busy: isBusy(event.data.to as ChangeState), unasked: null }
    default:
      return use
  }
}

/** After these somebody is to be asked, or may be again. */
function opensRound({ type }: ChangeEvent): boolean {
  return (
    type === 'ChangeSubmitted' ||
    type === 'ChangeApprovalRenewed' ||
    type === 'ChangeApprovalVoided' ||
    type === 'ChangeResumed' ||
    type === 'ImplementedBeforeApproval'
  )
}

function reserved(change: string, { cis, assignee }: Use, period: Period): readonly Reaction[] {
  const data = { change, period }
  const reason = `${change} is to use it then`
  return [
    ...cis.map(
      (ci): Reaction => ({ kind: 'command', build: (metadata) => new ReserveCi(ci, data, metadata), reason }),
    ),
    ...(assignee === null
      ? []
      : [
          {
            kind: 'command',
            build: (metadata) => new ReserveAssignee(assignee, data, metadata),
            reason,
          } satisfies Reaction,
        ]),
  ]
}

function released(change: string, { cis, assignees }: Use['dropped']): readonly Reaction[] {
  const reason = `${change} uses it no longer`
  return [
    ...cis.map(
      (ci): Reaction => ({
        kind: 'command',
        build: (metadata) => new ReleaseCi(ci, { change }, metadata),
        reason,
      }),
    ),
    ...assignees.map(
      (person): Reaction => ({
        kind: 'command',
        build: (metadata) => new ReleaseAssignee(person, { change }, metadata),
        reason,
      }),
    ),
  ]
}

function ask(number: string, round: number): Reaction {
  return {
    kind: 'command',
    build: (metadata) => new AskApproval(number, { round }, metadata),
    reason: 'What it uses is reserved',
  }
}

/**
 * A change of a related CI stands in none of this one's calendars, so its calendars do not tell it: this one does, when it finds
 * or loses it, and when it goes itself.
 */
function othersTold(event: RecordedEvent<ChangeEvent>, use: Use): readonly Reaction[] {
  const number = event.stream.slice(CHANGE.length)
  if (event.type === 'ConflictAppeared' || event.type === 'ConflictCleared') {
    const { kind, change } = event.data.conflict
    return kind === 'related-ci-busy' && change !== undefined
      ? [recheck(change, `${number} uses a configuration item one step of impact away`)]
      : []
  }
  if (use.busy || use.dropped === NOTHING_DROPPED) return []
  return [...new Set(use.conflicting)]
    .sort()
    .map((other) => recheck(other, `${number} is in nobody's way now`))
}

export const reservationPolicies = [reservations] as const
