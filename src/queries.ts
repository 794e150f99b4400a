import { exportIncidentFacts, listIncidentFacts } from './analytics/incident-facts.queries.js'
import { readGroup, readPerson } from './directory/directory.queries.js'
import { eventsPage } from './events/event.queries.js'
import {
  findAttachment,
  listIncidents,
  readHistory,
  readIncident,
} from './incidents/queries/incident.queries.js'
import { groupQueue, myQueue, nextInQueue, queuesOverview } from './queues/queue.queries.js'
import type { QueryFunction } from './runtime/query.js'
import { readSetting } from './settings/settings.queries.js'

/** Every query there is, by name: what a query thread answers. */
export const queryRegistry = {
  readIncident,
  readHistory,
  listIncidents,
  findAttachment,
  queuesOverview,
  groupQueue,
  myQueue,
  nextInQueue,
  listIncidentFacts,
  exportIncidentFacts,
  eventsPage,
  readPerson,
  readGroup,
  readSetting,
} satisfies Readonly<Record<string, QueryFunction<never>>>

export type QueryName = keyof typeof queryRegistry
export type QueryArguments<Name extends QueryName> = Parameters<(typeof queryRegistry)[Name]>[0]
