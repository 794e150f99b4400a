import type { QueryDependencies } from '#libs/query-handling'
import { recorded } from '#libs/testing'
import { principal } from '#projections/principals.fixture'
import type { ProblemEvent } from '../domain/problem.events.js'
import { withVisibleIncidents } from './named-incidents.js'

/** Of all incidents only this one is seen. */
const SEEN = 'INC0000001'
const dependencies = {
  models: { of: () => ({ list: async () => ({ rows: [{ document: { number: SEEN } }] }) }) },
  waitMilliseconds: 0,
} as unknown as QueryDependencies

describe('The history of a problem names incidents only to who may see them', () => {
  const incidents = [SEEN, 'INC0000002']
  const told: ProblemEvent[] = [
    { type: 'ProblemIncidentsNamed', data: { incidents } },
    { type: 'ProblemIncidentsLeftOut', data: { incidents, candidate: SEEN, because: 'canceled' } },
  ]

  it.each(told)('in $type', async (event) => {
    const events = recorded<ProblemEvent>('problem-PRB0000001', [event])
    const [shown] = await withVisibleIncidents(events, principal('ann', ['agent']), dependencies)
    expect(shown?.data).toEqual({ ...event.data, incidents: [SEEN] })
  })

  it('and has all else as it was', async () => {
    const events = recorded<ProblemEvent>('problem-PRB0000001', [
      { type: 'ProblemCommentAdded', data: { text: 'INC0000002' } },
    ])
    expect(await withVisibleIncidents(events, principal('ann', ['agent']), dependencies)).toEqual(events)
  })
})
