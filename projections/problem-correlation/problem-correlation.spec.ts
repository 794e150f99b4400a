import fc from 'fast-check'
import type { DomainEvent } from '#libs/event-sourcing'
import { collectionSchemas, systemClock } from '#libs/projections-runtime'
import { randomNumbers } from '#libs/random-numbers'
import { appendEvents, InMemoryEventStore, InMemoryReadStore } from '#libs/testing'
import { parkedSchema } from '../../libs/projections-runtime/parking.js'
import { ViewFeed } from '../../libs/projections-runtime/view-feed.js'
import { CANDIDATES, type Candidate, candidateId } from './candidates.js'
import { FoldedView } from './folded-view.fixture.js'
import { type CorrelatedIncident, INCIDENTS, USUAL_SETTINGS } from './linking.js'
import { KEYS, type KeyList, MOST_LISTED, TOTALS, type Totals } from './lists.js'
import { forNewest, NOBODY } from './newest.js'
import { problemCorrelation } from './problem-correlation.js'
import { madeUpScenario, type PlantedSignal, type ScenarioEvent } from './scenario.fixture.js'
import { FIELD_SIGNALS } from './traits.js'

/** 32-bit numbers from a seed. */
function wholeNumbers(seed: number): () => number {
  const random = randomNumbers(seed)
  return () => Math.floor(random() * 2 ** 32)
}

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 5)

const opened = (number: string, at: number, fields: object = {}): ScenarioEvent => ({
  stream: `incident-${number}`,
  event: {
    type: 'IncidentOpened',
    data: { title: 'Quokka viaduct gantry', audience: { kind: 'public' }, ...fields },
  },
  at,
})
/** So many that have nothing to do with it, so that agreement means something. */
const others = (count: number): ScenarioEvent[] =>
  Array.from({ length: count }, (_, n) =>
    opened(`INC9${String(n).padStart(6, '0')}`, START + n * 3_600_000, {
      title: `thing${n} trouble${n}`,
      category: `category-${n % 9}`,
    }),
  )
const kin = (number: string, at: number, more: object = {}) =>
  opened(number, at, { category: 'rare', subcategory: 'rarer', symptom: 'rarest', ...more })
const folded = (...events: ScenarioEvent[]) =>
  new FoldedView(USUAL_SETTINGS).foldAll([...others(300), ...events])
const AT = START + 8 * DAY
const decided = (type: string, at: number): ScenarioEvent => ({
  stream: candidateId('INC0000001'),
  event: { type, data: { title: '', score: 1, memberCount: 2, incidents: [] } } as DomainEvent,
  at,
})
const candidateOf = (view: FoldedView, number = 'INC0000001') =>
  view.get<Candidate>(CANDIDATES, candidateId(number))

describe('a candidate', () => {
  it('begins with two that are alike, and grows', () => {
    const view = folded(
      kin('INC0000001', AT),
      kin('INC0000002', AT + 60_000),
      kin('INC0000003', AT + 120_000),
    )
    expect(candidateOf(view)).toMatchObject({ status: 'open', memberCount: 3 })
    expect(candidateOf(view)?.members.map(({ number }) => number)).toEqual([
      'INC0000001',
      'INC0000002',
      'INC0000003',
    ])
  })

  it('does not begin with two that are not', () => {
    const view = folded(kin('INC0000001', AT), opened('INC0000002', AT, { title: 'Something else' }))
    expect(view.documents(CANDIDATES)).toEqual([])
  })

  it('that was dismissed is back only when another incident was opened since', () => {
    const two = [kin('INC0000001', AT), kin('INC0000002', AT + 60_000)]
    const dismissed = decided('ProblemCandidateDismissed', AT + DAY)
    expect(candidateOf(folded(...two, dismissed))?.status).toBe('dismissed')
    // Recorded late, opened before it was dismissed: nothing new
    expect(candidateOf(folded(...two, dismissed, kin('INC0000003', AT + 90_000)))).toMatchObject({
      status: 'dismissed',
      memberCount: 3,
    })
    expect(candidateOf(folded(...two, dismissed, kin('INC0000003', AT + DAY + 1)))?.status).toBe('open')
  })

  it('stays accepted', () => {
    const accepted = decided('ProblemCandidateAccepted', AT + DAY)
    const view = folded(
      kin('INC0000001', AT),
      kin('INC0000002', AT),
      accepted,
      kin('INC0000003', AT + DAY + 1),
    )
    expect(candidateOf(view)).toMatchObject({ status: 'accepted', memberCount: 3, decided: { by: 'ann' } })
  })

  it('has no restricted member, and loses one that becomes so', () => {
    const hidden = { audience: { kind: 'participants' } }
    expect(folded(kin('INC0000001', AT), kin('INC0000002', AT, hidden)).documents(CANDIDATES)).toEqual([])
    const data = { audience: { kind: 'participants' }, previous: { kind: 'public' } }
    const changed = { stream: 'incident-INC0000002', event: { type: 'AudienceChanged', data }, at: AT + 1 }
    const view = folded(kin('INC0000001', AT), kin('INC0000002', AT), changed)
    expect(candidateOf(view)?.members.map(({ number }) => number)).toEqual(['INC0000001'])
  })
})

