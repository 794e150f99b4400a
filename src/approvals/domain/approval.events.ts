import type { Audience, Role } from '#libs/access'
import type { DomainEvent } from '#libs/event-sourcing'
import type { ApprovalRule, SubjectType } from './defaults.js'

/**
 * Streams `approval-<id>`: one round of asking. What was asked about stands in it as it was, so that a hash can always be
 * read again and computed again.
 */

export interface Subject {
  type: SubjectType
  number: string
}

/** A seat at the table: who is asked, and why he. */
export interface Approver {
  person: string
  via: 'person' | 'group' | 'group-manager'
  /** Of which he was a member or the manager when asked. */
  group?: string
}

/** Whom the policy names, and who is not asked nevertheless. */
export interface LeftOut {
  person: string
  because: 'requester' | 'inactive' | 'no-role' | 'program'
}

/**
 * `document` is what is approved, `hash` the SHA-256 of its canonical JSON (RFC 8785). `policy` and `rule` are those of the
 * policies' version then in force; no policy: none fits, and the round ends at once.
 */
export type ApprovalRequested = DomainEvent<
  'ApprovalRequested',
  {
    subject: Subject
    title: string
    round: number
    requester: string
    /** Who may approve it no more than the requester: they have a part in it. */
    involved?: readonly string[]
    audience: Audience
    document: Record<string, unknown>
    hash: string
    policy?: string
    policyVersion: number
    rule: ApprovalRule
    approvers: readonly Approver[]
    leftOut: readonly LeftOut[]
    selfApproval: 'refused' | 'recorded'
    expiresAt?: string
  }
>

export interface Answer {
  /** Who answers. */
  approver: string
  /** Whose answer is given, by a delegation of his. */
  onBehalfOf?: string
  delegation?: string
  /** What the directory let him do then: each role with the event that granted it. */
  roles: readonly { role: Role; grant: string }[]
  comment?: string
  /** Of what he was asked about. */
  hash: string
  /** A rule that he broke, which the policy lets stand. */
  breach?: 'self-approval'
}
export type ApprovalGranted = DomainEvent<'ApprovalGranted', Answer>
export type ApprovalRejected = DomainEvent<'ApprovalRejected', Answer>

/** Nobody has decided by then. */
export type ApprovalLapsed = DomainEvent<'ApprovalLapsed', { expiresAt: string }>
/** What was asked about is no longer what is planned: these fields differ. None: the subject was withdrawn. */
export type ApprovalVoided = DomainEvent<'ApprovalVoided', { fields: readonly string[] }>

/** The subject is seen by others from now on; whoever was asked sees what about nevertheless. */
export type ApprovalAudienceChanged = DomainEvent<
  'ApprovalAudienceChanged',
  { audience: Audience; previous: Audience }
>

/** Why somebody who was asked answers no more, nor does anybody for him. */
export type SeatLoss = 'inactive' | 'no-role' | 'left-group' | 'manager-no-more'
/** Whom nobody has heard yet has lost what he was asked for. */
export type ApprovalSeatLost = DomainEvent<'ApprovalSeatLost', { person: string; because: SeatLoss }>
/** He has it again, and may answer. */
export type ApprovalSeatRegained = DomainEvent<'ApprovalSeatRegained', { person: string }>

export type Outcome = 'approved' | 'rejected' | 'lapsed' | 'voided'
/**
 * The rule is met, or can no longer be. `because`: it never could, or can't since so many have lost their seats. A round that was
 * approved may be voided later.
 */
export type ApprovalRoundEnded = DomainEvent<
  'ApprovalRoundEnded',
  {
    subject: Subject
    outcome: Outcome
    granted: number
    rejected: number
    because?: 'no-policy' | 'too-few-approvers' | 'seats-lost'
  }
>

export type ApprovalEvent =
  | ApprovalRequested
  | ApprovalGranted
  | ApprovalRejected
  | ApprovalLapsed
  | ApprovalVoided
  | ApprovalAudienceChanged
  | ApprovalSeatLost
  | ApprovalSeatRegained
  | ApprovalRoundEnded
