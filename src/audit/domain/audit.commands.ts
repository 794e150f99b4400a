import { Command } from '#libs/event-sourcing'
import type { AuditDataRead, FindingDisposed } from './audit.events.js'

/** The finding comes with it, as the read model tells it: see `audit.controller.ts`. */
export class DisposeFinding extends Command<'DisposeFinding', FindingDisposed['data']> {
  readonly type = 'DisposeFinding'
}

/** Id: who reads. */
export class RecordAuditRead extends Command<'RecordAuditRead', AuditDataRead['data']> {
  readonly type = 'RecordAuditRead'
}

/**
 * Id: of the CI. By a policy: something has changed that verdicts depend on, of this change, or with modifications that name none.
 */
export class JudgeModifications extends Command<'JudgeModifications', { change?: string }> {
  readonly type = 'JudgeModifications'
}

/** Every command class, for the handlers. */
export const FINDING_COMMANDS = [DisposeFinding] as const
export const AUDIT_READ_COMMANDS = [RecordAuditRead] as const
export const JUDGEMENT_COMMANDS = [JudgeModifications] as const
