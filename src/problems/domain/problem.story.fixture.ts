import { commandMetadata, deciderSpec, type ToldEvent } from '#libs/testing'
import { problemDecider } from './problem.decider.js'
import type { ProblemEvent, ProblemState } from './problem.events.js'

/** Stories about a problem of priority 3, opened at 08:00 and acted upon from 09:00 on. */

export const NUMBER = 'PRB0000001'
export const OTHER = 'PRB0000002'

export const by = (actor: string) => commandMetadata({ actor })
export const imported = (externalId = 'P-1', name = 'bpic2013') =>
  commandMetadata({
    actor: 'adam',
    channel: 'import',
    source: { name, externalId, row: 1 } as never,
  })

export const opened: ToldEvent<ProblemEvent> = {
  type: 'ProblemOpened',
  data: { title: 'Mail is slow', affectedCis: [], origin: 'reactive' },
}
export const ofPriority = (priority: number, previous: number | null = null): ProblemEvent => ({
  type: 'ProblemPrioritized',
  data: { impact: priority, urgency: 1, priority, matrixVersion: 0, previous },
})
export const assessed: ProblemEvent = { type: 'ProblemAssessmentStarted', data: {} }
export const analysed: ProblemEvent = { type: 'ProblemAnalysisStarted', data: {} }
export const causeFound: ProblemEvent = {
  type: 'RootCauseRecorded',
  data: { cause: 'A small disk', previous: null },
}
export const fixing: ProblemEvent = { type: 'ProblemFixStarted', data: {} }
export const resolved: ProblemEvent = {
  type: 'ProblemResolved',
  data: { notes: 'A larger disk', heldIncidents: 'resolve', settingsVersion: 0 },
}
export const riskAccepted: ProblemEvent = {
  type: 'ProblemRiskAccepted',
  data: { from: 'Assess', notes: 'It goes in May' },
}
export const closed: ProblemEvent = { type: 'ProblemClosed', data: {} }
export const held: ProblemEvent = { type: 'ProblemHeld', data: { reason: 'vendor' } }
export const canceled: ProblemEvent = { type: 'ProblemCanceled', data: { from: 'New', notes: 'None' } }
export const duplicate: ProblemEvent = {
  type: 'ProblemMarkedDuplicate',
  data: { from: 'New', survivor: OTHER, notes: null },
}
export const taskAdded = (task = 'T1'): ProblemEvent => ({
  type: 'ProblemTaskAdded',
  data: { task, title: 'Measure', priority: 3 },
})

/** The shortest way into each state. */
export const WAY_TO: Readonly<Record<ProblemState, readonly ProblemEvent[]>> = {
  New: [],
  Assess: [assessed],
  'Root Cause Analysis': [assessed, analysed, causeFound],
  'Fix in Progress': [assessed, analysed, causeFound, fixing],
  Resolved: [assessed, analysed, causeFound, fixing, resolved],
  Closed: [assessed, analysed, causeFound, fixing, resolved, closed],
}

/** Opened; ann and bob work in `messaging`, lea has left; two incidents and another problem are there. */
export function given(...events: ToldEvent<ProblemEvent>[]) {
  return withSurroundings([opened, ofPriority(3), ...events])
}
/** The same without the problem, and with one that begins otherwise. */
export const nothingYet = () => withSurroundings([])
export const givenOnly = (...events: ToldEvent<ProblemEvent>[]) => withSurroundings(events)

function withSurroundings(events: readonly ToldEvent<ProblemEvent>[]) {
  const incident: ToldEvent = {
    type: 'IncidentOpened',
    data: { title: 'Slow', audience: { kind: 'public' } },
  }
  return deciderSpec(problemDecider)
    .given(...events)
    .and('person-ann', person('Ann'))
    .and('person-bob', person('Bob'))
    .and('person-lea', person('Lea'), { type: 'PersonDeactivated', data: {} })
    .and(
      'group-messaging',
      { type: 'GroupRegistered', data: { name: 'Messaging' } },
      { type: 'MemberAdded', data: { person: 'ann' } },
    )
    .and('incident-INC0000001', incident)
    .and('incident-INC0000002', incident)
    .and(`problem-${OTHER}`, opened)
}

function person(name: string): ToldEvent {
  return { type: 'PersonRegistered', data: { kind: 'person', name } }
}
