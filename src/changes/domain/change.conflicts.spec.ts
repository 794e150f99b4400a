import fc from 'fast-check'
import { windowSchedule } from '#libs/business-time'
import { canonicalJson, type RecordedEvent } from '#libs/event-sourcing'
import { commandMetadata, recorded } from '#libs/testing'
import { AskApproval, RecheckConflicts } from './change.commands.js'
import { type ConflictQuestion, conflictEvents, conflictsOf, type WindowTimes } from './change.conflicts.js'
import type { Conflict, ConflictInputs, Period } from './change.events.js'
import { ChangeStory, WINDOW } from './change.story.fixture.js'
import { ciScheduleDecider, ReserveCi } from './schedule.decider.js'
import type { CiReserved } from './schedule.events.js'

const RUNS = 1_000
const seed = 20_261_128
/** Both changes of the clock of 2026 in Berlin lie in this span; everything happens on whole minutes. */
const BEGIN = Date.parse('2026-03-28T12:00:00Z')
const AUTUMN = Date.parse('2026-10-24T12:00:00Z')
const MINUTE = 60_000
const SPAN = 36 * 60

const CIS = ['CI1', 'CI2', 'CI3', 'CI4']
const season = fc.constantFrom(BEGIN, AUTUMN)
const periodIn = (begin: number) =>
  fc.tuple(fc.integer({ min: 0, max: SPAN }), fc.integer({ min: 1, max: 600 })).map(([start, minutes]) => ({
    start: new Date(begin + start * MINUTE).toISOString(),
    end: new Date(begin + (start + minutes) * MINUTE).toISOString(),
  }))
const busyIn = (begin: number) =>
  fc
    .dictionary(fc.constantFrom('CHG1', 'CHG2', 'CHG3'), periodIn(begin))
    .map((times) => new Map(Object.entries(times)))
/** A window by the clock on the wall, as its instants around the change of the clock. */
const windowIn = (begin: number): fc.Arbitrary<WindowTimes> =>
  fc
    .record({
      name: fc.constantFrom('w1', 'w2'),
      ci: fc.option(fc.constantFrom(...CIS), { nil: undefined }),
      hour: fc.integer({ min: 0, max: 23 }),
      minutes: fc.integer({ min: 1, max: 480 }),
      days: fc.subarray(['MO', 'SA', 'SU'], { minLength: 1 }),
    })
    .map(({ name, ci, hour, minutes, days }) => ({
      name,
      ci,
      times: windowSchedule([
        {
          kind: 'recurring',
          zone: 'Europe/Berlin',
          frequency: 'weekly',
          byDay: days,
          firstDay: '2026-01-01',
          from: `${String(hour).padStart(2, '0')}:00`,
          minutes,
        },
      ])({ start: begin, end: begin + 3 * SPAN * MINUTE }),
    }))

const question: fc.Arbitrary<ConflictQuestion> = season.chain((begin) =>
  fc.record({
    change: fc.constant('CHG1'),
    period: periodIn(begin),
    affectedCis: fc.subarray(CIS),
    assignee: fc.constantFrom(null, 'ann'),
    related: fc.array(fc.record({ ci: fc.constantFrom(...CIS), relatedCi: fc.constantFrom(...CIS) }), {
      maxLength: 4,
    }),
    ciBusy: fc
      .tuple(...CIS.map(() => busyIn(begin)))
      .map((all) => new Map(CIS.map((ci, index) => [ci, all[index]!]))),
    assigneeBusy: busyIn(begin),
    maintenance: fc.array(windowIn(begin), { maxLength: 3 }),
    blackouts: fc.array(windowIn(begin), { maxLength: 3 }),
  }),
)