describe('an incident that was none', () => {
  const told = (number: string, type: string, data: object, at = AT + 10): ScenarioEvent => ({
    stream: `incident-${number}`,
    event: { type, data },
    at,
  })
  const canceled = (number: string) => told(number, 'IncidentCanceled', { code: 'canceled', notes: null })
  const merged = (number: string) =>
    told(number, 'IncidentMerged', { survivor: 'INC0000001', caller: null, watchers: [] })
  const audience = (number: string, kind: string) =>
    told(number, 'AudienceChanged', { audience: { kind }, previous: { kind: 'public' } })
  const three = ['INC0000001', 'INC0000002', 'INC0000003'].map((number, n) => kin(number, AT + n))
  const members = (...events: ScenarioEvent[]) =>
    candidateOf(folded(...three, ...events))?.members.map(({ number }) => number)

  it.each([
    ['canceled', canceled],
    ['a duplicate', merged],
  ])('because it is %s leaves its candidate, with what rested on it', (_, ended) => {
    expect(members(ended('INC0000002'))).toEqual(['INC0000001', 'INC0000003'])
    expect(candidateOf(folded(...three, ended('INC0000002'), ended('INC0000003')))).toMatchObject({
      status: 'dissolved',
      memberCount: 1,
      links: 0,
    })
    // Nor does anybody join it later
    const view = folded(kin('INC0000001', AT), ended('INC0000001'), kin('INC0000002', AT + 1))
    expect(view.documents(CANDIDATES)).toEqual([])
  })

  it('leaves also what people have decided on', () => {
    const view = folded(...three, decided('ProblemCandidateDismissed', AT + 5), canceled('INC0000003'))
    expect(candidateOf(view)).toMatchObject({ status: 'dismissed', memberCount: 2 })
  })

  it('does not come back by being everybody’s to see (counter-proof: what was restricted alone does)', () => {
    const hidden = [audience('INC0000002', 'participants'), audience('INC0000002', 'public')] as const
    expect(members(...hidden)).toHaveLength(3)
    expect(members(canceled('INC0000002'), ...hidden)).toEqual(['INC0000001', 'INC0000003'])
    expect(members(hidden[0], canceled('INC0000002'), hidden[1])).toEqual(['INC0000001', 'INC0000003'])
  })

  it.each(['IncidentReopened', 'StateObserved'])('is one again when its source goes on by %s', (type) => {
    const goesOn = told('INC0000002', type, { from: 'Canceled', to: 'In Progress', count: 1 }, AT + 20)
    expect(members(canceled('INC0000002'), goesOn)).toHaveLength(3)
    const closed = told('INC0000002', 'IncidentClosed', { cause: 'source' }, AT + 20)
    expect(members(canceled('INC0000002'), closed)).toHaveLength(2)
    const reopened = told('INC0000002', 'IncidentReopened', { from: 'Closed', to: 'In Progress' }, AT + 30)
    expect(members(canceled('INC0000002'), closed, reopened)).toHaveLength(3)
  })
})

it('keeps lists of bounded length and counts everybody', () => {
  const view = folded(...Array.from({ length: 100 }, (_, n) => kin(`INC${1_000 + n}`, AT + n)))
  const list = view.get<KeyList>(KEYS, 'category:rare')
  const listed: number[] = []
  forNewest(list?.newest ?? NOBODY, 1_000, (ordinal) => listed.push(ordinal))
  expect([list?.count, listed.length, listed[0]]).toEqual([100, MOST_LISTED, 399])
  expect(view.get<Totals>(TOTALS, 'all')).toMatchObject({
    incidents: 400,
    known: expect.arrayContaining([100]),
    squares: expect.arrayContaining([10_000]),
  })
})

it('tells of each field how many incidents have it, and the sum of squares by value, whatever they have become', () => {
  const values = fc.record({
    category: fc.constantFrom('a', 'b', 'c', null),
    group: fc.constantFrom('A', 'B', null),
  })
  const told = fc.array(fc.record({ incident: fc.integer({ min: 0, max: 5 }), values }), { maxLength: 25 })
  fc.assert(
    fc.property(told, (changes) => {
      const view = new FoldedView(USUAL_SETTINGS)
      for (let n = 0; n < 6; n++)
        view.foldAll([opened(`INC${n}`, AT + n, n % 2 === 0 ? { category: 'a' } : {})])
      for (const [n, { incident, values }] of changes.entries()) {
        const stream = `incident-INC${incident}`
        const { category, group } = values
        view.fold(
          stream,
          { type: 'IncidentCategorized', data: { category: { from: null, to: category } } },
          AT + 10 + n,
        )
        const assigned = { group, previousGroup: null, previousPerson: null }
        view.fold(stream, { type: 'AssignedToGroup', data: assigned }, AT + 10 + n)
      }
      const { known, squares } = view.get<Totals>(TOTALS, 'all') as Totals
      for (const field of ['category', 'group'] as const) {
        const counts = new Map<string, number>()
        for (const { traits } of view.documents<CorrelatedIncident>(INCIDENTS)) {
          const value = traits[field]
          if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
        }
        const of = [...counts.values()]
        const place = FIELD_SIGNALS.indexOf(field)
        expect([known[place], squares[place]]).toEqual([
          of.reduce((sum, count) => sum + count, 0),
          of.reduce((sum, count) => sum + count * count, 0),
        ])
      }
    }),
  )
})

