import type { RecordedEvent } from '#libs/event-sourcing'
import { approvalRecords } from '../../approvals/approval.record.js'
import { GrantApproval, RejectApproval } from '../../approvals/domain/approval.commands.js'
import { auditReadRecords } from '../../audit/audit.records.js'
import { RecordAuditRead } from '../../audit/domain/audit.commands.js'
import { cabRecords } from '../../changes/cab.record.js'
import { changeRecords } from '../../changes/change.record.js'
import { AddToCabAgenda, GiveCabAdvice, ScheduleCabMeeting } from '../../changes/domain/cab.commands.js'
import type { CabAdvice } from '../../changes/domain/cab.events.js'
import * as c from '../../changes/domain/change.commands.js'
import type { ChangeEvent, Outcome } from '../../changes/domain/change.events.js'
import type { Risk } from '../../changes/domain/defaults.js'
import { ciRecords } from '../../configuration/configuration.records.js'
import { ChangeCi } from '../../configuration/domain/ci.commands.js'
import { groupRecords, personRecords } from '../../directory/directory.records.js'
import { AddMember, RegisterGroup } from '../../directory/domain/group.commands.js'
import { GrantRole, RegisterPerson, RevokeRole } from '../../directory/domain/person.commands.js'
import type { WriteSide } from '../../runtime/write-side.js'
import { COMMAND_LINE } from '../token.js'
import { DeskOfThePast } from './desk.js'
import {
  ADMINISTRATOR,
  AGENT_SOURCE,
  AUDITOR,
  CHANGE_MANAGER,
  COORDINATOR,
  GROUPS,
  IMPLEMENTERS,
  INTERIM,
  PEOPLE,
  REQUESTERS,
  SCANNER,
} from './people.js'
import type { Planting, YearAsPlanned } from './planting.js'
import { FIRST_MEMORY, YearEstate } from './year-estate.js'

export interface YearOptions {
  /** How many changes. Default 500; at least one of each kind. */
  changes?: number
  seed?: number
  /** Numbers of items of an estate that is there already, which changes touch besides their own. */
  estate?: readonly string[]
  onProgress?(done: number, of: number): void
}

/** Everything happens in it: before it the people come, and nothing is planted. */
const FROM = Date.parse('2025-01-06T06:00:00.000Z')
const YEAR_MS = 364 * 86_400_000
const MINUTE = 60_000
const HOUR = 3_600_000
/** The settings' answers that add up to a risk. */
const ANSWERS: Readonly<Record<Risk, Record<string, string>>> = {
  low: { success: 'often', backout: 'at once', failure: 'nobody' },
  medium: { success: 'once or twice', backout: 'within the window', failure: 'nobody' },
  high: { success: 'never', backout: 'not at all', failure: 'some users' },
}

/** What a change comes to. The first is what most do; of all others each comes up at least once. */
const KINDS = [
  'usual',
  'with issues',
  'failed, reviewed',
  'backed out, reviewed',
  'rejected',
  'voided by an edit',
  'reverted',
  'in conflict',
  'emergency',
  'emergency, ratified',
  'emergency, never ratified',
  'emergency, never reviewed',
  'failed, never reviewed',
  'implemented by its approver',
  'approved by whom had no right to',
  'started before approval elsewhere',
  'values differ',
  'outside its scope',
  'never approved',
  'long after',
] as const
type Kind = (typeof KINDS)[number]

/**
 * Makes up a year of changes with breaches of every audit question. Live commands, at times of the past, with what policies make follow from
 * them; what live rules refuse comes as an import would bring it, or by a directory that is corrected afterwards. The same seed, the
 * same year.
 * @returns what whoever looks must find
 */
export async function makeUpYear(write: WriteSide, random: () => number, options: YearOptions = {}) {
  return new ChangeYear(write, random, options).run()
}

