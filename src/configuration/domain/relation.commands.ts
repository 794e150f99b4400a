import { Command } from '#libs/event-sourcing'
import type { Attributes, RelationEnd } from './configuration.events.js'

/** The id is derived from type and ends: see `relationId`. */
export class RelateCi extends Command<
  'RelateCi',
  { type: string; source: RelationEnd; target: RelationEnd; attributes?: Attributes; change?: string }
> {
  readonly type = 'RelateCi'
}

export class UnrelateCi extends Command<'UnrelateCi', { change?: string }> {
  readonly type = 'UnrelateCi'
}

/** Whether it was there from `metadata.occurredAt` on; `enteredAt` is the time of the command itself. */
export class CorrectRelation extends Command<
  'CorrectRelation',
  {
    type: string
    source: RelationEnd
    target: RelationEnd
    present: boolean
    until?: string
    enteredAt: string
    change?: string
  }
> {
  readonly type = 'CorrectRelation'
}

export type RelationCommand = RelateCi | UnrelateCi | CorrectRelation
export const RELATION_COMMANDS = [RelateCi, UnrelateCi, CorrectRelation] as const
