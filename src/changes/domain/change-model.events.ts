import type { DomainEvent } from '#libs/event-sourcing'
import type { ProposedValues } from './change.events.js'

/** Fields of a standard change's plan that each change may say for itself. */
export const FREE_FIELDS = ['description', 'window', 'affectedCis', 'proposedValues'] as const
export type FreeField = (typeof FREE_FIELDS)[number]

/** What a standard change is made from: texts may hold `{{name}}` of a variable. */
export interface ChangeModelContent {
  title: string
  implementation: string
  backout: string
  test: string
  variables: readonly { name: string; choices?: readonly string[] }[]
  /** What a change does not say for itself is as it is here. */
  freeFields: readonly FreeField[]
  affectedCis: readonly string[]
  proposedValues: readonly ProposedValues[]
  /** A longer window needs a change of another type; null: any. */
  longestMinutes: number | null
}

/** Streams `changemodel-<id>`: revisions of one model; one of them at most is approved. */
export type ChangeModelDrafted = DomainEvent<
  'ChangeModelDrafted',
  { revision: number; content: ChangeModelContent; author: string }
>
/** `expiresAt`: ISO 8601; from then on it schedules nothing. `hash`: SHA-256 of the content in canonical JSON. */
export type ChangeModelApproved = DomainEvent<
  'ChangeModelApproved',
  { revision: number; hash: string; approver: string; expiresAt: string }
>
export type ChangeModelRetired = DomainEvent<'ChangeModelRetired', { revision: number }>

export type ChangeModelEvent = ChangeModelDrafted | ChangeModelApproved | ChangeModelRetired
