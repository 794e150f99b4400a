import type { RecordedEvent } from '#libs/event-sourcing'
import type {
  ChangeEvent,
  ChangeOpened,
  Outcome,
  ProposedValues,
} from '../../changes/domain/change.events.js'

/** What findings are made from, of one change as far as it was recorded. */
export interface ChangeKnown {
  /** Absent: nothing of it was recorded yet but that others name it. */
  type?: ChangeOpened['data']['type']
  requester?: string
  /** Who opened or submitted it. */
  involved: readonly string[]
  affectedCis: readonly string[]
  proposedValues: readonly ProposedValues[]
  /** Whether an approval stands, or that of its model. */
  approved: boolean
  /** Everybody who approved it, or the model that it follows, ever. */
  approvers: readonly string[]
  /** Whoever began or ended its implementation, or did one of its tasks. */
  implementers: readonly string[]
  /** When it was really implemented, ISO 8601. */
  startedAt?: string
  endedAt?: string
  outcome?: Outcome | 'no evidence in source'
  reviewed: boolean
  ratified: boolean
  /** Findings about modifications that name it: judged again when more is known. */
  modifications: readonly string[]
  /** Configuration items whose events name it, the earliest. */
  items: readonly string[]
}

export const UNKNOWN_CHANGE: ChangeKnown = {
  involved: [],
  affectedCis: [],
  proposedValues: [],
  approved: false,
  approvers: [],
  implementers: [],
  reviewed: false,
  ratified: false,
  modifications: [],
  items: [],
}

/** What is known after one more event. */
export function afterEvent(known: ChangeKnown, event: RecordedEvent<ChangeEvent>): ChangeKnown {
  const { occurredAt, actor } = event.metadata
  switch (event.type) {
    case 'ChangeOpened': {
      const { type, requester = actor, affectedCis, proposedValues } = event.data
      return { ...known, type, requester, involved: handsOf(event), affectedCis, proposedValues }
    }
    case 'ChangePlanEdited': {
      const { affectedCis, proposedValues, type } = event.data.changes
      return {
        ...known,
        ...(affectedCis && { affectedCis: (affectedCis.to ?? []) as string[] }),
        ...(proposedValues && { proposedValues: (proposedValues.to ?? []) as ProposedValues[] }),
        ...(type?.to != null && { type: type.to as ChangeKnown['type'] }),
      }
    }
    case 'ChangeSubmitted':
    case 'ChangeApprovalRenewed':
      return { ...known, involved: joined(known.involved, handsOf(event)) }
    case 'ChangeApproved':
      return { ...known, approved: true, approvers: joined(known.approvers, event.data.approvers) }
    case 'ChangeScheduled':
      return {
        ...known,
        approved: true,
        approvers: joined(known.approvers, [event.data.approver ?? []].flat()),
      }
    case 'ChangeApprovalVoided':
    case 'ChangeReturned':
    case 'ChangeRejected':
      return { ...known, approved: false }
    case 'ImplementationStarted':
      return {
        ...known,
        implementers: joined(known.implementers, [event.data.implementer]),
        startedAt: occurredAt,
      }
    case 'ImplementedBeforeApproval':
      return {
        ...known,
        implementers: joined(known.implementers, [event.data.implementer]),
        startedAt: event.data.startedAt,
      }
    case 'ChangeTaskFinished':
      return event.data.result === 'skipped'
        ? known
        : { ...known, implementers: joined(known.implementers, handsOf(event)) }
    case 'ChangeRatified':
      return { ...known, ratified: true, approvers: joined(known.approvers, event.data.approvers) }
    case 'ImplementationEnded':
      return {
        ...known,
        implementers: joined(known.implementers, handsOf(event)),
        outcome: event.data.outcome,
        endedAt: event.data.endedAt,
      }
    case 'RatificationRefused':
      return { ...known, ratified: false }
    case 'ChangeCanceled':
      return { ...known, endedAt: known.endedAt ?? occurredAt }
    case 'ChangeReviewed':
      return { ...known, reviewed: true }
    case 'ChangeStateObserved':
      return observed(known, event.data, occurredAt)
    default:
      return known
  }
}

/** Whose hand it was; nobody's of ours when a source told it, or the program did it. */
function handsOf({ metadata: { actor, channel } }: RecordedEvent): readonly string[] {
  return channel === 'import' || channel === 'policy' ? [] : [actor]
}

/** A source tells of states only; that it was in one says when it was implemented. */
function observed(
  known: ChangeKnown,
  { to, outcome }: { to: string; outcome?: ChangeKnown['outcome'] },
  at: string,
): ChangeKnown {
  if (to === 'Implement') return { ...known, startedAt: at }
  if (to !== 'Review' && to !== 'Closed') return known
  return { ...known, endedAt: known.endedAt ?? at, outcome: outcome ?? known.outcome }
}

function joined(people: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...people, ...more])]
}
