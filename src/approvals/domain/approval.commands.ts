import type { Audience } from '#libs/access'
import { Command } from '#libs/event-sourcing'
import type { Subject } from './approval.events.js'

/**
 * Asks for approval of a document: sent by the process of the subject, as the program itself. Its id is that of the round,
 * `approvalId` of the defaults. The policy in force says who is asked.
 */
export class RequestApproval extends Command<
  'RequestApproval',
  {
    subject: Subject
    title: string
    /** 1, 2, ...: each asking about a subject is one. */
    round: number
    /** Who wants it approved, and may not approve it himself. */
    requester: string
    /** Who may not either: they have a part in it. */
    involved?: readonly string[]
    /** Of the subject; absent: public. */
    audience?: Audience
    /** What is approved: the material fields and, of a change, the conflicts shown. JSON values only. */
    document: Record<string, unknown>
    /** What policies ask of the subject. */
    changeType?: string
    risk?: string
    /** The group that has it. */
    group?: string
  }
> {
  readonly type = 'RequestApproval'
}

export interface AnswerWish {
  /** Of the document that was read. */
  hash: string
  /** Whose answer it is, by a delegation of his; absent: one's own. */
  onBehalfOf?: string
  comment?: string
}

export class GrantApproval extends Command<'GrantApproval', AnswerWish> {
  readonly type = 'GrantApproval'
}

/** A rejection says why. */
export class RejectApproval extends Command<'RejectApproval', AnswerWish> {
  readonly type = 'RejectApproval'
}

/** Its time is over. */
export class LapseApproval extends Command<'LapseApproval', Record<never, never>> {
  readonly type = 'LapseApproval'
}

/** A material field was edited; no fields: the subject was withdrawn. */
export class VoidApproval extends Command<'VoidApproval', { fields: readonly string[] }> {
  readonly type = 'VoidApproval'
}

/** That of the subject has changed. */
export class SetApprovalAudience extends Command<'SetApprovalAudience', { audience: Audience }> {
  readonly type = 'SetApprovalAudience'
}

/** Looks whether those who were asked may still answer: rights, a group or its manager have changed. */
export class ReviewSeats extends Command<'ReviewSeats', Record<never, never>> {
  readonly type = 'ReviewSeats'
}

export type AnswerCommand = GrantApproval | RejectApproval
export type ApprovalCommand =
  | RequestApproval
  | AnswerCommand
  | LapseApproval
  | VoidApproval
  | SetApprovalAudience
  | ReviewSeats

export const APPROVAL_COMMANDS = [
  RequestApproval,
  GrantApproval,
  RejectApproval,
  LapseApproval,
  VoidApproval,
  SetApprovalAudience,
  ReviewSeats,
] as const
