import { Command } from '#libs/event-sourcing'
import type { ChangeModelContent } from './change-model.events.js'

/** A new model, or a new revision of one; it schedules nothing until somebody else approves it. */
export class DraftChangeModel extends Command<'DraftChangeModel', { content: ChangeModelContent }> {
  readonly type = 'DraftChangeModel'
}
export class ApproveChangeModel extends Command<
  'ApproveChangeModel',
  { revision: number; expiresAt: string }
> {
  readonly type = 'ApproveChangeModel'
}
export class RetireChangeModel extends Command<'RetireChangeModel', Record<never, never>> {
  readonly type = 'RetireChangeModel'
}

export const CHANGE_MODEL_COMMANDS = [DraftChangeModel, ApproveChangeModel, RetireChangeModel] as const
export type ChangeModelCommand = InstanceType<(typeof CHANGE_MODEL_COMMANDS)[number]>
