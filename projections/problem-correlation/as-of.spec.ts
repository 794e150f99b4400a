import fc from 'fast-check'
import { CANDIDATES, type Candidate, candidateId } from './candidates.js'
import { FoldedView } from './folded-view.fixture.js'
import { USUAL_SETTINGS } from './linking.js'
import type { ScenarioEvent } from './scenario.fixture.js'
import { candidatesNow } from './similar.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const AT = Date.UTC(2026, 2, 10, 9)

/** So many that have nothing to do with it, so that agreement means something. */
const others = Array.from(
  { length: 400 },
  (_, n): ScenarioEvent => ({
    stream: `incident-INC9${String(n).padStart(6, '0')}`,
    event: {
      type: 'IncidentOpened',
      data: {
        title: '',
        audience: { kind: 'public' },
        ...{ category: `category-${n % 9}`, subcategory: `sub-${n % 31}`, symptom: `symptom-${n % 57}` },
        ...{ location: `location-${n % 13}`, service: `service-${n % 17}` },
      },
    },
    at: AT - 40 * DAY + n * HOUR,
  }),
)

type Kind = Partial<Record<'category' | 'subcategory' | 'symptom' | 'location' | 'service', string>>
const X: Kind = { category: 'X', subcategory: 'X1', symptom: 'X2' }
const Y: Kind = { category: 'Y', subcategory: 'Y1', symptom: 'Y2' }

const opened = (number: string, at: number, kind: object, more: object = {}): ScenarioEvent => ({
  stream: `incident-${number}`,
  event: { type: 'IncidentOpened', data: { title: number, audience: { kind: 'public' }, ...kind, ...more } },
  at,
})
const became = (number: string, at: number, from: Kind, to: Kind): ScenarioEvent => {
  const change = (field: keyof Kind) => ({ from: from[field] ?? null, to: to[field] ?? null })
  const data = {
    category: change('category'),
    subcategory: change('subcategory'),
    symptom: change('symptom'),
  }
  return { stream: `incident-${number}`, event: { type: 'IncidentCategorized', data }, at }
}
const audience = (number: string, at: number, kind: string): ScenarioEvent => ({
  stream: `incident-${number}`,
  event: { type: 'AudienceChanged', data: { audience: { kind }, previous: { kind: 'public' } } },
  at,
})
/** Likeness is made up here: what merges is told apart from what does not by a wide margin. */
const SETTINGS = { ...USUAL_SETTINGS, mergeThreshold: 4 }
const folded = (...events: ScenarioEvent[]) => new FoldedView(SETTINGS).foldAll([...others, ...events])
/** By incident, the one that it is linked to. */
const linksIn = (view: FoldedView, numbers: readonly string[]) =>
  Object.fromEntries(numbers.map((number) => [number, view.incident(number)?.links?.[0]?.to]))
/** Numbers that are of one candidate, each group once. */
const groupsIn = (view: FoldedView) =>
  view
    .documents<Candidate>(CANDIDATES)
    .filter(({ status }) => status === 'open')
    .map(({ members }) => members.map(({ number }) => number).join(' '))
    .sort()
const membersOf = (view: FoldedView, number: string) =>
  view.get<Candidate>(CANDIDATES, candidateId(number))?.members.map((member) => member.number)

