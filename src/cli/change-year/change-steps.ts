import type { RecordedEvent } from '#libs/event-sourcing'
import { approvalRecords } from '../../approvals/approval.record.js'
import { GrantApproval, RejectApproval } from '../../approvals/domain/approval.commands.js'
import { cabRecords } from '../../changes/cab.record.js'
import { changeRecords } from '../../changes/change.record.js'
import { AddToCabAgenda, GiveCabAdvice, ScheduleCabMeeting } from '../../changes/domain/cab.commands.js'
import type { CabAdvice } from '../../changes/domain/cab.events.js'
import * as c from '../../changes/domain/change.commands.js'
import type { ChangeEvent, Outcome } from '../../changes/domain/change.events.js'
import type { Risk } from '../../changes/domain/defaults.js'
import type { DeskOfThePast } from './desk.js'
import { CHANGE_MANAGER, COORDINATOR, GROUPS, IMPLEMENTERS, INTERIM, REQUESTERS } from './people.js'
import { HOUR, MINUTE, type YearInProgress } from './year-in-progress.js'

/** The settings' answers that add up to a risk. */
const ANSWERS: Readonly<Record<Risk, Record<string, string>>> = {
  low: { success: 'often', backout: 'at once', failure: 'nobody' },
  medium: { success: 'once or twice', backout: 'within the window', failure: 'nobody' },
  high: { success: 'never', backout: 'not at all', failure: 'some users' },
}

/** What changes of the year go through, each step a while after the one before; and how many went which way. */
export class ChangeSteps {
  readonly risks = { low: 0, medium: 0, high: 0 }
  readonly advice = { recommend: 0, reject: 0, defer: 0 }
  readonly outcomes = { successful: 0, 'with issues': 0, failed: 0, 'backed out': 0 }
  /** How many changes there are. */
  count = 0

  /** @param others numbers of items besides the year's own, which changes touch, too */
  constructor(
    readonly year: YearInProgress,
    private readonly others: readonly string[],
  ) {}

  step(actor: string, build: Parameters<DeskOfThePast['do']>[1], reason?: string) {
    this.year.later(5 * MINUTE)
    return this.year.desk.do(changeRecords, build, { actor, reason })
  }

  /** Opened, and assessed unless it is an emergency. @returns its number */
  async assessed(more: Partial<c.OpenChangeData> = {}): Promise<string> {
    const risk: Risk = this.year.oneOf(['low', 'low', 'low', 'medium', 'high'])
    const number = await this.#opened(more)
    if (more.type !== 'emergency') {
      await this.step(COORDINATOR, (m) => new c.StartAssessment(number, {}, m))
      await this.step(COORDINATOR, (m) => new c.AssessRisk(number, { answers: ANSWERS[risk] }, m))
      this.risks[risk]++
    }
    return number
  }

