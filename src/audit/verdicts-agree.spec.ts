import * as fc from 'fast-check'
import type { DomainEvent, Fact, FactQuestion, RecordedEvent } from '#libs/event-sourcing'
import { commandMetadata, EventFactory, InMemoryView } from '#libs/testing'
import { auditFindings } from '#projections/audit-findings/audit-findings'
import { type JudgedVerdict } from '#projections/audit-findings/finding'
import { MODIFICATIONS } from '#projections/audit-findings/modification-findings'
import type { ChangeEvent } from '../changes/domain/change.events.js'
import type { CiEvent } from '../configuration/domain/configuration.events.js'
import type { JudgeModifications } from './domain/audit.commands.js'
import type { JudgementEvent } from './domain/audit.events.js'
import { judgement } from './domain/audit.policies.js'
import { judgementDecider } from './domain/judgement.decider.js'

const CI = 'CI0000001'
const CHANGES = ['CHG0000001', 'CHG0000002', 'CHG0000003'] as const

interface JudgedModification {
  id: string
  verdicts: readonly JudgedVerdict[]
}

/** A log in which modifications are judged at once, and the findings in it. */
class Estate {
  readonly #factory = new EventFactory()
  readonly #streams = new Map<string, RecordedEvent[]>()
  readonly #policyStates = new Map<string, Parameters<typeof judgement.evolve>[0]>()
  readonly #view = new InMemoryView()

  tell(stream: string, event: CiEvent | ChangeEvent): void {
    const recorded = this.#append(stream, event) as RecordedEvent<CiEvent | ChangeEvent>
    auditFindings.fold(recorded as never, this.#view)
    const key = judgement.key(recorded)!
    const state = judgement.evolve(this.#policyStates.get(key) ?? judgement.initial, recorded)!
    this.#policyStates.set(key, state)
    for (const reaction of judgement.react(recorded, state))
      if (reaction.kind === 'command') this.#judge(reaction.build(commandMetadata()) as JudgeModifications)
  }

  /** Verdicts on each modification, with the change that each rests on: as findings tell them, and as events do. */
  get told(): { findings: Record<string, string[]>; events: Record<string, string[]> } {
    const findings: Record<string, string[]> = {}
    for (const { id, verdicts } of this.#view.all<JudgedModification>(MODIFICATIONS)) {
      const all = verdicts.map(({ verdict, change }) => `${verdict} ${change}`)
      // What was allowed from the beginning is no finding
      const told = all[0]?.startsWith('authorised') ? all.slice(1) : all
      if (told.length > 0) findings[id] = told
    }
    const events: Record<string, string[]> = {}
    for (const { type, data } of this.#of<JudgementEvent>(`judgement-${CI}`)) {
      const verdict = type === 'UnauthorisedChangeDetected' ? data.verdict : 'authorised'
      events[data.modification] = [...(events[data.modification] ?? []), `${verdict} ${data.change}`]
    }
    return { findings, events }
  }

  #append(stream: string, event: DomainEvent): RecordedEvent {
    const recorded = this.#factory.event(event, {}, stream)
    this.#streams.set(stream, [...this.#of(stream), recorded])
    return recorded
  }

  #of<E extends DomainEvent>(stream: string): RecordedEvent<E>[] {
    return (this.#streams.get(stream) ?? []) as RecordedEvent<E>[]
  }

  #judge(command: JudgeModifications): void {
    const stream = `judgement-${command.id}`
    const state = this.#of<JudgementEvent>(stream).reduce(judgementDecider.evolve, judgementDecider.initial)
    const facts: Record<string, Fact<unknown>> = {}
    const answer = (questions: object) => {
      for (const [name, question] of Object.entries(questions) as [string, FactQuestion<unknown>][])
        facts[name] = {
          value: this.#of(question.stream).reduce(question.fold.evolve, question.fold.initial),
          stream: question.stream,
          revision: this.#of(question.stream).length - 1,
        }
    }
    answer(judgementDecider.facts!(command, state))
    answer(judgementDecider.furtherFacts!(command, state, facts as never))
    for (const event of judgementDecider.decide(command, state, facts as never)) this.#append(stream, event)
  }
}

