import { commandMetadata, deciderSpec } from '#libs/testing'
import { baselineDecider, TakeBaseline } from './baseline.decider.js'
import { discoveryDecider, RecordDiscoveryRun } from './discovery.decider.js'
import { OpenReconciliationReview, ResolveReconciliationReview, reviewDecider } from './review.decider.js'

const now = commandMetadata()

describe('a discovery run', () => {
  const spec = deciderSpec(discoveryDecider)
  const run = (name: string, ...seen: string[]) => new RecordDiscoveryRun('nmap', { run: name, seen }, now)
  const told = (name: string, ...seen: string[]) =>
    ({ type: 'DiscoveryRunRecorded', data: { source: 'nmap', run: name, seen } }) as const

  it('says once what it saw, however many parts it comes in', () => {
    spec
      .given()
      .when(run('1', 'a', 'b', 'a'))
      .thenEvents(told('1', 'a', 'b'))
    spec
      .given(told('1', 'a'))
      .when(run('1', 'a', 'b'))
      .thenEvents(told('1', 'b'))
    spec
      .given(told('1', 'a'), told('1', 'b'))
      .when(run('1', 'b', 'a'))
      .thenNothing()
    spec.given(told('1', 'a')).when(run('2', 'a')).thenEvents(told('2', 'a'))
  })

  it('is told when it saw nothing', () => {
    spec.given().when(run('1')).thenEvents(told('1'))
    spec.given(told('1')).when(run('1')).thenNothing()
  })

  it('of many is several events', () => {
    const seen = Array.from({ length: 12_000 }, (_, n) => `CI${n}`)
    const { events } = spec.given().when(run('1', ...seen))
    expect(events).toHaveLength(3)
    expect(events.flatMap(({ data }) => data.seen)).toEqual(seen)
  })
})

describe('a review', () => {
  const spec = deciderSpec(reviewDecider)
  const item = { class: 'server', name: 'db-01', attributes: { serialNumber: 'S' } }
  const found = { source: 'nmap', run: '1', item, candidates: ['a', 'b'], rule: ['serialNumber'] }
  const opened = { type: 'ReconciliationReviewOpened', data: found } as const
  const resolve = (decision: 'same-as' | 'new' | 'dismissed', ci?: string) =>
    new ResolveReconciliationReview('r', { decision, ci }, now)

  it('is opened once for the same candidates, and again for others', () => {
    const open = (candidates: string[]) => new OpenReconciliationReview('r', { ...found, candidates }, now)
    spec
      .given()
      .when(open(['a', 'b']))
      .thenTypes('ReconciliationReviewOpened')
    spec
      .given(opened)
      .when(open(['b', 'a']))
      .thenNothing()
    spec
      .given(opened)
      .when(open(['b', 'c']))
      .thenTypes('ReconciliationReviewOpened')
    const dismissed = { type: 'ReconciliationReviewResolved', data: { decision: 'dismissed' } } as const
    spec
      .given(opened, dismissed)
      .when(open(['a', 'b']))
      .thenNothing()
  })

  it('is resolved by one of its candidates, by none, or by nothing at all', () => {
    const story = spec.given(opened)
    story.when(resolve('same-as', 'a')).thenTypes('ReconciliationReviewResolved')
    story.when(resolve('new')).thenTypes('ReconciliationReviewResolved')
    story.when(resolve('same-as')).thenRefused('RECONCILIATION.DECISION_INVALID')
    story.when(resolve('same-as', 'c')).thenRefused('RECONCILIATION.DECISION_INVALID')
    story.when(resolve('dismissed', 'a')).thenRefused('RECONCILIATION.DECISION_INVALID')
    spec.given().when(resolve('new')).thenRefused('RECONCILIATION.UNKNOWN')
  })

  it('is resolved once', () => {
    const done = { type: 'ReconciliationReviewResolved', data: { decision: 'same-as', ci: 'a' } } as const
    spec.given(opened, done).when(resolve('same-as', 'a')).thenNothing()
    spec.given(opened, done).when(resolve('new')).thenRefused('RECONCILIATION.RESOLVED')
  })
})

describe('a baseline', () => {
  const spec = deciderSpec(baselineDecider)
  const point = { name: 'before the move', validAt: '2026-01-05T08:00:00.000Z', asOf: '00000000000000000042' }
  const take = (changes: object = {}) =>
    new TakeBaseline('b', { ...point, enteredAt: now.occurredAt, ...changes }, now)

  it('is one point for its name, for ever', () => {
    spec.given().when(take()).thenEvents({ type: 'BaselineTaken', data: point })
    const taken = spec.given({ type: 'BaselineTaken', data: point })
    taken.when(take()).thenNothing()
    taken.when(take({ asOf: '00000000000000000043' })).thenRefused('BASELINE.NAME_TAKEN')
  })

  it('does not lie in the future, and has a name', () => {
    spec
      .given()
      .when(take({ validAt: '2027-01-01T00:00:00.000Z' }))
      .thenRefused('BASELINE.IN_THE_FUTURE')
    spec
      .given()
      .when(take({ name: ' x' }))
      .thenRefused('BASELINE.NAME_MALFORMED')
  })
})
