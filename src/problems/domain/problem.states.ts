import type { ProblemEvent, ProblemState } from './problem.events.js'

/** Where a problem stands: the one answer for all who tell of problems without deciding about them. */

/** The state after an event; the same when the event is none of the lifecycle, or only puts it on hold. */
export function problemStateAfter(state: ProblemState, event: ProblemEvent): ProblemState {
  switch (event.type) {
    case 'ProblemOpened':
      return 'New'
    case 'ProblemAssessmentStarted':
      return 'Assess'
    case 'ProblemAnalysisStarted':
    case 'ProblemReanalysed':
      return 'Root Cause Analysis'
    case 'ProblemFixStarted':
      return 'Fix in Progress'
    case 'ProblemResolved':
    case 'ProblemRiskAccepted':
      return 'Resolved'
    case 'ProblemMarkedDuplicate':
    case 'ProblemCanceled':
    case 'ProblemClosed':
      return 'Closed'
    case 'ProblemStateObserved':
      return event.data.to === 'On Hold' ? state : event.data.to
    default:
      return state
  }
}
