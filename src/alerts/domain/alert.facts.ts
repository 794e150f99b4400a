import { type Fact, type FactQuestions, fact, type StreamFold } from '#libs/event-sourcing'
import type { IncidentEvent, IncidentState } from '../../incidents/domain/incident.events.js'
import { DEFAULT_ALERT_MAPPING, DEFAULT_PRIORITY_MATRIX } from '../../settings/domain/defaults.js'
import type {
  AlertMapping,
  AlertMappingPublished,
  PriorityMatrix,
  PriorityMatrixPublished,
} from '../../settings/domain/settings.events.js'
import type { AlertCommand } from './alert.commands.js'
import type { AlertRecord } from './alert.state.js'

/** What decisions about alerts ask of other streams. */
export interface AlertFacts {
  mapping: Fact<MappingInForce>
  matrix: Fact<PriorityMatrix>
  /** The bound incident, when there is one. */
  incident: Fact<IncidentStanding>
}

/** Version 0: nothing was published, the default holds. */
export interface MappingInForce {
  readonly version: number
  readonly mapping: AlertMapping
}

const mappingInForce: StreamFold<MappingInForce, AlertMappingPublished> = {
  initial: { version: 0, mapping: DEFAULT_ALERT_MAPPING },
  evolve: (known, event) => (event.type === 'AlertMappingPublished' ? event.data : known),
}
const matrixInForce: StreamFold<PriorityMatrix, PriorityMatrixPublished> = {
  initial: DEFAULT_PRIORITY_MATRIX,
  evolve: (known, event) => (event.type === 'PriorityMatrixPublished' ? event.data.matrix : known),
}

/** Of an incident its alert asks only whether it is over; what is open has state New here. */
export interface IncidentStanding {
  readonly state: Extract<IncidentState, 'New' | 'Resolved' | 'Closed' | 'Canceled'>
}
const OPEN: IncidentStanding = { state: 'New' }
const incident: StreamFold<IncidentStanding, IncidentEvent> = {
  initial: OPEN,
  evolve(known, event) {
    switch (event.type) {
      case 'IncidentResolved':
        return { state: 'Resolved' }
      case 'IncidentClosed':
        return { state: 'Closed' }
      case 'IncidentCanceled':
      case 'IncidentMerged':
        return { state: 'Canceled' }
      case 'IncidentReopened':
        return OPEN
      default:
        return known
    }
  },
}

const MATRIX = fact('settings-priority-matrix', matrixInForce)
/** Asks for the mapping in force. */
export const ALERT_MAPPING = fact('settings-alert-mapping', mappingInForce)

/** What else the decision about this command needs to know. */
export function facts(command: AlertCommand, record: AlertRecord): Partial<FactQuestions<AlertFacts>> {
  if (command.type === 'BindAlertIncident') return {}
  return {
    mapping: ALERT_MAPPING,
    matrix: MATRIX,
    // A clearing is told to whatever incident it is.
    ...(record?.incident != null &&
      !(command.type === 'ReceiveAlert' && command.data.status === 'resolved') && {
        incident: fact(`incident-${record.incident}`, incident),
      }),
  }
}
