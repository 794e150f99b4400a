import fc from 'fast-check'
import type { DomainEvent } from '#libs/event-sourcing'
import { CANDIDATES } from './candidates.js'
import { FoldedView } from './folded-view.fixture.js'
import { type CorrelatedIncident, USUAL_SETTINGS } from './linking.js'
import type { ScenarioEvent } from './scenario.fixture.js'

/** An incident that is opened in a group is one command's doing: what is seen ahead may be done at once, to the same effect. */

const START = Date.UTC(2026, 0, 5)
const AT = START + 86_400_000

const opening: DomainEvent = {
  type: 'IncidentOpened',
  data: { title: 'Quokka viaduct gantry', category: 'rare', audience: { kind: 'public' } },
}
const priority: DomainEvent = { type: 'PriorityDerived', data: { impact: 1, urgency: 1, priority: 1 } }
const assignedTo = (group: string | null): DomainEvent => ({
  type: 'AssignedToGroup',
  data: { group, previousGroup: null, previousPerson: null },
})
const categorized: DomainEvent = {
  type: 'IncidentCategorized',
  data: { category: { from: 'rare', to: 'rarer' } },
}

type Told = [ScenarioEvent, ...ScenarioEvent[]]
const told = (number: string, at: number, events: readonly DomainEvent[]) =>
  events.map((event) => ({ stream: `incident-${number}`, event, at })) as Told

describe('an incident whose command gives it a group', () => {
  /** The group that it has as soon as it is opened. */
  const groupAtOnce = (events: readonly DomainEvent[], at = AT) => {
    const view = new FoldedView(USUAL_SETTINGS)
    view.foldAll(told('INC0000001', AT, [opening]))
    view.foldFirst(told('INC0000002', at, events), 'one')
    return view.incident('INC0000002')?.traits.group
  }

  it('has it at once', () => {
    expect(groupAtOnce([opening, priority, assignedTo('Network'), assignedTo('Desk')])).toBe('Network')
  })

  it.each<[string, readonly DomainEvent[]]>([
    ['the batch ends before', [opening, priority]],
    ['it is described anew before', [opening, categorized, assignedTo('Network')]],
    ['it has none', [opening, assignedTo(null)]],
  ])('has none yet where %s (counter-proof)', (_, events) => {
    expect(groupAtOnce(events)).toBeUndefined()
  })

  it('has none yet where the log tells of it late, since later ones are compared with it as it is told (counter-proof)', () => {
    expect(groupAtOnce([opening, assignedTo('Network')], AT - 1)).toBeUndefined()
  })

  it('has none yet by another command, or another incident’s (counter-proof)', () => {
    const view = new FoldedView(USUAL_SETTINGS)
    const [first] = told('INC0000001', AT, [opening])
    view.foldFirst([first, ...told('INC0000002', AT, [assignedTo('Network')])], 'one')
    expect(view.incident('INC0000001')?.traits.group).toBeUndefined()
  })
})

it.each([
  ['NUL', '\0'],
  ['half a character', '\ud800'],
])('incidents are told to be alike by values with %s, which no id of a document has', (_, odd) => {
  const fields = { category: `a${odd}b`, subcategory: odd, symptom: `${odd}c`, primaryCi: `mail${odd}` }
  const opened: DomainEvent = {
    type: 'IncidentOpened',
    data: { title: 'Quokka viaduct gantry', audience: { kind: 'public' }, ...fields },
  }
  const moved: DomainEvent = {
    type: 'IncidentCategorized',
    data: { category: { from: fields.category, to: `d${odd}` } },
  }
  const view = new FoldedView(USUAL_SETTINGS)
  view.foldAll(told('INC0000001', AT, [opened]))
  view.foldAll(told('INC0000002', AT + 60_000, [opened, moved]))
  const { traits } = view.incident('INC0000002') as CorrelatedIncident
  expect(traits).toMatchObject({ category: `d${odd}`, subcategory: odd })
  expect(view.ranked(traits, view.listedWith(traits))).toEqual(['INC0000001'])
})

it('what is done at once comes to the same as what is done step by step', () => {
  const fields = fc.record({
    title: fc.constantFrom('Quokka viaduct gantry', 'Printer on fire', 'Mail client is slow', 'Mail viaduct'),
    category: fc.constantFrom('a', 'b', 'c'),
    subcategory: fc.constantFrom('d', 'e', undefined),
    symptom: fc.constantFrom('f', 'g', undefined),
    location: fc.constantFrom('h', 'i', undefined),
    primaryCi: fc.constantFrom('CI0000001', 'CI0000002', undefined),
    audience: fc.constantFrom({ kind: 'public' }, { kind: 'public' }, { kind: 'restricted' }),
  })
  const others = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('A', 'B', 'C', null).map(assignedTo) },
      { weight: 2, arbitrary: fc.constant(priority) },
      { weight: 1, arbitrary: fc.constant(categorized) },
    ),
    { maxLength: 3 },
  )
  /** Minutes since the incident before was opened. */
  const gap = fc.constantFrom(0, 1, 5, 60, -30)
  const history = fc.array(fc.record({ fields, others, gap }), { minLength: 10, maxLength: 40 })
  /** So few incidents are seldom close beyond chance. */
  const easily = { ...USUAL_SETTINGS, threshold: -2, mergeThreshold: 0 }
  let linked = 0
  fc.assert(
    fc.property(history, (incidents) => {
      const [atOnce, stepByStep] = [new FoldedView(easily), new FoldedView(easily)]
      let at = AT
      for (const [n, { fields, others, gap }] of incidents.entries()) {
        at += gap * 60_000
        const events = told(`INC${1_000 + n}`, at, [{ type: 'IncidentOpened', data: fields }, ...others])
        for (let place = 0; place < events.length; place++)
          atOnce.foldFirst(events.slice(place) as Told, `command ${n}`)
        for (const { stream, event } of events) stepByStep.fold(stream, event, at, `command ${n}`)
      }
      expect(atOnce.all).toEqual(stepByStep.all)
      linked += atOnce.documents(CANDIDATES).length
    }),
    { numRuns: 60 },
  )
  expect(linked).toBeGreaterThan(0)
})