describe('what an incident became later', () => {
  const [A, B, C] = ['INC0000001', 'INC0000002', 'INC0000003'] as const
  const a = [opened(A, AT, X), became(A, AT + 10 * DAY, X, Y)]
  const b = [opened(B, AT + DAY, X)]
  const c = [opened(C, AT + 2 * DAY, Y)]
  const inTime = [a[0], b[0], c[0], a[1]] as ScenarioEvent[]

  it.each<[string, ScenarioEvent[]]>([
    ['in the order of time', inTime],
    ['by incident, as imports tell it', [...a, ...b, ...c]],
    ['the last one first', [...c, ...b, ...a]],
    ['the one in the middle first', [...b, ...a, ...c]],
    ['late', [...c, ...a, ...b]],
  ])('is nothing to those that were opened before it did, told %s', (_, events) => {
    const view = folded(...events)
    expect(linksIn(view, [A, B, C])).toEqual({ [A]: undefined, [B]: A, [C]: undefined })
    expect(groupsIn(view)).toEqual([`${A} ${B}`])
  })

  it('counts for those that are opened since (counter-proof)', () => {
    const late = opened('INC0000004', AT + 11 * DAY, Y)
    for (const events of [
      [...inTime, late],
      [late, ...a, ...b],
    ])
      expect(linksIn(folded(...events), ['INC0000004'])).toEqual({
        INC0000004: events[0] === late ? A : C,
      })
  })

  it('takes back a link that was made before it was told', () => {
    // Known as X alone when C is told of, which was opened after it had become Y
    const view = folded(a[0] as ScenarioEvent, opened(C, AT + 11 * DAY, X), a[1] as ScenarioEvent)
    expect(linksIn(view, [C])).toEqual({ [C]: undefined })
    expect(groupsIn(view)).toEqual([])
  })
})

it('whole incidents in any order have the links, and the candidates, that they have by time', () => {
  const kinds: readonly Kind[] = [X, Y, { category: 'Z', subcategory: 'Z1', symptom: 'Z2' }]
  const kind = fc.nat({ max: 2 })
  const story = fc.record({
    hour: fc.nat({ max: 48 }),
    kind,
    later: fc.option(kind),
    after: fc.nat({ max: 20 }),
  })
  const stories = fc.array(story, { minLength: 2, maxLength: 7 })
  fc.assert(
    fc.property(stories, fc.array(fc.nat(), { minLength: 9, maxLength: 9 }), (told, keys) => {
      const incidents = told.map(({ hour, kind: first, later, after }, n) => {
        const number = `INC00000${10 + n}`
        // Gaps that differ, so that none is as close as another
        const at = AT + hour * HOUR + n * n * 7 * 60_000
        const [from, to] = [kinds[first] as Kind, kinds[later ?? first] as Kind]
        const events = [opened(number, at, from)]
        if (from !== to) events.push(became(number, at + (after + 1) * HOUR + n * 1_000, from, to))
        return { number, events }
      })
      const numbers = incidents.map(({ number }) => number)
      const order = [...incidents.keys()].sort((i, j) => (keys[i] as number) - (keys[j] as number) || i - j)
      const shuffled = folded(...order.flatMap((i) => incidents[i]?.events ?? []))
      const byTime = folded(...incidents.flatMap(({ events }) => events).sort((x, y) => x.at - y.at))
      expect(linksIn(shuffled, numbers)).toEqual(linksIn(byTime, numbers))
      expect(groupsIn(shuffled)).toEqual(groupsIn(byTime))
    }),
    { numRuns: 25 },
  )
})

