import type { ReadModelDefinition } from '#libs/projections-runtime'
import { incidentDetails } from './incident-details/incident-details.js'
import { incidentFacts } from './incident-facts/incident-facts.js'
import { notificationList } from './notifications/notifications.js'
import { queueHistory } from './queue-history/queue-history.js'
import { workQueue } from './work-queue/work-queue.js'

/** What the projector runs. Rebuild threads take turns in it: the dearest first, each beside a cheaper one. */
export const projectionRegistry: readonly ReadModelDefinition[] = [
  workQueue,
  incidentDetails,
  incidentFacts,
  queueHistory,
  notificationList,
]