  async #opened(more: Partial<c.OpenChangeData>): Promise<string> {
    const { year } = this
    const { affectedCis = [year.server()] } = more
    const plan = {
      type: 'normal' as const,
      title: `Work on ${affectedCis[0]}`,
      implementation: 'As described in the runbook.',
      backout: 'Put back what was there.',
      test: 'Look at it.',
      group: year.oneOf(Object.keys(GROUPS)),
      window: this.usualWindow(),
      ...more,
      affectedCis: [...affectedCis, ...(this.others.length === 0 ? [] : [year.oneOf(this.others)])],
    }
    this.count++
    const receipt = await this.step(year.oneOf(REQUESTERS), (m) => new c.OpenChange(undefined, plan, m))
    return receipt.id
  }

  usualWindow(): { start: string; end: string } {
    return { start: this.year.instant(30 * MINUTE), end: this.year.instant(6 * HOUR) }
  }

  /** Approved by the manager of its group. */
  async approved(number: string): Promise<void> {
    await this.step(COORDINATOR, (m) => new c.SubmitChange(number, {}, m))
    await this.answered(number, 'grant')
  }

  async answered(number: string, answer: 'grant' | 'reject'): Promise<void> {
    const asked = await this.#latest(number, 'ChangeApprovalAsked')
    const { approval, hash, group } = asked.data
    const manager = group === INTERIM.group ? INTERIM.manager : GROUPS[group ?? '']!
    this.year.later(10 * MINUTE)
    const wish = answer === 'grant' ? { hash } : { hash, comment: 'Not now.' }
    const Answer = answer === 'grant' ? GrantApproval : RejectApproval
    await this.year.desk.do(approvalRecords, (m) => new Answer(approval, wish, m), { actor: manager })
  }

  async done(
    number: string,
    outcome: Outcome,
    implementer: string = this.year.oneOf(IMPLEMENTERS),
  ): Promise<void> {
    await this.started(number, implementer)
    await this.ended(number, outcome, implementer)
  }

  async started(number: string, implementer: string): Promise<void> {
    this.year.later(30 * MINUTE)
    await this.step(implementer, (m) => new c.StartImplementation(number, {}, m))
  }

  async ended(number: string, outcome: Outcome, implementer: string): Promise<void> {
    this.year.later(HOUR)
    await this.step(implementer, (m) => new c.EndImplementation(number, { outcome, notes: outcome }, m))
    this.outcomes[outcome]++
  }

  /** A normal change up to Review, with a value that is written where it went well. */
  async implemented(
    given: { outcome?: Outcome; implementer?: string; group?: string } = {},
  ): Promise<string> {
    const { outcome = 'successful', implementer, group } = given
    const ci = this.year.server()
    const ramGigabytes = this.year.nextMemory(ci)
    const proposedValues = [{ ci, attributes: { ramGigabytes } }]
    const number = await this.assessed({ affectedCis: [ci], proposedValues, ...(group && { group }) })
    await this.#board(number)
    await this.approved(number)
    await this.done(number, outcome, implementer)
    if (outcome === 'successful' || outcome === 'with issues') this.year.hasMemory(ci, ramGigabytes)
    return number
  }

  /** An emergency change up to Review. */
  async emergency(): Promise<string> {
    const number = await this.assessed({ type: 'emergency' })
    await this.approved(number)
    await this.done(number, 'successful')
    return number
  }

  async reviewed(number: string): Promise<void> {
    const said = { objectivesMet: true, conclusion: 'As intended, or understood.' }
    await this.step(COORDINATOR, (m) => new c.ReviewChange(number, said, m))
  }

  /** Reviewed and closed. */
  async closed(number: string): Promise<void> {
    await this.reviewed(number)
    await this.step(COORDINATOR, (m) => new c.CloseChange(number, {}, m))
  }

  /** Now and then the board has a word. */
  async #board(number: string): Promise<void> {
    const { year } = this
    if (year.random() > 0.1) return
    const period = { start: year.instant(MINUTE), end: year.instant(HOUR) }
    const by = { actor: CHANGE_MANAGER }
    const { id } = await year.desk.do(
      cabRecords,
      (m) => new ScheduleCabMeeting(undefined, { title: 'Board', period, members: [COORDINATOR] }, m),
      by,
    )
    await year.desk.do(cabRecords, (m) => new AddToCabAgenda(id, { change: number }, m), by)
    year.later(2 * MINUTE)
    const advice: CabAdvice = year.oneOf(['recommend', 'recommend', 'defer', 'reject'])
    const comment = advice === 'recommend' ? undefined : 'Look at it once more.'
    await year.desk.do(cabRecords, (m) => new GiveCabAdvice(id, { change: number, advice, comment }, m), by)
    this.advice[advice]++
  }

  async #latest<Type extends ChangeEvent['type']>(number: string, type: Type) {
    const events = (await this.year.write.eventStore.readStream(
      `change-${number}`,
    )) as RecordedEvent<ChangeEvent>[]
    const found = events.findLast((event) => event.type === type)
    if (found === undefined) throw new Error(`${number} has no ${type}`)
    return found as RecordedEvent<Extract<ChangeEvent, { type: Type }>>
  }
}
