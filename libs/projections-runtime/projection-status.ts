import { LOG_START, type Position } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { BuildState, ReadStore } from '#libs/read-store'
import { type Clock, systemClock } from './clock.js'
import { isOfThisLog, lagsOf } from './freshness.js'

/** What the stores say of one build, whoever feeds it. */
export interface StoredBuildStatus {
  projection: string
  version: number
  build: number
  status: BuildState['status']
  position: Position
  lagSeconds: number
  /** Who feeds it; undefined when nobody does. */
  owner: string | undefined
  /** `CHECKPOINT.FOREIGN` when it was built from another history. */
  code: string | undefined
}

/** Every build of every projection and policy, from the stores alone: also for a process that runs none of them. */
export async function storedBuilds(
  eventStore: EventStore,
  readStore: ReadStore,
  clock: Clock = systemClock,
): Promise<StoredBuildStatus[]> {
  const builds = await readStore.builds()
  const lagAt = lagsOf(eventStore, clock)
  return Promise.all(
    builds.map(async ({ checkpoint, lease, ...build }): Promise<StoredBuildStatus> => {
      const position = checkpoint?.position ?? LOG_START
      const foreign = checkpoint !== undefined && !(await isOfThisLog(eventStore, checkpoint))
      const held = lease !== undefined && Date.parse(lease.expiresAt) > clock.now()
      return {
        ...build,
        position,
        lagSeconds: await lagAt(foreign ? LOG_START : position),
        owner: held ? lease.owner : undefined,
        code: foreign ? 'CHECKPOINT.FOREIGN' : undefined,
      }
    }),
  )
}