/** The minutes of the change, asked one by one; neighbouring ones with the same answer make a conflict. */
function oracle(q: ConflictQuestion): string[] {
  const minutes: number[] = []
  for (let at = Date.parse(q.period.start); at < Date.parse(q.period.end); at += MINUTE) minutes.push(at)
  const found: Conflict[] = []
  const runs = (holds: (at: number) => boolean): Period[] => {
    const periods: { start: number; end: number }[] = []
    for (const at of minutes) {
      if (!holds(at)) continue
      const last = periods.at(-1)
      if (last?.end === at) last.end = at + MINUTE
      else periods.push({ start: at, end: at + MINUTE })
    }
    return periods.map(({ start, end }) => ({
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
    }))
  }
  const inPeriod = (at: number, { start, end }: Period) => at >= Date.parse(start) && at < Date.parse(end)
  const inTimes = (at: number, { times }: WindowTimes) =>
    times.some(({ start, end }) => at >= start && at < end)
  const others = (busy: ReadonlyMap<string, Period>, about: object) => {
    for (const [change, time] of busy)
      if (change !== q.change)
        for (const period of runs((at) => inPeriod(at, time)))
          found.push({ ...about, change, period } as Conflict)
  }
  for (const ci of q.affectedCis) {
    others(q.ciBusy.get(ci)!, { kind: 'ci-busy', ci })
    for (const relation of q.related)
      if (relation.ci === ci && !q.affectedCis.includes(relation.relatedCi))
        others(q.ciBusy.get(relation.relatedCi)!, {
          kind: 'related-ci-busy',
          ci,
          relatedCi: relation.relatedCi,
        })
    const own = q.maintenance.filter((window) => window.ci === undefined || window.ci === ci)
    const [gap] = runs((at) => own.length > 0 && !own.some((window) => inTimes(at, window)))
    const window = [...new Set(own.map(({ name }) => name))].sort().join(', ')
    if (gap) found.push({ kind: 'outside-maintenance-window', ci, window, period: gap })
  }
  if (q.assignee !== null) others(q.assigneeBusy, { kind: 'assignee-busy', assignee: q.assignee })
  for (const blackout of q.blackouts) {
    if (blackout.ci !== undefined && !q.affectedCis.includes(blackout.ci)) continue
    for (const period of runs((at) => inTimes(at, blackout)))
      found.push({ kind: 'in-blackout', ci: blackout.ci, window: blackout.name, period })
  }
  return [...new Set(found.map(canonicalJson))].sort()
}

it(`conflicts are those that a look at every minute finds (${RUNS} runs, seed ${seed})`, () => {
  const withRelationsOfAffected = question.map((q) => ({
    ...q,
    related: q.related.filter(({ ci }) => q.affectedCis.includes(ci)),
  }))
  const kinds = new Set<string>()
  fc.assert(
    fc.property(withRelationsOfAffected, (q) => {
      const found = conflictsOf(q)
      for (const { kind } of found) kinds.add(kind)
      expect(found.map(canonicalJson)).toEqual(oracle(q))
    }),
    { numRuns: RUNS, seed },
  )
  expect(kinds.size).toBe(5)
})

it('what ends when another begins is no conflict', () => {
  const times = new Map([['CHG2', { start: WINDOW.end, end: '2026-03-03T00:00:00.000Z' }]])
  const none = { change: 'CHG1', period: WINDOW, assignee: null, related: [], assigneeBusy: new Map() }
  const free = {
    ...none,
    affectedCis: ['CI1'],
    ciBusy: new Map([['CI1', times]]),
    maintenance: [],
    blackouts: [],
  }
  expect(conflictsOf(free)).toEqual([])
})

it(`what came and went, applied to what was known, is what is now (${RUNS} runs, seed ${seed})`, () => {
  const inputs = {
    period: WINDOW,
    related: [],
    classes: {},
    calendars: {},
    maintenanceVersion: 0,
    blackoutVersion: 0,
  }
  fc.assert(
    fc.property(question, question, (one, other) => {
      const [known, now] = [conflictsOf(one), conflictsOf(other)]
      const texts = new Set(known.map(canonicalJson))
      for (const { type, data } of conflictEvents(known, now, inputs)) {
        if (type === 'ConflictAppeared') expect(texts.has(canonicalJson(data.conflict))).toBe(false)
        if (type === 'ConflictAppeared') texts.add(canonicalJson(data.conflict))
        else expect(texts.delete(canonicalJson(data.conflict))).toBe(true)
      }
      expect([...texts].sort()).toEqual(now.map(canonicalJson))
    }),
    { numRuns: RUNS, seed },
  )
})

/** Steps of a change: written into each CI's calendar first, then approval is asked with what the calendars say. */
type Step = { change: 0 | 1; write?: string }

