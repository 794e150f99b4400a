import type { Command } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import {
  type AnyPolicy,
  type DispatchOutcome,
  type Notice,
  PolicyRunner,
  type PolicyStatus,
  ProjectionRunner,
  type ProjectionStatus,
} from '#libs/projections-runtime'
import type { ReadStore } from '#libs/read-store'
import { projectionRegistry } from '#projections/registry'
import { notificationPolicies } from '../notifications/domain/notification.policies.js'
import { policyRegistry } from '../policies.js'

export interface ProjectorOptions {
  eventStore: EventStore
  readStore: ReadStore
  /** Names this process and thread in leases. */
  owner: string
  /** Runs a policy's command. */
  dispatch(command: Command): Promise<DispatchOutcome>
  notice(notice: Notice): void
  /** Keeps a policy's start in the log's store, when this thread only reads the log. */
  rememberStart?(stream: string, metadata: Record<string, unknown>): Promise<void>
  policies?: boolean
  /** False: those policies are not run that tell people of what happens, for nobody can be told. */
  notifies?: boolean
  /** Documents kept in memory per collection. */
  cacheDocuments?: number
  /** `live`: builds that are to take over are fed elsewhere. */
  only?: 'live'
}

export interface ProjectorStatus {
  projections: ProjectionStatus[]
  policies: PolicyStatus[]
}

/** Keeps all read models up to date and runs all policies: what `ROLE=projector` does, and the projector thread. */
export class Projector {
  readonly projections: ProjectionRunner
  readonly policies: PolicyRunner | undefined

  constructor({
    policies = true,
    notifies = true,
    only,
    dispatch,
    rememberStart,
    ...shared
  }: ProjectorOptions) {
    this.projections = new ProjectionRunner({ ...shared, definitions: projectionRegistry, only })
    this.policies = policies
      ? new PolicyRunner({ ...shared, dispatch, rememberStart, policies: policiesRun(notifies) })
      : undefined
  }

  async start(): Promise<void> {
    await this.projections.start()
    await this.policies?.start()
  }

  /** Drains the batches under way and lets go of the leases. */
  async stop(): Promise<void> {
    await this.policies?.stop()
    await this.projections.stop()
  }

  async status(): Promise<ProjectorStatus> {
    const [projections, policies] = await Promise.all([
      this.projections.status(),
      this.policies?.status() ?? [],
    ])
    return { projections, policies }
  }
}

function policiesRun(notifies: boolean): readonly AnyPolicy[] {
  const telling: readonly AnyPolicy[] = notificationPolicies
  return notifies ? policyRegistry : policyRegistry.filter((policy) => !telling.includes(policy))
}

/** Read models and policies that have stopped, and what to do about it, or that none gets on; undefined: neither. */
export function standingStill({ projections, policies }: ProjectorStatus): string | undefined {
  const all = [...projections, ...policies]
  const stopped = all.filter(({ state }) => state === 'stopped')
  if (stopped.length > 0) return stopped.map(({ message }) => message).join(' ')
  // Why, is for the log: reasons may hold addresses, and readiness is public
  const none = all.length > 0 && all.every(({ state }) => state === 'retrying')
  return none ? 'no read model gets on, each is tried again: the projector’s log says why' : undefined
}
