import { approvalPolicies } from './change.approval.policies.js'
import { calendarPolicies } from './change.calendar.policies.js'
import { reservationPolicies } from './change.reservation.policies.js'
import { refusedValues } from './change.values.policies.js'

/** What changes do by themselves. */
export const changePolicies = [
  ...reservationPolicies,
  ...calendarPolicies,
  ...approvalPolicies,
  refusedValues,
] as const
