import type { BuildName, BuildState } from '#libs/read-store'

/** What a runner has to do about one projection, given the version in the code and the builds that there are. */
export interface BuildPlan {
  /** To be fed: the one that answers, and one that is to take over from it. */
  feed: BuildState[]
  /** A build of the code's version must be made first. */
  create: boolean
  /** Answers for an older version, and gets no more events. */
  freeze: BuildState | undefined
  /** Left over from versions or rebuilds that will never answer. */
  drop: BuildName[]
  /** A newer release answers already: keep away. */
  superseded: boolean
}

export function planBuilds(version: number, builds: readonly BuildState[], now: number): BuildPlan {
  const plan: BuildPlan = { feed: [], create: false, freeze: undefined, drop: [], superseded: false }
  const live = builds.find(({ status }) => status !== 'building')
  const building = builds.filter(({ status }) => status === 'building')
  if (live && live.version > version) return { ...plan, superseded: true }
  const successor = building
    .filter((build) => build.version === version && !(live?.version === version && live.build > build.build))
    .reduce<BuildState | undefined>((a, b) => (a && a.build > b.build ? a : b), undefined)
  if (live?.version === version) plan.feed.push(live)
  else plan.create = successor === undefined
  if (live && live.version < version && live.status === 'live') plan.freeze = live
  if (successor) plan.feed.push(successor)
  plan.drop = building.filter(
    (build) => build !== successor && build.version <= version && !isLeased(build, now),
  )
  return plan
}

function isLeased({ lease }: BuildState, now: number): boolean {
  return lease !== undefined && Date.parse(lease.expiresAt) > now
}

export function buildKey({ projection, version, build }: BuildName): string {
  return `${projection}/${version}/${build}`
}
