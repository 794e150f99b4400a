import type { DomainEvent } from '#libs/event-sourcing'
import { CANDIDATES, type Candidate, candidateId } from './candidates.js'
import { FoldedView } from './folded-view.fixture.js'
import { USUAL_SETTINGS } from './linking.js'
import type { ScenarioEvent } from './scenario.fixture.js'

const DAY = 86_400_000
const AT = Date.UTC(2026, 0, 13)
const ID = candidateId('INC0000001')

const incident = (number: string, at: number, fields: object): ScenarioEvent => ({
  stream: `incident-${number}`,
  event: { type: 'IncidentOpened', data: { audience: { kind: 'public' }, ...fields } },
  at,
})
/** So many that have nothing to do with it, so that agreement means something. */
const others = Array.from({ length: 300 }, (_, n) =>
  incident(`INC9${String(n).padStart(6, '0')}`, AT - 8 * DAY + n * 1_000, {
    title: `thing${n} trouble${n}`,
    category: `category-${n % 9}`,
  }),
)
const kin = (number: string, at: number) =>
  incident(number, at, {
    title: 'Quokka viaduct gantry',
    category: 'rare',
    subcategory: 'rarer',
    symptom: 'rarest',
  })
const told = (stream: string, event: DomainEvent, at: number): ScenarioEvent => ({ stream, event, at })
const link = (number: string, target: string, type = 'LinkAdded') =>
  told(
    `incident-${number}`,
    { type, data: { link: { relation: 'has-problem', targetType: 'problem', target } } },
    AT + DAY,
  )
const accepted = (at = AT + DAY, into?: string) =>
  told(
    ID,
    { type: 'ProblemCandidateAccepted', data: { title: '', score: 1, memberCount: 2, incidents: [], into } },
    at,
  )
const opened = (number: string, at = AT + DAY, candidate: string | undefined = 'INC0000001') =>
  told(
    `problem-${number}`,
    { type: 'ProblemOpened', data: { title: 'x', affectedCis: [], origin: 'reactive', candidate } },
    at,
  )
const step = (number: string, type: string, at: number, data: object = {}) =>
  told(`problem-${number}`, { type, data }, at)

const two = [kin('INC0000001', AT), kin('INC0000002', AT + 1)]
const candidateOf = (...events: ScenarioEvent[]) =>
  new FoldedView(USUAL_SETTINGS).foldAll([...others, ...events]).get<Candidate>(CANDIDATES, ID)

