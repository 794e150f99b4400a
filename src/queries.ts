import type { QueryFunction } from '#libs/query-handling'
import { exportIncidentFacts, listIncidentFacts } from './analytics/incident-facts.queries.js'
import { readGroup, readPerson } from './directory/directory.queries.js'
import { eventsPage } from './events/event.queries.js'
import {
  findAttachment,
  listIncidents,
  readHistory,
  readIncident,
} from './incidents/queries/incident.queries.js'
import {
  listNotifications,
  listRecordNotifications,
  readPreferences,
} from './notifications/notification.queries.js'
import { groupQueue, myQueue, nextInQueue, queuesOverview } from './queues/queue.queries.js'
import { readSetting } from './settings/settings.queries.js'

/** Every query there is, by its function's name: what a query thread answers. */
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
  listNotifications,
  listRecordNotifications,
  readPreferences,
} satisfies Readonly<Record<string, QueryFunction<never>>>
