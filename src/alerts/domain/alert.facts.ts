import { type Fact, type FactQuestions, fact, type StreamFold } from '#libs/event-sourcing'
import type { IncidentEvent } from '../../incidents/domain/incident.events.js'
import { MATRIX, type PriorityMatrices } from '../../incidents/domain/incident.facts.js'
import { evolve, type IncidentRecord, NOT_OPENED } from '../../incidents/domain/incident.state.js'
import { DEFAULT_ALERT_MAPPING } from '../../settings/domain/defaults.js'
import type { AlertMapping, AlertMappingPublished } from '../../settings/domain/settings.events.js'
import type { AlertCommand } from './alert.commands.js'
import type { AlertRecord } from './alert.state.js'

/** What decisions about alerts ask of other streams. */
export interface AlertFacts {
  mapping: Fact<MappingInForce>
  matrix: Fact<PriorityMatrices>
  /** The bound incident, when there is one. */
  incident: Fact<IncidentRecord>
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
const incident: StreamFold<IncidentRecord, IncidentEvent> = { initial: NOT_OPENED, evolve }

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