describe('a candidate that became a problem', () => {
  const became = [...two, accepted(), opened('PRB0000001')]
  const late = (at: number) => kin('INC0000003', at)

  it('names it', () => {
    expect(candidateOf(...became)).toMatchObject({ status: 'accepted', problem: 'PRB0000001', notLinked: 2 })
    expect(candidateOf(...two, accepted(), opened('PRB0000001', AT + DAY, 'INC0000002'))?.problem).toBe(
      undefined,
    )
  })

  it('is accepted by that alone, when a person opened it', () => {
    expect(candidateOf(...two, opened('PRB0000001'))).toMatchObject({
      status: 'accepted',
      problem: 'PRB0000001',
      decided: { by: 'ann', memberCount: 2 },
    })
  })

  it('shows which incidents are linked, and which that came later are not', () => {
    const linked = [...became, link('INC0000001', 'PRB0000001'), link('INC0000002', 'PRB0000001')]
    expect(candidateOf(...linked)?.notLinked).toBe(0)
    const grown = candidateOf(...linked, late(AT + 2 * DAY))
    expect(grown).toMatchObject({ status: 'accepted', memberCount: 3, notLinked: 1 })
    expect(grown?.members.map(({ problems }) => problems)).toEqual([
      ['PRB0000001'],
      ['PRB0000001'],
      undefined,
    ])
    expect(candidateOf(...linked, link('INC0000001', 'PRB0000001', 'LinkRemoved'))?.notLinked).toBe(1)
  })

  it('knows of links that are older than itself', () => {
    const [first, second] = two as [ScenarioEvent, ScenarioEvent]
    expect(candidateOf(first, link('INC0000001', 'PRB0000007'), second)).toMatchObject({
      notLinked: 1,
      members: [{ problems: ['PRB0000007'] }, {}],
    })
  })

  it.each(['ProblemClosed', 'ProblemCanceled'])(
    'is back after %s when an incident was opened since, with the old problem',
    (type) => {
      const over = [...became, step('PRB0000001', type, AT + 5 * DAY)]
      expect(candidateOf(...over)?.status).toBe('accepted')
      expect(candidateOf(...over, late(AT + 4 * DAY))?.status).toBe('accepted')
      expect(candidateOf(...over, late(AT + 6 * DAY))).toMatchObject({
        status: 'open',
        problem: 'PRB0000001',
      })
    },
  )

  it('is not back while its problem goes on, however many incidents come (counter-proof)', () => {
    const resolved = [...became, step('PRB0000001', 'ProblemResolved', AT + 5 * DAY)]
    expect(candidateOf(...resolved, late(AT + 6 * DAY))?.status).toBe('accepted')
  })

  it('becomes another one when it is back, and is over with that one only', () => {
    const again = [
      ...became,
      step('PRB0000001', 'ProblemClosed', AT + 5 * DAY),
      late(AT + 6 * DAY),
      accepted(AT + 7 * DAY),
      opened('PRB0000002', AT + 7 * DAY),
    ]
    expect(candidateOf(...again)).toMatchObject({ status: 'accepted', problem: 'PRB0000002' })
    expect(candidateOf(...again, kin('INC0000004', AT + 8 * DAY))?.status).toBe('accepted')
  })

  describe('by being accepted into it', () => {
    const into = 'PRB0000007'
    const existing = opened(into, AT - DAY, 'INC7777777')
    const joined = [...two, existing, accepted(AT + DAY, into)]

    it('names it', () => {
      expect(candidateOf(...joined)).toMatchObject({ status: 'accepted', problem: into, notLinked: 2 })
    })

    it('is back once that is closed and an incident was opened since', () => {
      const over = [...joined, step(into, 'ProblemClosed', AT + 5 * DAY)]
      expect(candidateOf(...over, late(AT + 4 * DAY))?.status).toBe('accepted')
      expect(candidateOf(...over, late(AT + 6 * DAY))).toMatchObject({ status: 'open', problem: into })
    })

    it('is back, too, when that was closed already', () => {
      const over = [...two, existing, step(into, 'ProblemClosed', AT + 1), accepted(AT + DAY, into)]
      expect(candidateOf(...over)).toMatchObject({ status: 'accepted', problem: into })
      expect(candidateOf(...over, late(AT + 2 * DAY))?.status).toBe('open')
    })

    it('goes over to the survivor with it', () => {
      const duplicate = step(into, 'ProblemMarkedDuplicate', AT + 2 * DAY, { survivor: 'PRB0000002' })
      expect(candidateOf(...joined, duplicate)?.problem).toBe('PRB0000002')
    })

    it('stays what it is when it is accepted into the one that it has become', () => {
      const again = candidateOf(...became, accepted(AT + 2 * DAY, 'PRB0000001'))
      expect(again).toMatchObject({ status: 'accepted', problem: 'PRB0000001' })
    })
  })

  it('goes over to the survivor with a duplicate, and is over with it', () => {
    const duplicate = step('PRB0000001', 'ProblemMarkedDuplicate', AT + 2 * DAY, { survivor: 'PRB0000002' })
    const closed = step('PRB0000002', 'ProblemClosed', AT + 5 * DAY)
    const moved = [...became, opened('PRB0000002', AT, 'INC7777777'), duplicate]
    expect(candidateOf(...moved, late(AT + 3 * DAY))).toMatchObject({
      status: 'accepted',
      problem: 'PRB0000002',
    })
    expect(candidateOf(...moved, closed, late(AT + 6 * DAY))?.status).toBe('open')
    // Also to one that was closed before
    const before = step('PRB0000002', 'ProblemClosed', AT + DAY)
    expect(candidateOf(...became, before, duplicate, late(AT + 3 * DAY))?.status).toBe('open')
  })
})
