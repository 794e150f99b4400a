import { remembered } from './discovery.js'
import type { Review } from './domain/review.decider.js'

const rule = ['serialNumber']
const match = (...candidates: string[]) => ({ candidates, rule })
const resolved = (decision: 'same-as' | 'new' | 'dismissed', ci?: string): Review => ({
  status: 'resolved',
  candidates: ['a', 'b'],
  decision,
  ci,
})

describe('What a person decided of an item that fits several CIs', () => {
  it('is asked for while she has not', () => {
    expect(remembered({ status: 'none' }, match('a', 'b'))).toEqual({ kind: 'review', ...match('a', 'b') })
    const open: Review = { status: 'open', candidates: ['a', 'b'] }
    expect(remembered(open, match('a', 'b')).kind).toBe('review')
  })

  it('holds when the source says it again', () => {
    expect(remembered(resolved('same-as', 'a'), match('a', 'b', 'c'))).toEqual({ kind: 'reconcile', ci: 'a' })
    expect(remembered(resolved('dismissed'), match('a', 'b')).kind).toBe('dismissed')
    // The one that was registered since
    expect(remembered(resolved('new'), match('a', 'b', 'c'))).toEqual({ kind: 'reconcile', ci: 'c' })
    expect(remembered(resolved('new'), match('a', 'b')).kind).toBe('register')
  })

  it('is asked for anew where others fit that she was not asked about', () => {
    expect(remembered(resolved('dismissed'), match('a', 'c')).kind).toBe('review')
    expect(remembered(resolved('new'), match('a', 'c', 'd')).kind).toBe('review')
    expect(remembered(resolved('same-as', 'a'), match('b', 'c')).kind).toBe('review')
  })
})
