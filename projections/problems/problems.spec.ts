import { EventFactory, FakeClock, projectionSpec } from '#libs/testing'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { type ProblemDetails, problems, shownProblem } from './problems.js'

const KEY = 'problem-PRB0000001'

function listed(...told: ProblemEvent[]): ProblemDetails {
  const factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z'), KEY)
  const opened: ProblemEvent = {
    type: 'ProblemOpened',
    data: {
      title: 'Mail is slow',
      affectedCis: [],
      origin: 'reactive',
      customFields: { supplier: 'ACME', spares: [1, 2] },
    },
  }
  const events = [opened, ...told].map((event) => factory.event(event, { actor: 'ann' }))
  return projectionSpec(problems)
    .given(...events)
    .all.get(KEY) as ProblemDetails
}

describe('A problem in lists', () => {
  it('is public until somebody narrows it, and seen by whoever watches it', () => {
    expect(listed()).toMatchObject({ audienceKind: 'public', visibleTo: undefined })
    const groups = { kind: 'groups', groups: ['messaging'] } as const
    const known = listed(
      { type: 'ProblemWatcherAdded', data: { person: 'ben' } },
      { type: 'ProblemWatcherAdded', data: { person: 'eve' } },
      { type: 'ProblemWatcherRemoved', data: { person: 'eve' } },
      {
        type: 'ProblemAudienceChanged',
        data: { audience: groups, previous: { kind: 'public' }, tasks: [] },
      },
    )
    expect(known).toMatchObject({
      audienceKind: 'groups',
      audienceGroups: ['messaging'],
      watchers: ['ben'],
      visibleTo: ['ben'],
    })
    const shown = shownProblem(known)
    expect(shown).toMatchObject({ audience: groups, watchers: ['ben'] })
    for (const column of ['audienceKind', 'audienceGroups', 'visibleTo', 'custom'])
      expect(shown).not.toHaveProperty(column)
  })

  it('has custom fields, and is found by them as they are now', () => {
    expect(listed()).toMatchObject({
      customFields: { supplier: 'ACME', spares: [1, 2] },
      custom: ['supplier=ACME', 'spares=1', 'spares=2'],
    })
    const changed: ProblemEvent = {
      type: 'ProblemDetailsChanged',
      data: { changes: { customFields: { from: { supplier: 'ACME' }, to: {} } }, customFieldsVersion: 1 },
    }
    expect(listed(changed)).toMatchObject({ customFields: {}, custom: undefined })
  })

  it('has files, with who attached them', () => {
    const file = { hash: 'a'.repeat(64), name: 'spool.log', contentType: 'text/plain', size: 4 }
    expect(listed({ type: 'ProblemFileAttached', data: file }).attachments).toEqual([
      { ...file, addedAt: '2026-03-02T08:00:02.000Z', addedBy: 'ann' },
    ])
  })
})
