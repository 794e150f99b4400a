import { defineProjection } from '#libs/projections-runtime'
import { isIn, oneOf } from '#libs/read-store'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { accessColumns, among, forEverybody, seesInternalFields } from '../access.js'
import type { RecordedChangeEvent } from '../change-folds.js'
import { anyState } from '../closed-columns.js'
import { onlyFields } from '../drafts.js'
import type { RecordedIncidentEvent } from '../incident-folds.js'
import type { RecordedProblemEvent } from '../problem-folds.js'
import { evolveChangeTexts, type SearchedChange } from './change-texts.js'
import { evolveIncidentTexts, type SearchedIncident } from './incident-texts.js'
import { evolveProblemTexts, type SearchedProblem } from './problem-texts.js'

type OfProblems = Exclude<keyof SearchedProblem, keyof SearchedIncident>
type OfChanges = Exclude<keyof SearchedChange, keyof SearchedIncident>

/** A record with its texts. What only one kind has is absent of the others. */
export interface SearchedRecord
  extends Omit<SearchedIncident, 'type' | 'state'>,
    Pick<SearchedProblem, OfProblems>,
    Pick<SearchedChange, OfChanges> {
  type: 'incident' | 'problem' | 'change'
  state: SearchedIncident['state'] | SearchedProblem['state'] | SearchedChange['state']
}

/** Problems are the desk's, whoever is named in them. */
const ownRecords = among(isIn('type', ['incident', 'change']), forEverybody)

/** Which records speak of something. */
export const recordSearch = defineProjection<SearchedRecord, IncidentEvent | ProblemEvent | ChangeEvent>({
  // From when it held incidents alone: under another name nobody could search until it was built, and the old one would stay.
  name: 'incident_search',
  version: 4,
  pace: 'unhurried',
  from: ['incident-', 'problem-', 'change-'],
  key: (event) => event.stream,
  evolve(record, event) {
    if (event.stream.startsWith('problem-'))
      return evolveProblemTexts(record as SearchedProblem | undefined, event as RecordedProblemEvent)
    if (event.stream.startsWith('change-'))
      return evolveChangeTexts(record as SearchedChange | undefined, event as RecordedChangeEvent)
    return evolveIncidentTexts(record as SearchedIncident | undefined, event as RecordedIncidentEvent)
  },
  columns: {
    ...accessColumns,
    type: oneOf<SearchedRecord['type']>({ incident: true, problem: true, change: true }),
    number: 'string',
    state: anyState,
    priority: 'integer',
    caller: 'string',
    openedAt: 'timestamp',
    knownError: 'boolean',
  },
  // The words find the rows; all else is tested row by row, and no index slows the opening of a record.
  indexes: [],
  checked: [
    'audienceKind',
    'assignmentGroup',
    'assignee',
    'type',
    'number',
    'state',
    'priority',
    'caller',
    'openedAt',
    'knownError',
  ],
  search: {
    texts: [
      { names: 8, title: 4, description: 2, comments: 1, commentWords: 1 },
      {
        workNotes: 1,
        workNoteWords: 1,
        symptom: 2,
        workaround: 2,
        rootCause: 2,
        category: 1,
        subcategory: 1,
        service: 1,
        implementation: 1,
        backout: 1,
        test: 1,
      },
    ],
    names: ['names'],
    newest: 'openedAt',
  },
  rows: (principal) => (seesInternalFields(principal) ? forEverybody : ownRecords).rows(principal),
  parts: (principal) => (seesInternalFields(principal) ? forEverybody : ownRecords).parts(principal),
  searches: (principal) => (seesInternalFields(principal) ? 2 : 1),
  fields: (record, principal) =>
    seesInternalFields(principal) ? record : onlyFields(record, REQUESTER_FIELDS),
})

/** What a hit shows. */
const HIT_FIELDS = [
  'type',
  'number',
  'title',
  'state',
  'priority',
  'assignmentGroup',
  'assignee',
  'openedAt',
] as const satisfies readonly (keyof SearchedRecord)[]

/** What people see of their own records, work notes and audience left out. */
const REQUESTER_FIELDS = [
  ...HIT_FIELDS,
  'names',
  'description',
  'comments',
  'commentWords',
  'caller',
  'affectedUser',
  'openedBy',
] as const satisfies readonly (keyof SearchedRecord)[]

/** A record as a search shows it. */
export function foundRecord(record: SearchedRecord): object {
  return onlyFields(record, [...HIT_FIELDS, 'knownError'])
}
