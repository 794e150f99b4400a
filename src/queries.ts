import type { QueryFunction } from '#libs/query-handling'
import { listAlerts, readAlert } from './alerts/alert.queries.js'
import { exportIncidentFacts, listIncidentFacts } from './analytics/incident-facts.queries.js'
import { matchCis } from './configuration/configuration.queries.js'
import { readGroup, readPerson } from './directory/directory.queries.js'
import { eventsPage } from './events/event.queries.js'
import { listSavedFilters } from './filters/filters.queries.js'
import {
  findAttachment,
  listIncidents,
  readHistory,
  readIncident,
  selectIncidents,
} from './incidents/queries/incident.queries.js'
import { listChildren, listMajorIncidents, readUpdates } from './incidents/queries/major-incident.queries.js'
import { myIncidents } from './incidents/queries/my-incidents.query.js'
import { findSender, listMails } from './mail/mail.queries.js'
import {
  listNotifications,
  listRecordNotifications,
  readPreferences,
} from './notifications/notification.queries.js'
import {
  changedEntries,
  liveQueuePage,
  liveQueueScope,
  queueChangesSince,
} from './queues/live/live-queue.queries.js'
import { groupQueue, myQueue, nextInQueue, queuesOverview } from './queues/queue.queries.js'
import { searchRecords } from './search/search.queries.js'
import { readSetting } from './settings/settings.queries.js'

/** Every query there is, by its function's name: what a query thread answers. */
export const queryRegistry = {
  readIncident,
  readHistory,
  listIncidents,
  findAttachment,
  selectIncidents,
  myIncidents,
  listMajorIncidents,
  listChildren,
  readUpdates,
  queuesOverview,
  groupQueue,
  myQueue,
  nextInQueue,
  liveQueueScope,
  liveQueuePage,
  changedEntries,
  queueChangesSince,
  listSavedFilters,
  listIncidentFacts,
  exportIncidentFacts,
  eventsPage,
  readPerson,
  readGroup,
  readSetting,
  searchRecords,
  findSender,
  listMails,
  listAlerts,
  readAlert,
  listNotifications,
  listRecordNotifications,
  readPreferences,
  matchCis,
} satisfies Readonly<Record<string, QueryFunction<never>>>