class ChangeYear {
  readonly #desk: DeskOfThePast
  readonly #findings: Planting[] = []
  readonly #risks = { low: 0, medium: 0, high: 0 }
  readonly #advice = { recommend: 0, reject: 0, defer: 0 }
  readonly #outcomes = { successful: 0, 'with issues': 0, failed: 0, 'backed out': 0 }
  readonly #voided: string[] = []
  readonly #conflicts: [string, string][] = []
  readonly #reverts: string[] = []
  readonly #rejected: string[] = []
  readonly #estate: YearEstate
  /** What each server has by now. */
  readonly #memory = new Map<string, number>()
  #count = 0
  #clock = FROM

  constructor(
    private readonly write: WriteSide,
    private readonly random: () => number,
    private readonly options: YearOptions,
  ) {
    this.#desk = new DeskOfThePast(write)
    this.#estate = new YearEstate(write, this.#desk)
  }

  async run(): Promise<YearAsPlanned> {
    const { changes = 500, onProgress } = this.options
    await this.#enrol()
    const kinds = this.#kinds(changes)
    for (const [index, kind] of kinds.entries()) {
      this.#clock = FROM + Math.floor((index * YEAR_MS) / kinds.length)
      await this.#change(kind)
      if (index % Math.ceil(kinds.length / 12) === 0) await this.#aside(index)
      onProgress?.(index + 1, kinds.length)
    }
    this.#desk.at(FROM + YEAR_MS)
    await this.#estate.seenAtTheEnd()
    await this.#correctDirectory()
    return {
      from: new Date(FROM).toISOString(),
      to: new Date(FROM + YEAR_MS).toISOString(),
      changes: this.#count,
      findings: this.#findings,
      risks: this.#risks,
      advice: this.#advice,
      outcomes: this.#outcomes,
      voided: this.#voided,
      conflicts: this.#conflicts,
      reverts: this.#reverts,
      rejected: this.#rejected,
      ...this.#estate.planned,
    }
  }

