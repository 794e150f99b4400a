import { matches } from '#libs/read-store'
import { projectionSpec, recorded } from '#libs/testing'
import type { ReconciliationEvent } from '../../src/configuration/domain/configuration.events.js'
import { principal } from '../principals.fixture.js'
import { type ReconciliationReview, reconciliationReviews } from './reconciliation-reviews.js'

const item = { class: 'server', name: 'db-01', attributes: { serialNumber: 'S' } }
const opened = (...candidates: string[]): ReconciliationEvent => ({
  type: 'ReconciliationReviewOpened',
  data: { source: 'nmap', run: '1', item, candidates, rule: ['serialNumber'] },
})
const resolved = (decision: 'same-as' | 'new', ci?: string): ReconciliationEvent => ({
  type: 'ReconciliationReviewResolved',
  data: { decision, ci },
})

function reviewAfter(...events: ReconciliationEvent[]): ReconciliationReview | undefined {
  const told = recorded('reconciliation-r', events as never, { actor: 'ann' }) as never[]
  return projectionSpec(reconciliationReviews)
    .given(...told)
    .all.get('reconciliation-r') as ReconciliationReview | undefined
}

it('shows what a source says, which CIs it may be, and by what', () => {
  expect(reviewAfter(opened('CI1', 'CI2'))).toMatchObject({
    id: 'r',
    status: 'open',
    source: 'nmap',
    item,
    class: 'server',
    name: 'db-01',
    candidates: ['CI1', 'CI2'],
    rule: ['serialNumber'],
  })
})

it('is open until somebody decides, and again when there are other candidates', () => {
  const decided = reviewAfter(opened('CI1', 'CI2'), resolved('same-as', 'CI2'))
  expect(decided).toMatchObject({ status: 'resolved', decision: 'same-as', ci: 'CI2', resolvedBy: 'ann' })
  const again = reviewAfter(opened('CI1', 'CI2'), resolved('same-as', 'CI2'), opened('CI1', 'CI3'))
  expect(again).toMatchObject({ status: 'open', candidates: ['CI1', 'CI3'] })
  expect([again?.decision, again?.ci, again?.resolvedBy]).toEqual([undefined, undefined, undefined])
})

it('is left alone by what it does not know', () => {
  expect(reviewAfter(resolved('new'))).toBeUndefined()
  const unknown = { type: 'ReconciliationReviewFrobbed', data: {} } as never
  expect(reviewAfter(opened('CI1', 'CI2'), unknown)).toEqual(reviewAfter(opened('CI1', 'CI2')))
})

it('is for the desk, not for requesters', () => {
  const review = reviewAfter(opened('CI1', 'CI2'))!
  const sees = (...roles: Parameters<typeof principal>[1]) =>
    matches(reconciliationReviews.rows(principal('cai', roles)), review)
  expect([sees('agent'), sees('requester'), sees()]).toEqual([true, false, false])
})