describe('two changes scheduled at once on one CI', () => {
  const cis = ['CI1', 'CI2']
  const stepsOf = (change: 0 | 1, order: readonly string[]): Step[] => [
    ...order.map((write) => ({ change, write })),
    { change },
  ]
  const interleaving = fc
    .tuple(
      fc.shuffledSubarray(cis, { minLength: 1 }),
      fc.shuffledSubarray(cis, { minLength: 1 }),
      fc.infiniteStream(fc.boolean()),
    )
    .filter(([one, other]) => one.some((ci) => other.includes(ci)))

  function play(
    one: readonly string[],
    other: readonly string[],
    pick: Iterator<boolean>,
    readFirst = false,
  ) {
    const stories = [one, other].map((affectedCis, index) =>
      new ChangeStory(`CHG000000${index + 1}`).open('normal', { affectedCis, proposedValues: [] }).submit(),
    )
    const calendars = new Map<string, CiReserved[]>()
    const queues = [stepsOf(0, one), stepsOf(1, other)]
    if (readFirst) for (const queue of queues) queue.unshift(queue.pop()!)
    while (queues.some(({ length }) => length > 0)) {
      const first = pick.next().value ? 0 : 1
      const { change, write } = (queues[first]!.shift() ?? queues[1 - first]!.shift())!
      const story = stories[change]!
      if (write === undefined) ask(story, calendars, readFirst)
      else reserve(story, write, calendars)
    }
    return { stories, calendars }
  }

  function reserve({ number }: ChangeStory, ci: string, calendars: Map<string, CiReserved[]>): void {
    const stream = `cischedule-${ci}`
    const events = calendars.get(stream) ?? []
    const busy = recorded(stream, events).reduce(
      (state, event) => ciScheduleDecider.evolve(state, event as RecordedEvent<CiReserved>),
      ciScheduleDecider.initial,
    )
    const wish = new ReserveCi(ci, { change: number, period: WINDOW }, commandMetadata())
    const names = { value: [], stream: `ci-${ci}`, revision: -1 }
    calendars.set(stream, [...events, ...(ciScheduleDecider.decide(wish, busy, { names }) as CiReserved[])])
  }

  function ask(story: ChangeStory, calendars: Map<string, CiReserved[]>, early: boolean): void {
    for (const [stream, events] of calendars) story.others.set(stream, [...events])
    if (early) story.send(RecheckConflicts)
    else story.send(AskApproval, { round: 1 })
  }
  const sees = (story: ChangeStory, other: ChangeStory) =>
    story.change.conflicts.some(({ kind, change }) => kind === 'ci-busy' && change === other.number)

  it(`see each other: one at least when approval is asked, the other when it is told (${RUNS} runs, seed ${seed})`, () => {
    fc.assert(
      fc.property(interleaving, ([one, other, picks]) => {
        const { stories, calendars } = play(one, other, picks[Symbol.iterator]())
        const [first, second] = stories as [ChangeStory, ChangeStory]
        expect(sees(first, second) || sees(second, first)).toBe(true)
        for (const story of stories) {
          for (const [stream, events] of calendars) story.others.set(stream, [...events])
          story.send(RecheckConflicts)
        }
        expect([sees(first, second), sees(second, first)]).toEqual([true, true])
      }),
      { numRuns: RUNS, seed },
    )
  })

  it('would miss each other if they read before they wrote (counter-proof)', () => {
    const turns = [true, false][Symbol.iterator]() as Iterator<boolean>
    const { stories } = play(['CI1'], ['CI1'], turns, true)
    const [first, second] = stories as [ChangeStory, ChangeStory]
    expect(sees(first, second) || sees(second, first)).toBe(false)
  })

  it('and approval is not asked before the calendars are written', () => {
    const story = new ChangeStory().open().submit()
    expect(story.refused(AskApproval, { round: 1 })).toBe('CHANGE.NOT_RESERVED')
  })
})

it('a finding tells what it follows from, and no more: many of them fit into one append', () => {
  const related = Array.from({ length: 500 }, (_, n) => ({ ci: 'CI1', relatedCi: `CI${n + 100}` }))
  const inputs: ConflictInputs = {
    period: WINDOW,
    related,
    classes: { CI1: ['server'], CI2: ['server'] },
    calendars: Object.fromEntries(related.map(({ relatedCi }) => [`cischedule-${relatedCi}`, 1])),
    maintenanceVersion: 0,
    blackoutVersion: 0,
  }
  const conflicts = related.map(
    (pair): Conflict => ({ kind: 'related-ci-busy', ...pair, change: 'C', period: WINDOW }),
  )
  const events = conflictEvents([], conflicts, inputs)
  expect(events).toHaveLength(500)
  expect(events[0]?.data.inputs).toEqual({
    ...inputs,
    related: [related[0]],
    classes: { CI1: ['server'] },
    calendars: { 'cischedule-CI100': 1 },
  })
  expect(JSON.stringify(events).length).toBeLessThan(500_000)
})