  /** Each kind in turn for a fifth of them, the usual for the rest, in an order of the seed. */
  #kinds(changes: number): Kind[] {
    const special = Math.max(KINDS.length - 1, Math.floor(changes / 5))
    const kinds = Array.from(
      { length: Math.max(changes, special) },
      (_, index): Kind => (index < special ? KINDS[1 + (index % (KINDS.length - 1))]! : 'usual'),
    )
    for (let at = kinds.length - 1; at > 0; at--) {
      const other = Math.floor(this.random() * (at + 1))
      ;[kinds[at], kinds[other]] = [kinds[other]!, kinds[at]!]
    }
    return kinds
  }

  async #enrol(): Promise<void> {
    this.#desk.at(FROM - 7 * 24 * HOUR)
    const by = { actor: COMMAND_LINE }
    for (const { id, name, roles } of PEOPLE) {
      await this.#desk.do(personRecords, (m) => new RegisterPerson(id, { kind: 'person', name }, m), by)
      for (const role of roles) await this.#desk.do(personRecords, (m) => new GrantRole(id, { role }, m), by)
    }
    for (const id of [SCANNER, AGENT_SOURCE]) {
      await this.#desk.do(personRecords, (m) => new RegisterPerson(id, { kind: 'service', name: id }, m), by)
      await this.#desk.do(personRecords, (m) => new GrantRole(id, { role: 'service' }, m), by)
    }
    for (const [name, manager] of Object.entries({ ...GROUPS, [INTERIM.group]: INTERIM.manager }))
      await this.#desk.do(groupRecords, (m) => new RegisterGroup(name, { name, manager }, m), by)
    await this.#estate.build()
    for (const server of this.#servers) this.#memory.set(server, FIRST_MEMORY)
  }

  async #change(kind: Kind): Promise<void> {
    switch (kind) {
      case 'usual':
        return this.#close(await this.#implemented())
      case 'with issues':
        return this.#close(await this.#implemented({ outcome: 'with issues' }))
      case 'failed, reviewed':
        return this.#reviewedLate(await this.#implemented({ outcome: 'failed' }))
      case 'backed out, reviewed':
        return this.#reviewedLate(await this.#implemented({ outcome: 'backed out' }))
      case 'failed, never reviewed':
        return this.#plant('failed-not-reviewed', await this.#implemented({ outcome: 'failed' }))
      case 'rejected':
        return this.#reject()
      case 'voided by an edit':
        return this.#voidByEdit()
      case 'reverted':
        return this.#revert()
      case 'in conflict':
        return this.#conflict()
      case 'emergency':
        return this.#close(await this.#emergency(), 'emergency-not-reviewed')
      case 'emergency, never reviewed':
        return this.#plant('emergency-not-reviewed', await this.#emergency())
      case 'emergency, ratified':
        return this.#beforeApproval(true)
      case 'emergency, never ratified':
        return this.#beforeApproval(false)
      case 'implemented by its approver': {
        const number = await this.#implemented({
          implementer: GROUPS['Year Platform']!,
          group: 'Year Platform',
        })
        this.#plant('duties-not-separated', number)
        return this.#close(number)
      }
      case 'approved by whom had no right to': {
        const number = await this.#implemented({ group: INTERIM.group })
        this.#plant('approver-not-entitled', number)
        return this.#close(number)
      }
      case 'started before approval elsewhere':
        return this.#importedEarly()
      case 'values differ':
        return this.#valuesDiffer()
      case 'outside its scope':
        return this.#outsideScope()
      case 'never approved':
        return this.#neverApproved()
      case 'long after':
        return this.#longAfter()
    }
  }

  /** What happens once a month beside changes: modifications without one, new rights, and reading of the audit's data. */
  async #aside(index: number): Promise<void> {
    const ci = this.#server()
    this.#later(20 * MINUTE)
    await this.#modify(ci, this.#nextMemory(ci))
    this.#plant('modification-outside-change', ci)
    const person = REQUESTERS[index % REQUESTERS.length]!
    const group = Object.keys(GROUPS)[index % 2]!
    const members = await this.write.eventStore.readStream(`group-${group}`)
    const isMember = members.some(
      ({ type, data }) => type === 'MemberAdded' && (data as { person: string }).person === person,
    )
    if (!isMember) {
      await this.#desk.do(groupRecords, (m) => new AddMember(group, { person }, m), { actor: ADMINISTRATOR })
      this.#plant('rights-or-rules-changed', group)
    }
    const read = { what: 'findings', query: `year ${index}`, rows: 1, form: 'csv' } as const
    await this.#desk.do(auditReadRecords, (m) => new RecordAuditRead(AUDITOR, read, m), { actor: AUDITOR })
    this.#plant('audit-data-read', 'findings')
  }

  /** It turns out that the interim manager had lost her role before the year began. */
  async #correctDirectory(): Promise<void> {
    this.#desk.at(FROM)
    const revoke = { role: 'team-lead', otherAdministrators: 1 } as const
    await this.#desk.do(personRecords, (m) => new RevokeRole(INTERIM.manager, revoke, m), {
      actor: ADMINISTRATOR,
    })
    this.#plant('rights-or-rules-changed', INTERIM.manager)
  }

  // --- what changes go through

  /** Opened and assessed. */
  async #assessed(more: Partial<c.OpenChangeData> = {}, risk: Risk = this.#risk()): Promise<string> {
    const number = await this.#opened(more)
    if (more.type !== 'emergency') {
      await this.#step(COORDINATOR, (m) => new c.StartAssessment(number, {}, m))
      await this.#step(COORDINATOR, (m) => new c.AssessRisk(number, { answers: ANSWERS[risk] }, m))
      this.#risks[risk]++
    }
    return number
  }

  async #opened(more: Partial<c.OpenChangeData> = {}): Promise<string> {
    const { affectedCis = [this.#server()] } = more
    const plan = {
      type: 'normal' as const,
      title: `Work on ${affectedCis[0]}`,
      implementation: 'As described in the runbook.',
      backout: 'Put back what was there.',
      test: 'Look at it.',
      group: this.#oneOf(Object.keys(GROUPS)),
      window: { start: this.#instant(30 * MINUTE), end: this.#instant(6 * HOUR) },
      ...more,
      affectedCis: [...affectedCis, ...this.#fromEstate()],
    }
    this.#count++
    const receipt = await this.#step(this.#oneOf(REQUESTERS), (m) => new c.OpenChange(undefined, plan, m))
    return receipt.id
  }

  /** Approved by the manager of its group. */
  async #approved(number: string): Promise<void> {
    await this.#step(COORDINATOR, (m) => new c.SubmitChange(number, {}, m))
    await this.#answered(number, 'grant')
  }

  async #answered(number: string, answer: 'grant' | 'reject'): Promise<void> {
    const asked = await this.#latest(number, 'ChangeApprovalAsked')
    const { approval, hash, group } = asked.data
    const manager = group === INTERIM.group ? INTERIM.manager : GROUPS[group ?? '']!
    this.#later(10 * MINUTE)
    const wish = answer === 'grant' ? { hash } : { hash, comment: 'Not now.' }
    const Answer = answer === 'grant' ? GrantApproval : RejectApproval
    await this.#desk.do(approvalRecords, (m) => new Answer(approval, wish, m), { actor: manager })
  }

  async #done(
    number: string,
    outcome: Outcome,
    implementer: string = this.#oneOf(IMPLEMENTERS),
  ): Promise<void> {
    this.#later(30 * MINUTE)
    await this.#step(implementer, (m) => new c.StartImplementation(number, {}, m))
    await this.#ended(number, outcome, implementer)
  }

  async #ended(number: string, outcome: Outcome, implementer: string): Promise<void> {
    this.#later(HOUR)
    await this.#step(implementer, (m) => new c.EndImplementation(number, { outcome, notes: outcome }, m))
    this.#outcomes[outcome]++
  }

  /** A normal change up to Review, with a value that is written where it went well. */
  async #implemented(
    given: { outcome?: Outcome; implementer?: string; group?: string } = {},
  ): Promise<string> {
    const { outcome = 'successful', implementer, group } = given
    const ci = this.#server()
    const ramGigabytes = this.#nextMemory(ci)
    const proposedValues = [{ ci, attributes: { ramGigabytes } }]
    const number = await this.#assessed({ affectedCis: [ci], proposedValues, ...(group && { group }) })
    await this.#board(number)
    await this.#approved(number)
    await this.#done(number, outcome, implementer)
    if (outcome === 'successful' || outcome === 'with issues') this.#memory.set(ci, ramGigabytes)
    return number
  }

  async #emergency(): Promise<string> {
    const number = await this.#assessed({ type: 'emergency' })
    await this.#approved(number)
    await this.#done(number, 'successful')
    return number
  }

  /** @param question that its review puts right */
  async #close(number: string, question?: Planting['question']): Promise<void> {
    if (question !== undefined) this.#plant(question, number, false)
    await this.#reviewed(number)
    await this.#step(COORDINATOR, (m) => new c.CloseChange(number, {}, m))
  }

  async #reviewedLate(number: string): Promise<void> {
    this.#plant('failed-not-reviewed', number, false)
    await this.#reviewed(number)
  }

  async #reviewed(number: string): Promise<void> {
    const said = { objectivesMet: true, conclusion: 'As intended, or understood.' }
    await this.#step(COORDINATOR, (m) => new c.ReviewChange(number, said, m))
  }

  /** Now and then the board has a word. */
  async #board(number: string): Promise<void> {
    if (this.random() > 0.1) return
    const period = { start: this.#instant(MINUTE), end: this.#instant(HOUR) }
    const by = { actor: CHANGE_MANAGER }
    const { id } = await this.#desk.do(
      cabRecords,
      (m) => new ScheduleCabMeeting(undefined, { title: 'Board', period, members: [COORDINATOR] }, m),
      by,
    )
    await this.#desk.do(cabRecords, (m) => new AddToCabAgenda(id, { change: number }, m), by)
    this.#later(2 * MINUTE)
    const advice: CabAdvice = this.#oneOf(['recommend', 'recommend', 'defer', 'reject'])
    const comment = advice === 'recommend' ? undefined : 'Look at it once more.'
    await this.#desk.do(cabRecords, (m) => new GiveCabAdvice(id, { change: number, advice, comment }, m), by)
    this.#advice[advice]++
  }

  // --- what is planted

  async #reject(): Promise<void> {
    const number = await this.#assessed()
    await this.#step(COORDINATOR, (m) => new c.SubmitChange(number, {}, m))
    await this.#answered(number, 'reject')
    this.#rejected.push(number)
  }

  async #voidByEdit(): Promise<void> {
    const number = await this.#assessed()
    await this.#approved(number)
    await this.#step(COORDINATOR, (m) => new c.EditPlan(number, { implementation: 'Otherwise.' }, m))
    this.#voided.push(number)
    this.#plant('approval-voided-by-edit', number)
    await this.#answered(number, 'grant')
    await this.#done(number, 'successful')
    await this.#close(number)
  }

  async #revert(): Promise<void> {
    const number = await this.#implemented()
    await this.#close(number)
    const window = { start: this.#instant(30 * MINUTE), end: this.#instant(6 * HOUR) }
    const receipt = await this.#step(
      COORDINATOR,
      (m) => new c.OpenRevert(undefined, { reverts: number, type: 'normal', window }, m),
    )
    this.#count++
    this.#reverts.push(receipt.id)
  }

  /** Two at once on one server: the second is told of the first before it is approved. */
  async #conflict(): Promise<void> {
    const ci = this.#server()
    const first = await this.#assessed({ affectedCis: [ci] })
    await this.#approved(first)
    const second = await this.#assessed({ affectedCis: [ci] })
    await this.#approved(second)
    this.#conflicts.push([first, second])
    for (const number of [first, second]) {
      await this.#done(number, 'successful')
      await this.#close(number)
    }
  }

  async #beforeApproval(ratified: boolean): Promise<void> {
    const number = await this.#assessed({ type: 'emergency' })
    const startedAt = this.#instant(0)
    const implementer = this.#oneOf(IMPLEMENTERS)
    this.#later(10 * MINUTE)
    await this.#step(
      implementer,
      (m) => new c.RecordImplemented(number, { startedAt }, m),
      'It could not wait.',
    )
    this.#plant('started-before-approval', number)
    await this.#ended(number, 'successful', implementer)
    if (ratified) await this.#answered(number, 'grant')
    this.#plant('emergency-not-ratified', number, !ratified)
    this.#plant('emergency-not-reviewed', number, false)
    await this.#reviewed(number)
  }

  /** Another tool says that it was begun in New. */
  async #importedEarly(): Promise<void> {
    const ci = this.#server()
    const opened = { type: 'normal' as const, title: `Elsewhere: ${ci}`, affectedCis: [ci] }
    const by = { actor: ADMINISTRATOR, channel: 'import' } as const
    const told = (id: string | undefined, data: c.ImportChangeUpdate['data']) =>
      this.#desk.do(changeRecords, (m) => new c.ImportChangeUpdate(id, data, m), by)
    this.#later(10 * MINUTE)
    const { id } = await told(undefined, { ...opened, state: 'New' })
    this.#count++
    this.#later(10 * MINUTE)
    await told(id, { state: 'Implement' })
    this.#plant('started-before-approval', id)
  }

  async #valuesDiffer(): Promise<void> {
    const ci = this.#server()
    const ramGigabytes = this.#nextMemory(ci)
    const proposedValues = [{ ci, attributes: { ramGigabytes } }]
    const number = await this.#assessed({ affectedCis: [ci], proposedValues })
    await this.#approved(number)
    const implementer = this.#oneOf(IMPLEMENTERS)
    this.#later(30 * MINUTE)
    await this.#step(implementer, (m) => new c.StartImplementation(number, {}, m))
    await this.#modify(ci, ramGigabytes + 1, number, implementer)
    this.#plant('modification-outside-change', ci)
    await this.#ended(number, 'backed out', implementer)
    await this.#reviewedLate(number)
  }

  async #outsideScope(): Promise<void> {
    const [ci, other] = this.#twoServers()
    const number = await this.#assessed({ affectedCis: [ci] })
    await this.#approved(number)
    const implementer = this.#oneOf(IMPLEMENTERS)
    this.#later(30 * MINUTE)
    await this.#step(implementer, (m) => new c.StartImplementation(number, {}, m))
    await this.#modify(other, this.#nextMemory(other), number, implementer)
    this.#plant('modification-outside-change', other)
    await this.#ended(number, 'successful', implementer)
    await this.#close(number)
  }

  async #neverApproved(): Promise<void> {
    const ci = this.#server()
    const number = await this.#assessed({ affectedCis: [ci] })
    await this.#modify(ci, this.#nextMemory(ci), number)
    this.#plant('modification-outside-change', ci)
    await this.#step(COORDINATOR, (m) => new c.CancelChange(number, { notes: 'Done already.' }, m))
  }

  async #longAfter(): Promise<void> {
    const ci = this.#server()
    const number = await this.#assessed({ affectedCis: [ci] })
    await this.#approved(number)
    await this.#done(number, 'successful')
    await this.#close(number)
    this.#later(3 * HOUR)
    await this.#modify(ci, this.#nextMemory(ci), number)
    this.#plant('modification-outside-change', ci)
  }

  // --- small things

  #step(actor: string, build: Parameters<DeskOfThePast['do']>[1], reason?: string) {
    this.#later(5 * MINUTE)
    return this.#desk.do(changeRecords, build, { actor, reason })
  }

  async #modify(ci: string, ramGigabytes: number, change?: string, actor: string = IMPLEMENTERS[0]) {
    this.#later(5 * MINUTE)
    const data = { attributes: { ramGigabytes }, ...(change !== undefined && { change }) }
    await this.#desk.do(ciRecords, (m) => new ChangeCi(ci, data, m), { actor })
    this.#memory.set(ci, ramGigabytes)
  }

  async #latest<Type extends ChangeEvent['type']>(number: string, type: Type) {
    const events = (await this.write.eventStore.readStream(
      `change-${number}`,
    )) as RecordedEvent<ChangeEvent>[]
    const found = events.findLast((event) => event.type === type)
    if (found === undefined) throw new Error(`${number} has no ${type}`)
    return found as RecordedEvent<Extract<ChangeEvent, { type: Type }>>
  }

  #plant(question: Planting['question'], record: string, standing = true): void {
    this.#findings.push({ question, record, standing })
  }

  #later(milliseconds: number): void {
    this.#clock += milliseconds
    this.#desk.at(this.#clock)
  }

  #instant(later: number): string {
    return new Date(this.#clock + later).toISOString()
  }

  #risk(): Risk {
    return this.#oneOf(['low', 'low', 'low', 'medium', 'high'])
  }

  get #servers(): readonly string[] {
    return this.#estate.servers
  }

  #server(): string {
    return this.#oneOf(this.#servers)
  }

  #twoServers(): [string, string] {
    const first = Math.floor(this.random() * (this.#servers.length - 1))
    return [this.#servers[first]!, this.#servers[first + 1]!]
  }

  #nextMemory(ci: string): number {
    return (this.#memory.get(ci) ?? 0) + 8
  }

  #fromEstate(): string[] {
    const { estate = [] } = this.options
    return estate.length === 0 ? [] : [this.#oneOf(estate)]
  }

  #oneOf<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.random() * values.length)]!
  }
}
