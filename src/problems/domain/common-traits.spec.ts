import { commonTraits, type IncidentTraits } from './common-traits.js'

describe('What incidents have in common', () => {
  const common = (...incidents: Partial<IncidentTraits>[]) =>
    commonTraits(incidents.map((traits) => ({ state: 'New', audienceKind: 'public', ...traits })))

  it('is the most frequent category, whatever share of them has it; of as many, the first', () => {
    const [mail, print, none] = [{ category: 'Mail' }, { category: 'Print' }, {}]
    expect(common(print, mail, none, mail, none)).toEqual({ category: 'Mail' })
    expect(common(print, mail)).toEqual({ category: 'Print' })
    expect(common(none)).toEqual({})
    expect(common()).toEqual({})
  })

  it('is all else that more than half of them have', () => {
    const slow = { subcategory: 'Delivery', symptom: 'slow', service: 'Mail', primaryCi: 'CI0000001' }
    const shared = {
      subcategory: 'Delivery',
      symptom: 'slow',
      service: 'Mail',
      affectedCis: ['CI0000001'],
    }
    expect(common(slow, slow, {})).toEqual(shared)
    expect(common(slow, {})).toEqual({})
  })

  it('is the impact and urgency of the one with the highest priority, not the best of different ones', () => {
    const incidents = [
      { impact: 1, urgency: 3, priority: 3 },
      { impact: 2, urgency: 1, priority: 2 },
      { impact: 3, urgency: 3, priority: 5 },
    ]
    expect(common(...incidents)).toEqual({ impact: 2, urgency: 1 })
  })

  it('takes the priority of the matrix where it was overridden, and none of what a source leaves out', () => {
    const overridden = { impact: 3, urgency: 3, priority: 1, derivedPriority: 5 }
    expect(common(overridden, { impact: 2, urgency: 2, priority: 3 })).toEqual({
      impact: 2,
      urgency: 2,
    })
    expect(common({ impact: 1, priority: 1 }, { priority: 1 })).toEqual({})
  })

  it('tells nothing of what was canceled, or has become restricted', () => {
    const urgent = { category: 'Payroll', impact: 1, urgency: 1, priority: 1 }
    for (const hidden of [{ state: 'Canceled' }, { audienceKind: 'participants' }] as const)
      expect(common({ category: 'Mail' }, { ...urgent, ...hidden })).toEqual({ category: 'Mail' })
    expect(common(urgent)).toEqual({ category: 'Payroll', impact: 1, urgency: 1 })
  })
})
