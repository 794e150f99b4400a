import { randomUUID } from 'node:crypto'
import { systemPrincipal } from '#libs/access'
import type { AnyRecordType, CommandReceipt } from '#libs/command-handling'
import { type Command, type CommandMetadata, derivedId, type RecordedEvent } from '#libs/event-sourcing'
import type { AnyPolicy } from '#libs/projections-runtime'
import { approvalRecords } from '../../approvals/approval.record.js'
import { changeApprovals } from '../../approvals/domain/approval.policies.js'
import { assigneeScheduleRecords, changeRecords, ciScheduleRecords } from '../../changes/change.record.js'
import { approvalOutcomes } from '../../changes/domain/change.approval.policies.js'
import { reservations } from '../../changes/domain/change.reservation.policies.js'
import { ciRecords } from '../../configuration/configuration.records.js'
import { proposedValues } from '../../configuration/domain/configuration.policies.js'
import type { WriteSide } from '../../runtime/write-side.js'

/** What a running server's policies do of themselves between the steps of a change. */
const POLICIES: readonly AnyPolicy[] = [reservations, changeApprovals, approvalOutcomes, proposedValues]

const RECORDS: Readonly<Record<string, AnyRecordType>> = {
  ReserveCi: ciScheduleRecords,
  ReleaseCi: ciScheduleRecords,
  ReserveAssignee: assigneeScheduleRecords,
  ReleaseAssignee: assigneeScheduleRecords,
  RequestApproval: approvalRecords,
  VoidApproval: approvalRecords,
  ApplyProposedValues: ciRecords,
}

/** Does things at a time of its own, and what policies make follow from them at the same time. */
export class DeskOfThePast {
  /** ISO 8601. */
  now = ''
  /** By stream: the next revision that policies have not seen. */
  readonly #seen = new Map<string, number>()
  /** By policy and key. */
  readonly #states = new Map<string, object>()

  constructor(private readonly write: WriteSide) {}

  /** Lets time pass. */
  at(instant: number): this {
    this.now = new Date(instant).toISOString()
    return this
  }

  async do(
    records: AnyRecordType,
    build: (metadata: CommandMetadata) => Command,
    by: { actor: string; reason?: string; channel?: CommandMetadata['channel'] },
  ): Promise<CommandReceipt> {
    const { actor, reason, channel = 'api' } = by
    const receipt = await this.write.executor.execute(
      records,
      build(this.#metadata({ actor, reason, channel })),
    )
    await this.#settle([receipt.stream])
    return receipt
  }

  /** What takes several steps of its own, at this time. */
  async asIs(by: { actor: string }, work: (metadata: CommandMetadata) => Promise<void>): Promise<void> {
    await work(this.#metadata({ ...by, channel: 'api' }))
  }

  #metadata(given: Pick<CommandMetadata, 'actor' | 'reason' | 'channel'>, commandId: string = randomUUID()) {
    return { ...given, occurredAt: this.now, commandId, keyed: false, correlationId: commandId }
  }

  async #settle(streams: readonly string[]): Promise<void> {
    const waiting = [...streams]
    for (let stream = waiting.shift(); stream !== undefined; stream = waiting.shift()) {
      const from = this.#seen.get(stream) ?? 0
      const events = await this.write.eventStore.readStream(stream, { from })
      this.#seen.set(stream, from + events.length)
      for (const event of events)
        for (const policy of POLICIES) waiting.push(...(await this.#react(policy, event)))
    }
  }

  /** @returns streams that its commands have written to */
  async #react(policy: AnyPolicy, event: RecordedEvent): Promise<string[]> {
    if (!policy.from.some((prefix) => event.stream.startsWith(prefix))) return []
    const key = policy.key(event)
    if (key === undefined) return []
    const place = `${policy.name} ${key}`
    const state = policy.evolve(this.#states.get(place) ?? policy.initial, event)
    if (state === null) this.#states.delete(place)
    else this.#states.set(place, state)
    if (event.metadata.channel === 'import') return []
    const touched: string[] = []
    for (const [index, reaction] of policy.react(event, state ?? policy.initial).entries()) {
      if (reaction.kind !== 'command') continue
      const { reason } = reaction
      const metadata = this.#metadata(
        { actor: systemPrincipal(policy.name).id, channel: 'policy', reason },
        derivedId(event.id, policy.name, index),
      )
      const command = reaction.build(metadata)
      const receipt = await this.write.executor.execute(RECORDS[command.type] ?? changeRecords, command)
      touched.push(receipt.stream)
    }
    return touched
  }
}