const link = { relation: 'related-to', targetType: 'configuration-item', target: CI } as const
const open: ChangeEvent = {
  type: 'ChangeOpened',
  data: { title: 'More', type: 'normal', affectedCis: [CI], proposedValues: [] } as never,
}
const OF_CHANGES: Readonly<Record<string, ChangeEvent>> = {
  approve: { type: 'ChangeApproved', data: { round: 1, approval: 'A', hash: 'h', approvers: ['lea'] } },
  void: { type: 'ChangeApprovalVoided', data: { round: 1 } as never },
  start: { type: 'ImplementationStarted', data: { implementer: 'ian', breaches: [] } as never },
  link: { type: 'ChangeLinked', data: { link } },
  unlink: { type: 'ChangeUnlinked', data: { link } },
}

/** What happens next, in words: `approve CHG0000001`, `modify`, `modify CHG0000001`, `rename`, `reclassify`, `retire`. */
const steps = fc.oneof(
  fc.constantFrom('modify', 'rename', 'reclassify', 'retire'),
  fc.constantFrom(...CHANGES).map((change) => `modify ${change}`),
  fc
    .tuple(
      fc.constantFrom(...Object.keys(OF_CHANGES), 'link', 'approve', 'start'),
      fc.constantFrom(...CHANGES),
    )
    .map((words) => words.join(' ')),
)

function happened(story: readonly string[]): Estate {
  const estate = new Estate()
  const registered = { class: 'server', name: 'db-01', attributes: {} }
  estate.tell(`ci-${CI}`, { type: 'CiRegistered', data: registered })
  for (const change of CHANGES) estate.tell(`change-${change}`, open)
  const linked = new Set<string>()
  for (const step of story) {
    const [what, change] = step.split(' ') as [string, string?]
    const because = change !== undefined && { change }
    const changes = { osVersion: { before: '1', after: '2' } }
    if (what === 'modify') estate.tell(`ci-${CI}`, { type: 'CiChanged', data: { changes, ...because } })
    else if (what === 'reclassify')
      estate.tell(`ci-${CI}`, { type: 'CiReclassified', data: { before: 'server', after: 'server' } })
    else if (what === 'rename')
      estate.tell(`ci-${CI}`, { type: 'CiRenamed', data: { before: 'db-01', after: 'db-02' } })
    else if (what === 'retire') estate.tell(`ci-${CI}`, { type: 'CiRetired', data: {} })
    // A link is there once, and taken away once
    else if ((what === 'link') === linked.has(change!) && what.endsWith('link')) continue
    else {
      if (what === 'link') linked.add(change!)
      if (what === 'unlink') linked.delete(change!)
      estate.tell(`change-${change}`, OF_CHANGES[what]!)
    }
  }
  return estate
}

describe('Events and findings tell the same verdicts on modifications', () => {
  it('in the same order, resting on the same changes, whatever is approved, begun, linked and unlinked', () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 24 }), (story) => {
        const { findings, events } = happened(story).told
        expect(events).toEqual(findings)
      }),
      { seed, numRuns: 1_000 },
    )
  })

  it('and a modification that a linked change allows is allowed, whatever others say (counter-proof of one that judges alone)', () => {
    const story = ['modify', 'link CHG0000001', 'approve CHG0000002', 'start CHG0000002', 'link CHG0000002']
    const last = (more: readonly string[]) =>
      Object.values(happened([...story, ...more]).told.events)[0]?.at(-1)
    expect(last(['unlink CHG0000001'])).toBe('authorised CHG0000002')
    expect(last(['unlink CHG0000002'])).toBe('not-approved CHG0000001')
    expect(last(['unlink CHG0000002', 'unlink CHG0000001'])).toBe('no-change undefined')
  })
})
