import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import type { CommandMetadata } from '#libs/event-sourcing'
import { verbController } from '../http/verbs.js'
import { Accept, INCIDENT_COMMANDS } from './domain/incident.commands.js'
import { IncidentParams } from './dto/incident-commands.dto.js'
import { incidentRecords } from './incident.record.js'
import { incidentVerbs } from './incident.verbs.js'
import { IncidentsController } from './incidents.controller.js'
import { MajorIncidentsController } from './major-incidents.controller.js'

/** What the process adds to the application. */
export const incidents = {
  controllers: [
    IncidentsController,
    MajorIncidentsController,
    verbController({
      path: 'incidents',
      parameter: 'number',
      params: IncidentParams,
      streamPrefix: 'incident-',
      verbs: incidentVerbs,
    }),
  ] satisfies Type[],
  providers: deciderHandlers(incidentRecords, INCIDENT_COMMANDS),
  /** How an incident is taken from a queue. */
  acceptance: {
    streamPrefix: 'incident-',
    accept: (number: string, queue: string, metadata: CommandMetadata) =>
      new Accept(number, { queue }, metadata),
    gone: [
      'INCIDENT.ALREADY_ASSIGNED',
      'INCIDENT.NOT_OPEN',
      'INCIDENT.CLOSED',
      'INCIDENT.CANCELED',
      'INCIDENT.NOT_WAITING',
    ],
  },
}
