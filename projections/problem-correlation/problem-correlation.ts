import type { RecordedEvent } from '#libs/event-sourcing'
import { defineView } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { CandidateEvent } from '../../src/problems/domain/candidate.events.js'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { wholeFor } from '../access.js'
import { CANDIDATES, type Candidate } from './candidates.js'
import { decisionReads, foldDecision } from './decisions.js'
import { CHANGES, type EstateEvent, estateReads, foldEstate, ITEMS, RELATIONS, TYPES } from './estate.js'
import { foldIncident, incidentReads } from './incidents.js'
import { ITEM_NAMES, NAMED_ITEMS } from './item-names.js'
import { type CorrelationSettings, INCIDENTS, USUAL_SETTINGS } from './linking.js'
import { KEYS, KIN, TOTALS } from './lists.js'
import { PAGES } from './pages.js'
import { foldProblem, PROBLEMS, problemReads } from './problems.js'
import { WORDS } from './word-counts.js'

export type CorrelationEvent = IncidentEvent | EstateEvent | CandidateEvent | ProblemEvent

/** Who sees candidates, and what is similar. */
export const CORRELATION_READERS = ['agent', 'team-lead', 'analyst', 'auditor', 'administrator'] as const

/** The view's own: answers are made from it, for those who may see the records that they name. */
const internal = { columns: {}, indexes: [], ...wholeFor(CORRELATION_READERS) } as const

/**
 * Candidates for problems, found as incidents are opened. Each is compared with the few that stand in the same lists, all of bounded
 * length, whatever the number of incidents; by when they were opened, not by the order of the log. Restricted incidents take no part.
 */
export function problemCorrelationBy(settings: CorrelationSettings) {
  return defineView<CorrelationEvent>({
    name: 'problem_correlation',
    version: 9,
    pace: 'unhurried',
    from: ['incident-', 'ci-', 'relation-', 'change-', 'candidate-', 'problem-'],
    collections: {
      [CANDIDATES]: {
        columns: {
          status: oneOf<Candidate['status']>({
            open: true,
            accepted: true,
            dismissed: true,
            merged: true,
            dissolved: true,
          }),
          score: 'number',
          memberCount: 'integer',
          notLinked: 'integer',
          firstSeenAt: 'timestamp',
          lastSeenAt: 'timestamp',
          problem: 'string',
          mergedInto: 'string',
        },
        indexes: [['status', 'score'], ['score'], ['lastSeenAt'], ['mergedInto']],
        checked: ['memberCount', 'notLinked', 'firstSeenAt', 'problem'],
        ...wholeFor(CORRELATION_READERS),
      },
      [INCIDENTS]: { ...internal, columns: { candidate: 'string' }, indexes: [['candidate']] },
      [PAGES]: internal,
      [PROBLEMS]: internal,
      [TOTALS]: internal,
      [KEYS]: internal,
      [KIN]: internal,
      [WORDS]: internal,
      [ITEMS]: internal,
      [ITEM_NAMES]: internal,
      [NAMED_ITEMS]: internal,
      [RELATIONS]: internal,
      [CHANGES]: internal,
      [TYPES]: internal,
    },
    reads(event) {
      if (isIncident(event)) return incidentReads(event)
      if (isCandidate(event)) return decisionReads(event)
      if (isProblem(event)) return problemReads(event)
      return estateReads(event as RecordedEvent<EstateEvent>)
    },
    fold(event, view) {
      if (isIncident(event)) foldIncident(event, view, settings)
      else if (isCandidate(event)) foldDecision(event, view)
      else if (isProblem(event)) foldProblem(event, view)
      else foldEstate(event as RecordedEvent<EstateEvent>, view)
    },
  })
}

export const problemCorrelation = problemCorrelationBy(USUAL_SETTINGS)

const isIncident = (event: RecordedEvent<CorrelationEvent>): event is RecordedEvent<IncidentEvent> =>
  event.stream.startsWith('incident-')
const isCandidate = (event: RecordedEvent<CorrelationEvent>): event is RecordedEvent<CandidateEvent> =>
  event.stream.startsWith('candidate-')
const isProblem = (event: RecordedEvent<CorrelationEvent>): event is RecordedEvent<ProblemEvent> =>
  event.stream.startsWith('problem-')
