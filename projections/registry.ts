import type { ReadModelDefinition } from '#libs/projections-runtime'
import { queueHistory } from './queue-history/queue-history.js'
import { workQueue } from './work-queue/work-queue.js'

/** What the projector runs. */
export const projectionRegistry: readonly ReadModelDefinition[] = [workQueue, queueHistory]
