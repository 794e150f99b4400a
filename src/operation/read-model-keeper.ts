import type { PolicyStatus, ProjectionStatus, RetryOutcome } from '#libs/projections-runtime'

/** Who keeps the read models and runs the policies, as far as operating them needs. */
export abstract class ReadModelKeeper {
  abstract projectorStatus(): Promise<{ projections: ProjectionStatus[]; policies: PolicyStatus[] }>
  /** Asks for a projection to be built anew beside the one that answers; it takes over by itself. */
  abstract rebuild(projection: string): Promise<void>
  abstract retryParked(projection: string, key?: string): Promise<RetryOutcome>
}
