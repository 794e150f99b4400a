import { withListedFields } from '#libs/event-publisher'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { ApprovalEvent } from './domain/approval.events.js'

/**
 * What of each event may stand on a topic, whose readers are asked for no rights. Fields by name, so that a new field is
 * internal until it is listed: neither the document, which is a plan, nor what people say of it leaves.
 */
const ON_TOPIC: {
  readonly [Type in ApprovalEvent['type']]: readonly (keyof Extract<ApprovalEvent, { type: Type }>['data'])[]
} = {
  ApprovalRequested: [
    'subject',
    'title',
    'round',
    'requester',
    // Always public: no other record's events leave.
    'audience',
    'hash',
    'policy',
    'policyVersion',
    'rule',
    'approvers',
    'leftOut',
    'selfApproval',
    'expiresAt',
  ],
  ApprovalGranted: ['approver', 'onBehalfOf', 'hash'],
  ApprovalRejected: ['approver', 'onBehalfOf', 'hash'],
  ApprovalLapsed: ['expiresAt'],
  ApprovalVoided: ['fields'],
  ApprovalAudienceChanged: ['audience'],
  ApprovalSeatLost: ['person', 'because'],
  ApprovalSeatRegained: ['person'],
  ApprovalRoundEnded: ['subject', 'outcome', 'granted', 'rejected', 'because'],
}

/** The event as it may stand on a topic; undefined: it never leaves. Whether its record may is another question. */
export function approvalEventOnTopic(event: RecordedEvent<ApprovalEvent>): RecordedEvent | undefined {
  return withListedFields(event, ON_TOPIC)
}
