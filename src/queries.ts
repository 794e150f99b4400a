import type { QueryFunction } from '#libs/query-handling'
import { listAlerts, readAlert } from './alerts/alert.queries.js'
import { readImplementation } from './analytics/forensics/implementation.query.js'
import { readIncidentImpact } from './analytics/forensics/incident-impact.query.js'
import { readOnset } from './analytics/forensics/onset.query.js'
import { readSuspectChanges } from './analytics/forensics/suspect-changes.query.js'
import { exportIncidentFacts, listIncidentFacts } from './analytics/incident-facts.queries.js'
import { readProblemFix } from './analytics/repeat-rate/problem-fix.query.js'
import { readRepeatRate } from './analytics/repeat-rate/repeat-rate.query.js'
import { readIncidentTrends, readTrendValues } from './analytics/trends/incident-trends.query.js'
import { listApprovals, myApprovals, readApproval } from './approvals/approval.queries.js'
import { extractFindings, listFindings, readFinding, settleExtract } from './audit/audit.queries.js'
import { readEvidence } from './audit/evidence/evidence.query.js'
import { drawSample } from './audit/sample.query.js'
import { listChangeModels, readChangeModel } from './changes/change-model.query.js'
import { listCabMeetings, readCabMeeting } from './changes/queries/cab.queries.js'
import {
  findChangeAttachment,
  listChanges,
  readChange,
  readChangeHistory,
} from './changes/queries/change.queries.js'
import { readChangeCalendar } from './changes/queries/change-calendar.query.js'
import { matchCis } from './configuration/configuration.queries.js'
import { readActivity } from './configuration/queries/activity.query.js'
import {
  listConfigurationItems,
  readConfigurationItem,
  readConfigurationItemHistory,
} from './configuration/queries/configuration-item.queries.js'
import {
  listBaselines,
  readBaselineDrift,
  readConfigurationDiff,
} from './configuration/queries/diff.queries.js'
import { readGraphChunk, settleCmdbPoint } from './configuration/queries/graph.query.js'
import { readConfigurationHealth } from './configuration/queries/health.query.js'
import { readImpact } from './configuration/queries/impact.query.js'
import { readReach } from './configuration/queries/reach.query.js'
import { listReconciliationReviews } from './configuration/queries/review.queries.js'
import { readSurroundings } from './configuration/queries/surroundings.query.js'
import { listGroups, listPeople, readGroup, readPerson } from './directory/directory.queries.js'
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
import { findSender, listMails, recentMails } from './mail/mail.queries.js'
import {
  listNotifications,
  listRecordNotifications,
  outboxBacklog,
  readPreferences,
} from './notifications/notification.queries.js'
import { listCandidates, readCandidate, readCommonTraits } from './problems/queries/candidate.queries.js'
import { readCandidateMembers } from './problems/queries/candidate-members.query.js'
import {
  findProblemAttachment,
  listProblemIncidents,
  listProblems,
  readProblem,
  readProblemHistory,
} from './problems/queries/problem.queries.js'
import { similarIncidents } from './problems/queries/similar.query.js'
import {
  changedEntries,
  liveQueuePage,
  liveQueueScope,
  queueChangesSince,
} from './queues/live/live-queue.queries.js'
import { groupQueue, myQueue, nextInQueue, queuesOverview } from './queues/queue.queries.js'
import { searchRecords } from './search/search.queries.js'
import { listSettings, readSetting } from './settings/settings.queries.js'

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
  listPeople,
  readGroup,
  listGroups,
  readSetting,
  listSettings,
  searchRecords,
  findSender,
  recentMails,
  listMails,
  listAlerts,
  listFindings,
  readFinding,
  extractFindings,
  settleExtract,
  drawSample,
  readEvidence,
  readAlert,
  listApprovals,
  myApprovals,
  readApproval,
  listNotifications,
  listRecordNotifications,
  outboxBacklog,
  readPreferences,
  listConfigurationItems,
  readConfigurationItem,
  readConfigurationItemHistory,
  readImpact,
  settleCmdbPoint,
  readGraphChunk,
  readConfigurationDiff,
  listBaselines,
  readBaselineDrift,
  readConfigurationHealth,
  listReconciliationReviews,
  matchCis,
  listChangeModels,
  listChanges,
  readChange,
  readChangeHistory,
  findChangeAttachment,
  readChangeCalendar,
  listCabMeetings,
  readCabMeeting,
  readSurroundings,
  readReach,
  readActivity,
  readChangeModel,
  readOnset,
  readSuspectChanges,
  readImplementation,
  readIncidentImpact,
  readIncidentTrends,
  readTrendValues,
  readProblemFix,
  readRepeatRate,
  listProblems,
  readProblem,
  readProblemHistory,
  listProblemIncidents,
  findProblemAttachment,
  listCandidates,
  readCandidate,
  readCandidateMembers,
  readCommonTraits,
  similarIncidents,
} satisfies Readonly<Record<string, QueryFunction<never>>>
