import { oneOf } from '#libs/read-store'
import type { ChangeOpened, ChangeRiskAssessed, ChangeState } from '../src/changes/domain/change.events.js'
import type { IncidentState } from '../src/incidents/domain/incident.events.js'
import type { ProblemState } from '../src/problems/domain/problem.events.js'
import type { IncidentAttention } from './incident-folds.js'

/** Columns that more than one read model has, with all values that they can have. */

const INCIDENT_STATES: Readonly<Record<IncidentState, true>> = {
  New: true,
  'In Progress': true,
  'On Hold': true,
  Resolved: true,
  Closed: true,
  Canceled: true,
}
const CHANGE_STATES: Readonly<Record<ChangeState, true>> = {
  New: true,
  Assess: true,
  Authorize: true,
  Scheduled: true,
  Implement: true,
  Review: true,
  Closed: true,
  Canceled: true,
}
const PROBLEM_STATES: Readonly<Record<ProblemState, true>> = {
  New: true,
  Assess: true,
  'Root Cause Analysis': true,
  'Fix in Progress': true,
  Resolved: true,
  Closed: true,
}

export const incidentState = oneOf(INCIDENT_STATES)
export const changeState = oneOf(CHANGE_STATES)
export const problemState = oneOf(PROBLEM_STATES)
/** `Open`: a task. */
export const anyState = oneOf({ ...INCIDENT_STATES, ...CHANGE_STATES, ...PROBLEM_STATES, Open: true })
export const changeType = oneOf<ChangeOpened['data']['type']>({
  standard: true,
  normal: true,
  emergency: true,
  'configuration-commit': true,
})
export const changeRisk = oneOf<ChangeRiskAssessed['data']['risk']>({ low: true, medium: true, high: true })
export const majorIncident = oneOf<NonNullable<IncidentAttention['major']>>({ candidate: true, yes: true })
