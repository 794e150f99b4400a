import type { ReadModelDefinition } from '#libs/projections-runtime'
import { alerts } from './alerts/alerts.js'
import { approvals } from './approvals/approvals.js'
import { auditFindings } from './audit-findings/audit-findings.js'
import { cabMeetings } from './cab-meetings/cab-meetings.js'
import { changeHistory } from './change-history/change-history.js'
import { changeModels } from './change-models/change-models.js'
import { changes } from './changes/changes.js'
import { ciIdentities } from './ci-identities/ci-identities.js'
import { cmdbHistory } from './cmdb-history/cmdb-history.js'
import { groups } from './groups/groups.js'
import { incidentDetails } from './incident-details/incident-details.js'
import { incidentFacts } from './incident-facts/incident-facts.js'
import { mails } from './mails/mails.js'
import { notificationList } from './notifications/notifications.js'
import { people } from './people/people.js'
import { problemCorrelation } from './problem-correlation/problem-correlation.js'
import { problemHistory } from './problems/problem-history.js'
import { problems } from './problems/problems.js'
import { queueHistory } from './queue-history/queue-history.js'
import { reconciliationReviews } from './reconciliation-reviews/reconciliation-reviews.js'
import { recordSearch } from './record-search/record-search.js'
import { workQueue } from './work-queue/work-queue.js'

/**
 * What the projector runs. Rebuild threads take turns in it, in such an order that two of them, or four, have about as much to do: of a
 * log of incidents the first two cost most, and the four of incidents nearly all the rest.
 */
export const projectionRegistry: readonly ReadModelDefinition[] = [
  problemCorrelation,
  recordSearch,
  workQueue,
  incidentDetails,
  people,
  groups,
  queueHistory,
  incidentFacts,
  cmdbHistory,
  mails,
  alerts,
  approvals,
  changes,
  changeHistory,
  cabMeetings,
  problems,
  problemHistory,
  changeModels,
  notificationList,
  ciIdentities,
  reconciliationReviews,
  auditFindings,
]
