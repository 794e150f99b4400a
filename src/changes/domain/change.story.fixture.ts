import type { RecordedEvent, Refused } from '#libs/event-sourcing'
import { commandMetadata, factsOf, recorded, type ToldEvent } from '#libs/testing'
import * as c from './change.commands.js'
import { changeDecider } from './change.decider.js'
import type { ChangeEvent, Plan } from './change.events.js'
import { type Change, type ChangeRecord, isOpened } from './change.state.js'
import { CI_SCHEDULE } from './schedule.decider.js'

export const CHANGE = 'CHG0000001'
export const WINDOW = { start: '2026-03-02T20:00:00.000Z', end: '2026-03-02T23:00:00.000Z' }
export const PLAN: Omit<Plan, 'title'> = {
  description: 'The new release.',
  implementation: 'Install it.',
  backout: 'Install the old one.',
  test: 'Log in.',
  window: WINDOW,
  affectedCis: ['CI1', 'CI2'],
  proposedValues: [{ ci: 'CI1', attributes: { osVersion: '2' } }],
}

/** Several commands to one change, as the executor would run them: each sees what those before it wrote. */
export class ChangeStory {
  readonly events: ChangeEvent[] = []
  #record: ChangeRecord = changeDecider.initial
  readonly others = new Map<string, ToldEvent[]>([
    ['person-rita', [registered('Rita')]],
    ['person-ann', [registered('Ann')]],
    ['person-lea', [registered('Lea'), { type: 'RoleGranted', data: { role: 'team-lead', source: 'idp' } }]],
    ['group-network', [{ type: 'GroupRegistered', data: { name: 'Network', manager: 'lea' } }]],
    ['ci-CI1', [ci('web', { osVersion: '1' })]],
    ['ci-CI2', [ci('db', {})]],
    ['ci-CI3', [ci('other', {})]],
  ])

  constructor(readonly number = CHANGE) {}

  get change(): Change {
    if (!isOpened(this.#record)) throw new Error('not opened')
    return this.#record
  }
  get state(): string {
    return this.#record.stage.state
  }

  /** Sends a command; its events are answered, and stand in the story. */
  send(
    Type: new (id: string, data: never, metadata: never) => c.ChangeCommand,
    data: object = {},
    metadata: Parameters<typeof commandMetadata>[0] = {},
  ): readonly ChangeEvent[] {
    const command = new Type(
      this.number,
      data as never,
      commandMetadata({ actor: 'rita', occurredAt: '2026-03-01T09:00:00.000Z', ...metadata }) as never,
    )
    const known = factsOf(changeDecider, command, this.#record, this.others)
    const decided = changeDecider.decide(command, this.#record, known)
    const { occurredAt, channel, actor } = command.metadata
    for (const event of recorded(`change-${this.number}`, JSON.parse(JSON.stringify(decided)), {
      occurredAt,
      channel,
      actor,
    })) {
      this.#record = changeDecider.evolve(this.#record, event as RecordedEvent<ChangeEvent>)
      this.events.push(event as ChangeEvent)
    }
    return decided
  }

  /** The code it is refused with; undefined: it was not. */
  refused(...args: Parameters<ChangeStory['send']>): string | undefined {
    try {
      this.send(...args)
      return undefined
    } catch (error) {
      if ((error as Refused).code === undefined) throw error
      return (error as Refused).code
    }
  }

  /** Puts what it uses into the calendars, as the policy does. */
  reserve(): this {
    const { plan, planned } = this.change
    for (const each of plan.affectedCis) {
      const stream = CI_SCHEDULE + each
      const entry = { change: this.number, period: planned ?? plan.window! }
      this.others.set(stream, [...(this.others.get(stream) ?? []), { type: 'CiReserved', data: entry }])
    }
    return this
  }

  open(type: 'normal' | 'emergency' = 'normal', plan: Partial<Plan> = {}): this {
    this.send(c.OpenChange, { type, title: 'Release 2', group: 'network', ...PLAN, ...plan })
    return this
  }
  submit(): this {
    if (this.change.plan.type === 'normal') {
      this.send(c.StartAssessment)
      this.send(c.AssessRisk)
    }
    this.send(c.SubmitChange)
    return this
  }
  ask(): this {
    this.reserve().send(c.AskApproval, { round: this.change.rounds }, { actor: 'system:change_reservations' })
    return this
  }
  outcome(outcome: 'approved' | 'rejected' | 'lapsed'): this {
    const { approval, hash } = this.asked
    this.send(c.RecordApprovalOutcome, { approval, hash, outcome, approvers: ['ann'] })
    return this
  }
  get asked() {
    const asked = this.events.findLast(({ type }) => type === 'ChangeApprovalAsked')
    return asked!.data as Extract<ChangeEvent, { type: 'ChangeApprovalAsked' }>['data']
  }
  approved(): this {
    return this.open().submit().ask().outcome('approved')
  }
  implementing(): this {
    this.approved().send(c.StartImplementation, {}, IN_WINDOW)
    return this
  }
}

export const IN_WINDOW = { actor: 'ivan', occurredAt: '2026-03-02T20:30:00.000Z' }

function registered(name: string): ToldEvent {
  return { type: 'PersonRegistered', data: { name } }
}
function ci(name: string, attributes: object): ToldEvent {
  return { type: 'CiRegistered', data: { class: 'server', name, attributes } }
}