describe('an incident that is restricted', () => {
  const [A, B, C] = ['INC0000001', 'INC0000002', 'INC0000003'] as const
  const secret = { title: 'Salaries of the board were published' }
  const three = [
    opened(A, AT, X, { ...secret, description: 'board salaries' }),
    opened(B, AT + HOUR, X, { title: 'Salaries of somebody' }),
    opened(C, AT + 2 * HOUR, X, { title: 'A list of somebody' }),
  ]
  const candidate = (view: FoldedView) => view.get<Candidate>(CANDIDATES, candidateId(A)) as Candidate

  it('leaves nothing of itself behind', () => {
    expect(candidate(folded(...three))).toMatchObject({ title: secret.title, memberCount: 3, links: 2 })
    expect(JSON.stringify(candidate(folded(...three)).grounds)).toContain('salari')
    const left = candidate(folded(...three, audience(A, AT + DAY, 'participants')))
    expect(left).toMatchObject({
      status: 'open',
      title: 'Salaries of somebody',
      memberCount: 2,
      links: 1,
      firstSeenAt: new Date(AT + HOUR).toISOString(),
      members: [{ number: B }, { number: C, linkedTo: B }],
    })
    // B and C share no such word
    expect(JSON.stringify({ ...left, id: '' })).not.toMatch(/board|publish|words:salari|INC0000001/)
    expect(left.score).toBeCloseTo(left.evidence, 1)
  })

  it('leaves no candidate of one', () => {
    const two = three.slice(0, 2)
    const alone = candidate(folded(...two, audience(A, AT + DAY, 'participants')))
    expect(alone).toMatchObject({ status: 'dissolved', memberCount: 1, links: 0, score: 0, grounds: {} })
    const both = [audience(A, AT + DAY, 'participants'), audience(B, AT + DAY, 'participants')]
    expect(candidate(folded(...two, ...both))).toBeUndefined()
    // And with another one it is what it was
    const again = folded(...two, both[0] as ScenarioEvent, three[2] as ScenarioEvent)
    expect(candidate(again)).toMatchObject({ status: 'open', memberCount: 2, title: 'Salaries of somebody' })
  })

  it('takes part again when it is everybody’s again', () => {
    const there = folded(...three, audience(A, AT + DAY, 'participants'), audience(A, AT + 2 * DAY, 'public'))
    expect(linksIn(there, [A, B, C])).toEqual(linksIn(folded(...three), [A, B, C]))
    expect(groupsIn(there)).toEqual([`${A} ${B} ${C}`])
  })

  it('takes part from when it is everybody’s, though it was opened restricted, as it was then', () => {
    const hidden = opened(A, AT, X, { audience: { kind: 'participants' } })
    const events = [hidden, became(A, AT + 3 * HOUR, X, Y), ...three.slice(1)]
    expect(groupsIn(folded(...events))).toEqual([`${B} ${C}`])
    const view = folded(...events, audience(A, AT + 2 * DAY, 'public'), opened('INC0000004', AT + 3 * DAY, Y))
    expect(linksIn(view, [B, 'INC0000004'])).toEqual({ [B]: A, INC0000004: A })
  })
})

describe('links', () => {
  it('are found between incidents of one moment that differ in symptom alone', () => {
    const common = { category: 'R', subcategory: 'R1', location: 'R2', service: 'R3' }
    const view = folded(
      ...[0, 1, 2].map((n) => opened(`INC000000${n}`, AT + n * 300, { ...common, symptom: `S${n}` })),
    )
    expect(groupsIn(view)).toEqual(['INC0000000 INC0000001 INC0000002'])
  })

  it('make two candidates one, also when the closest has many members', async () => {
    // Four of one kind, two of another item and place, and one that is of both
    const place = { primaryCi: 'CI0000001', location: 'L9' }
    const four = [0, 1, 2, 3].map((n) => opened(`INC000001${n}`, AT + n * 60_000, X))
    const two = [0, 1].map((n) => opened(`INC000002${n}`, AT + n * 61_000, place))
    expect(groupsIn(folded(...four, ...two))).toHaveLength(2)
    const view = folded(...four, ...two, opened('INC0000030', AT + 5 * 60_000, { ...X, ...place }))
    expect(membersOf(view, 'INC0000010')).toHaveLength(7)
    const candidate = view.get<Candidate>(CANDIDATES, candidateId('INC0000010')) as Candidate
    // The other one tells nothing by itself any more
    expect(view.get<Candidate>(CANDIDATES, candidateId('INC0000020'))).toMatchObject({
      ...{ status: 'merged', mergedInto: candidateId('INC0000010') },
      ...{ title: '', members: [], grounds: {} },
    })
    // Whoever asks is told where it went
    const own = view.incident('INC0000020')?.candidate
    expect([...(await candidatesNow([own, undefined], async () => view.get))]).toEqual([
      [candidateId('INC0000020'), candidateId('INC0000010')],
      [candidateId('INC0000010'), candidateId('INC0000010')],
    ])
    // One less than it has members, and the score is their mean
    expect(candidate.links).toBe(6)
    const bits = candidate.members.flatMap(({ number }) => view.incident(number)?.links ?? [])
    expect(candidate.score).toBeCloseTo(bits.reduce((sum, link) => sum + link.bits, 0) / 6, 1)
  })
})

