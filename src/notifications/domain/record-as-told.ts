import type { Audience } from '#libs/access'
import type { Period } from '../../changes/domain/change.events.js'
import type { Kind } from './defaults.js'
import type { NotificationReason } from './notification.events.js'

/** What notifications need to know of a record of any kind. Undefined: not set. */
export interface RecordAsTold {
  readonly title: string
  readonly state: string
  readonly priority?: number
  readonly caller?: string
  readonly affectedUser?: string
  readonly openedBy?: string
  readonly requester?: string
  /** Who does a change, or did it. */
  readonly implementer?: string
  /** Of a change: the approval that was granted last while it was on hold. */
  readonly grantedOnHold?: string
  /** Of a change: when it may be done, and when within that it is to be done. */
  readonly window?: Period
  readonly planned?: Period
  readonly watchers: readonly string[]
  readonly group?: string
  readonly assignee?: string
  readonly audience: Audience
}

/** People by what they are to the record; a group's are looked up by whoever tells them. */
export type Addressee =
  | { person: string; relation: NotificationReason['relation'] }
  | { membersOf: string }
  | { managerOf: string }

export interface Notice {
  kind: Kind
  to: readonly Addressee[]
  /** The words that the event brings. */
  detail?: string
}

/** Those of these people that are set, as what they are to the record. */
export function people(
  relation: NotificationReason['relation'],
  ...ids: (string | undefined)[]
): Addressee[] {
  return ids.flatMap((person) => (person === undefined ? [] : [{ person, relation }]))
}

/** Who works on it: the assignee, else whoever may take it. */
export function holders({ assignee, group }: Pick<RecordAsTold, 'assignee' | 'group'>): readonly Addressee[] {
  if (assignee !== undefined) return people('assignee', assignee)
  return group === undefined ? [] : [{ membersOf: group }]
}
