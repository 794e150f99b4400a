import { defineProjection } from '#libs/projections-runtime'
import type { CabEvent } from '../../src/changes/domain/cab.events.js'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import { audienceOf, forEverybody, seesInternalFields } from '../access.js'
import { CHANGE_COLUMNS, type ChangeDetails, changeToldOf, evolveChangeDetails } from '../change-details.js'
import { onlyFields } from '../drafts.js'

export { type ChangeDetails, foldChangeDetails } from '../change-details.js'

/** One document per change. */
export const changes = defineProjection<ChangeDetails, ChangeEvent | CabEvent>({
  name: 'changes',
  version: 4,
  from: ['change-', 'cab-'],
  key: changeToldOf,
  evolve: evolveChangeDetails,
  columns: CHANGE_COLUMNS,
  indexes: [
    ['openedAt'],
    ['updatedAt'],
    ['number'],
    ['state', 'openedAt'],
    // The calendar: what is due in a stretch of time
    ['state', 'plannedStart'],
    ['plannedStart'],
    // What was implemented before an incident
    ['startedAt'],
    ['endedAt'],
    ['type', 'openedAt'],
    ['requester', 'openedAt'],
    ['assignmentGroup', 'openedAt'],
    ['assignee', 'openedAt'],
    ['audienceKind', 'openedAt'],
  ],
  checked: [
    'onHold',
    'risk',
    'plannedEnd',
    'approvalStatus',
    'voidCount',
    'implementer',
    'implementedBeforeApproval',
    'ratification',
    'outcome',
    'authorisation',
    'reverts',
    'closedAt',
    'irregular',
    'cabAdvice',
  ],
  ...forEverybody,
  fields: (change, principal) =>
    seesInternalFields(principal) ? change : onlyFields(change, REQUESTER_FIELDS),
})

/** What people see of the changes that they asked for, by name: a new field is internal until it is listed here. */
const REQUESTER_FIELDS = [
  'number',
  'type',
  'title',
  'description',
  'state',
  'requester',
  'assignmentGroup',
  'assignee',
  'plannedStart',
  'plannedEnd',
  'outcome',
  'cancellation',
  'comments',
  'entered',
  'openedAt',
  'startedAt',
  'endedAt',
  'closedAt',
  'updatedAt',
] as const satisfies readonly (keyof ChangeDetails)[]

/** A change as answers show it: without the columns that only serve filters and the row rule. */
export function shownChange(change: ChangeDetails): object {
  const { audienceKind, audienceGroups, visibleTo, ...shown } = change
  const { custom, onHold, approvalStatus, voidCount, conflictKinds, breachRules, cabMeetings, ...fields } =
    shown
  return { ...fields, audience: audienceOf(change) }
}