describe('an item', () => {
  const item = (number: string, type: string, data: object, at: number): ScenarioEvent => ({
    stream: `ci-${number}`,
    event: { type, data },
    at,
  })
  const registered = (number: string, name: string, at = AT - 50 * DAY) =>
    item(number, 'CiRegistered', { class: 'server', name, attributes: {} }, at)
  const [ONE, OTHER] = ['CI0000001', 'CI0000002'] as const
  const itemOf = (view: FoldedView, number: string) => view.incident(number)?.traits.ci
  const named = (ci: string, at = AT) => opened('INC0000001', at, { primaryCi: ci })

  it('is the same by name as by number, as far as one alone bore the name then', () => {
    const known = registered(ONE, 'lone-srv')
    expect(itemOf(folded(known, named('lone-srv')), 'INC0000001')).toBe(ONE)
    expect(itemOf(folded(known, named(ONE)), 'INC0000001')).toBe(ONE)
    const twice = [known, registered(OTHER, 'lone-srv')]
    expect(itemOf(folded(...twice, named('lone-srv')), 'INC0000001')).toBe('lone-srv')
    const retired = item(OTHER, 'CiRetired', {}, AT - DAY)
    expect(itemOf(folded(...twice, retired, named('lone-srv')), 'INC0000001')).toBe(ONE)
    const renamed = item(ONE, 'CiRenamed', { before: 'lone-srv', after: 'srv-2' }, AT - DAY)
    expect(itemOf(folded(known, renamed, named('lone-srv')), 'INC0000001')).toBe('lone-srv')
    expect(itemOf(folded(known, renamed, named('lone-srv', AT - 2 * DAY)), 'INC0000001')).toBe(ONE)
  })

  it('brings what it depends on, and changes that named it, under its name', () => {
    const data = { type: 'depends-on', source: { ci: ONE }, target: { ci: OTHER } }
    const change = (type: string, more: object, at: number): ScenarioEvent => ({
      stream: 'change-CHG0000001',
      event: { type, data: more },
      at,
    })
    const view = folded(
      registered(ONE, 'lone-srv'),
      registered(OTHER, 'db'),
      { stream: 'relation-one', event: { type: 'CiRelated', data }, at: AT - 50 * DAY },
      change('ChangeOpened', { affectedCis: ['db'] }, AT - DAY),
      change('ImplementationStarted', {}, AT - HOUR),
      named('lone-srv'),
    )
    expect(view.incident('INC0000001')?.traits).toMatchObject({
      ci: ONE,
      upstream: [OTHER],
      changes: ['CHG0000001'],
    })
  })

  it('that an incident is linked to counts where it names none', () => {
    const linked = (type: string, target: string): ScenarioEvent => ({
      stream: 'incident-INC0000001',
      event: { type, data: { link: { relation: 'affects', targetType: 'configuration-item', target } } },
      at: AT + HOUR,
    })
    const none = opened('INC0000001', AT, {})
    expect(itemOf(folded(none, linked('LinkAdded', ONE)), 'INC0000001')).toBe(ONE)
    expect(itemOf(folded(named(OTHER), linked('LinkAdded', ONE)), 'INC0000001')).toBe(OTHER)
    const given = {
      stream: 'incident-INC0000001',
      event: { type: 'IncidentDetailsChanged', data: { changes: { primaryCi: { from: null, to: ONE } } } },
      at: AT + 2 * HOUR,
    }
    // Its own stays when the link goes
    const own = folded(none, linked('LinkAdded', ONE), given, linked('LinkRemoved', ONE))
    expect(itemOf(own, 'INC0000001')).toBe(ONE)
    const removed = [none, linked('LinkAdded', ONE), linked('LinkRemoved', ONE)]
    expect(itemOf(folded(...removed), 'INC0000001')).toBeUndefined()
  })
})