describe('planted causes', () => {
  const scenario = madeUpScenario(wholeNumbers(7), { noise: 2_000, groups: 8, items: 200 })
  const recall = (signal: PlantedSignal, leftOut: (event: ScenarioEvent) => boolean = () => false) => {
    const view = new FoldedView(USUAL_SETTINGS).foldAll(scenario.events.filter((event) => !leftOut(event)))
    const shares = scenario.planted
      .filter((group) => group.signal === signal)
      .map(({ incidents }) => {
        const traits = incidents.flatMap((number) => view.incident(number)?.traits ?? [])
        const asked = traits.reduce((a, b) => (b.time > a.time ? b : a))
        const first = view.ranked(asked, view.listedWith(asked)).slice(0, 3)
        return first.filter((number) => incidents.includes(number)).length / 3
      })
    return shares.reduce((sum, share) => sum + share, 0) / shares.length
  }

  it.each<[PlantedSignal, number]>([
    ['ci', 0.8],
    ['upstream', 0.7],
    ['change', 0.5],
    ['words', 0.8],
  ])('are found by %s', (signal, least) => {
    expect(recall(signal)).toBeGreaterThanOrEqual(least)
  })

  it('are not found without the events that tell of them (counter-proof)', () => {
    expect(recall('upstream', ({ stream }) => stream.startsWith('relation-'))).toBeLessThan(0.2)
    expect(recall('change', ({ event }) => event.type === 'CiChanged')).toBeLessThan(0.2)
  })
})

it('the same log gives the same documents, wherever it is cut and whatever is remembered', async () => {
  const history = fc.record({
    seed: fc.integer(),
    sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
    cache: fc.integer({ min: 1, max: 60 }),
  })
  await fc.assert(
    fc.asyncProperty(history, async ({ seed, sizes, cache }) => {
      const log = new InMemoryEventStore('log', () => 0)
      const scenario = madeUpScenario(wholeNumbers(seed), { noise: 25, groups: 1, items: 6 })
      const decisions = scenario.planted.map(({ incidents }) => candidateId(incidents[0] as string))
      for (const { stream, event } of scenario.events) await appendEvents(log, stream, [event])
      for (const stream of decisions)
        await appendEvents(log, stream, [decided('ProblemCandidateDismissed', 0).event])
      for (const { stream } of scenario.events.slice(-8, -5))
        if (stream.startsWith('incident-'))
          await appendEvents(log, stream, [
            { type: 'IncidentCanceled', data: { code: 'canceled', notes: null } },
          ])
      for (const { stream } of scenario.events.slice(-5))
        if (stream.startsWith('incident-'))
          await appendEvents(log, stream, [
            {
              type: 'AssignedToGroup',
              data: { group: 'Network', previousGroup: null, previousPerson: null },
            },
          ])
      expect(await documentsOf(log, sizes, cache)).toEqual(await documentsOf(log, [10_000], 10_000))
    }),
    { numRuns: 60 },
  )
})

/** Everything that the view holds after the log was read in batches of these sizes. */
async function documentsOf(log: InMemoryEventStore, sizes: readonly number[], cacheDocuments: number) {
  const store = new InMemoryReadStore()
  const { name: projection, version } = problemCorrelation
  const schemas = [...collectionSchemas(problemCorrelation), parkedSchema]
  const name = await store.createBuild({ projection, version }, schemas)
  const writer = await store.openForWriting(name, { owner: 'spec', leaseMilliseconds: 60_000 })
  const clock = systemClock
  const feed = await ViewFeed.open(problemCorrelation, writer, {
    logId: log.logId,
    clock,
    cacheDocuments,
    building: false,
  })
  const head = await log.head()
  for (let batch = 0; feed.position < head; batch++) {
    const page = await log.readAll({ after: feed.position, limit: sizes[batch % sizes.length] as number })
    await feed.handle(page.events, page.position)
  }
  const all = await Promise.all(
    schemas.map((schema) => writer.find(schema.name, { orderBy: [], limit: 10_000 })),
  )
  return all.map((rows) => rows.map(({ id, document }) => ({ id, document })))
}
