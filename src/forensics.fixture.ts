import type { Principal } from '#libs/access'
import type { DomainEvent, Position } from '#libs/event-sourcing'
import { ProjectionRunner, ReadModels } from '#libs/projections-runtime'
import type { QueryDependencies, QueryFunction } from '#libs/query-handling'
import type { PageTokens, ReadStore } from '#libs/read-store'
import { appendEvents, InMemoryEventStore, type MetadataHints } from '#libs/testing'
import { changes } from '#projections/changes/changes'
import { cmdbHistory } from '#projections/cmdb-history/cmdb-history'
import { incidentDetails } from '#projections/incident-details/incident-details'
import { incidentFacts } from '#projections/incident-facts/incident-facts'
import { principal } from '#projections/principals.fixture'
import { CmdbEstate } from './analysts-estate.js'
import { type Implementation, readImplementation } from './analytics/forensics/implementation.query.js'
import type { IncidentImpact } from './analytics/forensics/incident-impact.query.js'
import { readIncidentImpact } from './analytics/forensics/incident-impact.query.js'
import { type Onset, readOnset } from './analytics/forensics/onset.query.js'
import { readSuspectChanges, type SuspectChanges } from './analytics/forensics/suspect-changes.query.js'
import { type FixedProblem, readProblemFix } from './analytics/repeat-rate/problem-fix.query.js'
import { type RepeatRate, readRepeatRate } from './analytics/repeat-rate/repeat-rate.query.js'
import type { Queries } from './http/queries.js'

/** 1 March 2026, a Sunday, when it all happens: `at(10, 30)` is half past ten. */
export const at = (hour: number, minute = 0, day = 1) =>
  new Date(Date.UTC(2026, 2, day, hour, minute)).toISOString()

export const ana = principal('ana', ['analyst', 'agent'])

/** A log and its read models on some store, with what is told at which valid time. */
export class Desk {
  readonly log = new InMemoryEventStore()
  private readonly definitions = [cmdbHistory, changes, incidentDetails, incidentFacts]
  private readonly runner: ProjectionRunner
  readonly dependencies: QueryDependencies

  constructor(readStore: ReadStore) {
    const { log: eventStore, definitions } = this
    this.runner = new ProjectionRunner({
      eventStore,
      readStore,
      definitions,
      owner: 'spec',
      notice: () => {},
    })
    const models = new ReadModels({ eventStore, readStore, definitions })
    // None of these queries gives a page token
    const pageTokens = undefined as unknown as PageTokens
    this.dependencies = { eventStore, models, pageTokens, waitMilliseconds: 20_000 }
  }

  start(): Promise<void> {
    return this.runner.start()
  }
  stop(): Promise<void> {
    return this.runner.stop()
  }

  /** @returns its position */
  async told(
    stream: string,
    occurredAt: string,
    event: DomainEvent,
    metadata: MetadataHints = {},
  ): Promise<Position> {
    const [recorded] = await appendEvents(this.log, stream, [event], { occurredAt, ...metadata })
    return recorded!.position
  }

  registered(number: string, ofClass: string, name: string, when: string): Promise<Position> {
    const data = { class: ofClass, name, attributes: {} }
    return this.told(`ci-${number}`, when, { type: 'CiRegistered', data })
  }

  related(id: string, type: string, source: string, target: string, when: string): Promise<Position> {
    const data = { type, source: { ci: source }, target: { ci: target } }
    return this.told(`relation-${id}`, when, { type: 'CiRelated', data })
  }

  modified(
    number: string,
    when: string,
    attribute: string,
    more: { change?: string } = {},
    metadata: MetadataHints = {},
  ): Promise<Position> {
    const data = { changes: { [attribute]: { before: null, after: when } }, ...more }
    return this.told(`ci-${number}`, when, { type: 'CiChanged', data }, metadata)
  }

  opened(number: string, primaryCi: string, when: string, more: object = {}): Promise<Position> {
    const data = { title: number, audience: { kind: 'public' }, primaryCi, ...more }
    return this.told(`incident-${number}`, when, { type: 'IncidentOpened', data })
  }

  planned(number: string, cis: readonly string[], when: string, type = 'normal'): Promise<Position> {
    const data = { type, title: `Change ${number}`, affectedCis: cis, proposedValues: [], requester: 'rita' }
    return this.told(`change-${number}`, when, { type: 'ChangeOpened', data })
  }

  async approved(number: string, when: string): Promise<void> {
    const data = { round: 1, approval: 'a', hash: 'h', approvers: ['lea'] }
    await this.told(`change-${number}`, when, { type: 'ChangeApproved', data })
  }

  async begun(number: string, when: string): Promise<void> {
    const data = { basis: { kind: 'approval' }, implementer: 'ivan', breaches: [] }
    await this.told(`change-${number}`, when, { type: 'ImplementationStarted', data })
  }

  async ended(number: string, when: string, outcome: string): Promise<void> {
    const data = { outcome, endedAt: when, notes: '.' }
    await this.told(`change-${number}`, when, { type: 'ImplementationEnded', data })
  }

  /** As the endpoint asks it. */
  async suspects(number: string, asked: { hours?: number; asOf?: string } = {}): Promise<SuspectChanges> {
    const { hours = 72, asOf } = asked
    const who = { principal: ana, minPosition: await this.log.head() }
    const onset = await this.ask<Onset>(readOnset, { ...who, number, asOf })
    const activity = await this.estate().activity({
      ...{ ...who, cis: onset.cis, direction: 'up', depth: 5, most: 200 },
      from: new Date(Date.parse(onset.at) - hours * 3_600_000).toISOString(),
      validAt: onset.at,
      asOf: onset.asOf,
    })
    return this.ask<SuspectChanges>(readSuspectChanges, { ...who, onset, activity, hours, pageSize: 50 })
  }

  /** As the endpoint asks it. */
  async impact(number: string, { hours = 72 } = {}): Promise<IncidentImpact> {
    const who = { principal: ana, minPosition: await this.log.head() }
    const implementation = await this.ask<Implementation>(readImplementation, { ...who, number })
    const reach = await this.estate().reach({
      ...{ ...who, cis: implementation.cis, direction: 'down', depth: 5, most: 200 },
      validAt: implementation.startedAt,
    })
    const asked = { ...who, implementation, reach, hours, baselineDays: 90, pageSize: 50 }
    return this.ask<IncidentImpact>(readIncidentImpact, asked)
  }

  /** As the endpoint asks it. */
  async repeatRate(
    number: string,
    { days = 90, by = ana }: { days?: number; by?: Principal } = {},
  ): Promise<RepeatRate> {
    const who = { principal: by, minPosition: await this.log.head() }
    const problem = await this.ask<FixedProblem>(readProblemFix, { ...who, number })
    const { kind, fix } = problem
    const reach =
      kind.by === 'configuration items'
        ? await this.estate().reach({
            ...{ ...who, cis: kind.cis, direction: 'down', depth: 0, most: 0 },
            validAt: fix.startedAt,
          })
        : undefined
    return this.ask<RepeatRate>(readRepeatRate, { ...who, problem, reach, days, pageSize: 50 })
  }

  private estate(): CmdbEstate {
    const ask = <Args>(query: QueryFunction<Args>, args: Args) => query(args, this.dependencies)
    return new CmdbEstate({ ask } as unknown as Queries)
  }

  async ask<Answer>(query: QueryFunction<never>, args: object): Promise<Answer> {
    const { json } = await query(args as never, this.dependencies)
    return JSON.parse(json) as Answer
  }
}
