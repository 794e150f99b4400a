import type { ImportRules, RecordRules } from '../imports/import-context.js'
import type { Observation } from '../imports/observation.js'
import { ActivateIncident, ImportIncidentUpdate } from '../incidents/domain/incident.commands.js'
import { incidentDecider } from '../incidents/domain/incident.decider.js'
import type { ObservedIncident } from '../incidents/domain/incident.import.js'
import { incidentNumbers } from '../incidents/incident.record.js'
import { ImportProblemUpdate } from '../problems/domain/problem.commands.js'
import { problemDecider } from '../problems/domain/problem.decider.js'
import type { ObservedProblem } from '../problems/domain/problem.import.js'
import { problemNumbers } from '../problems/problem.record.js'
import { priorityMatrixDecider } from '../settings/domain/priority-matrix.js'

const incident: RecordRules = {
  decider: incidentDecider,
  numbers: incidentNumbers,
  opened: 'IncidentOpened',
  // The schema of mappings of incidents knows their states only.
  observe: (id, row, matrixVersion, metadata) =>
    new ImportIncidentUpdate(id, { observed: row as ObservedIncident, matrixVersion }, metadata),
  activate: (id, run, metadata) => new ActivateIncident(id, { run }, metadata),
}

const problem: RecordRules = {
  decider: problemDecider,
  numbers: problemNumbers,
  opened: 'ProblemOpened',
  observe: (id, row, _, metadata) => new ImportProblemUpdate(id, observedProblem(row), metadata),
}

/** What an import of rows decides by. */
export const importRules: ImportRules = {
  records: { incident, problem },
  priorityMatrix: priorityMatrixDecider,
}

/** A row by the names that problems have for what it says; what it does not say stays absent. */
function observedProblem(row: Observation): ObservedProblem {
  const { description, category, subcategory, symptom, service, openedAt, impact, urgency, priority } = row
  const { primaryCi, assignmentGroup, assignee, phase, outcome, rootCause, workaround, late, fields } = row
  const { fixedByChange, hold, resolution } = row
  return {
    title: row.title ?? undefined,
    description,
    category,
    subcategory,
    symptom,
    service,
    affectedCis: primaryCi === undefined ? undefined : primaryCi === null ? [] : [primaryCi],
    openedAt,
    impact,
    urgency,
    priority,
    group: assignmentGroup,
    assignee,
    state: row.state as ObservedProblem['state'],
    phase,
    hold: hold?.reason,
    outcome,
    rootCause,
    workaround,
    resolutionNotes: resolution?.notes,
    fixedByChange,
    late,
    fields,
  }
}
