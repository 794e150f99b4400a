import type { EventMetadata, Position } from '#libs/event-sourcing'
import type { RecordFile } from '#libs/record-files'
import type { AuditFinding } from '#projections/audit-findings/finding'
import type { ChangeDetails } from '#projections/changes/changes'
import type {
  Answer,
  ApprovalRequested,
  Approver,
  LeftOut,
  SeatLoss,
} from '../../approvals/domain/approval.events.js'
import type { CabAdvice } from '../../changes/domain/cab.events.js'
import type {
  ApprovalBasis,
  Conflict,
  ConflictInputs,
  PlanDocument,
  Segregated,
} from '../../changes/domain/change.events.js'
import type { AttributeValue } from '../../configuration/domain/configuration.events.js'

/** An event as it stands in the log: where to find it again. */
export interface EvidenceEvent {
  stream: string
  revision: number
  position: Position
  id: string
  type: string
  data: object
  metadata: EventMetadata
}

/** What one approver said, and what entitled him then: each role with the id of the event that granted it. */
export interface EvidenceAnswer extends Answer {
  answer: 'granted' | 'rejected'
  at: string
  event: string
}

/** One round of asking, with the plan that it was about. */
export interface EvidenceRound {
  round: number
  approval: string
  purpose: 'authorization' | 'ratification'
  askedAt: string
  document: PlanDocument
  hash: string
  /** SHA-256 of the document's canonical JSON, computed again from what stands in the log. */
  computedHash: string
  policy: string
  policyVersion: number
  materialFields: readonly string[]
  rule?: ApprovalRequested['data']['rule']
  approvers: readonly Approver[]
  leftOut: readonly LeftOut[]
  /** Who lost what he was asked for before he answered. */
  lostSeats: readonly { person: string; because: SeatLoss; at: string; event: string }[]
  answers: readonly EvidenceAnswer[]
  /** How it ended; absent: it has not. An approved one may have been voided later. */
  outcome?: string
  /** Why it ended without an answer: no policy was in force, fewer could be asked than must grant it, or were left of them. */
  because?: 'no-policy' | 'too-few-approvers' | 'seats-lost'
  /** Fields by whose edit it was voided. */
  voidedBy?: readonly string[]
}

/** What stands of a standard change in place of rounds. */
export interface EvidenceModel {
  model: string
  revision: number
  document: PlanDocument
  hash: string
  computedHash: string
  at: string
}

/** An attribute of a CI, its name, class or status, that was changed under the number of the change. */
export interface EvidenceModification {
  ci: string
  attribute: string
  /** Of a correction nobody says what stood there before. */
  before?: AttributeValue | null
  after: AttributeValue | null
  /** From then on it was like this: of a correction, the time that it speaks of. */
  at: string
  /** Of a correction: until then. Absent: it has no end. */
  until?: string
  actor: string
  type: string
  event: string
}

/** A file that was attached to the change; the log has its digest, and not its content. */
export interface EvidenceAttachment extends RecordFile {
  by: string
  at: string
  event: string
}

/** All that the log says of one change and its authorisation. People, groups and CIs by id. */
export interface Evidence {
  change: string
  /** Nothing later than this is in it. */
  position: Position
  /** As it stands there. */
  state: ChangeDetails
  rounds: readonly EvidenceRound[]
  model?: EvidenceModel
  board: readonly {
    meeting: string
    advice: CabAdvice
    comment?: string
    by: string
    at: string
    event: string
  }[]
  conflicts: readonly {
    told: 'appeared' | 'cleared'
    at: string
    conflict: Conflict
    inputs: ConflictInputs
  }[]
  implementation?: {
    implementer: string
    startedAt: string
    /** Absent: it was begun before it was approved. */
    basis?: ApprovalBasis
    breaches: readonly Segregated[]
    ratifyBy?: string
    endedAt?: string
    outcome?: string
    notes?: string
  }
  modifications: readonly EvidenceModification[]
  /** More items bear the number of this change than are looked at; of a source's commit only those that were changed here. */
  modificationsTruncated: boolean
  review?: ChangeDetails['review']
  /** In the order in which they were attached. */
  attachments: readonly EvidenceAttachment[]
  /** Of the audit's questions, as they stand there. */
  findings: readonly AuditFinding[]
  /** Everything above was read from these, in log order. */
  events: readonly EvidenceEvent[]
}
