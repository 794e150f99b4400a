import { recorded } from '#libs/testing'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import { changeAsTold } from './change-as-told.js'
import { changeNoticesOf, isToldOfChange } from './change-notices.js'
import type { RecordAsTold } from './record-as-told.js'

const PERIOD = { start: '2026-03-02T20:00:00.000Z', end: '2026-03-02T23:00:00.000Z' }
const WHEN = `${PERIOD.start} to ${PERIOD.end}`
const change: RecordAsTold = {
  title: 'Release 2',
  state: 'Scheduled',
  requester: 'rita',
  watchers: ['wendy'],
  group: 'Network',
  assignee: 'ann',
  audience: { kind: 'public' },
}
const told = (event: ChangeEvent, known: Partial<RecordAsTold> = {}) =>
  changeNoticesOf(event, { ...change, ...known }).flatMap(({ kind, to, detail }) =>
    to.map((addressee) => `${kind} → ${Object.values(addressee)[0]}${detail ? `: ${detail}` : ''}`),
  )
const assigned = (group: string | null, assignee: string | null, previousAssignee: string | null = null) =>
  ({ type: 'ChangeAssigned', data: { group, assignee, previousAssignee } }) as const
const followers = (words: string) => [
  `watched-change-changed → rita: ${words}`,
  `watched-change-changed → wendy: ${words}`,
]
const ROUND = { round: 1, approval: 'a', hash: 'h' }

describe('Of a change is told', () => {
  it('who has it: a person, or else whoever may take it', () => {
    expect(told(assigned('Network', 'ann'))).toEqual(['change-assigned-to-me → ann'])
    expect(told(assigned('Network', null), { assignee: undefined })).toEqual([
      'change-assigned-to-group → Network',
    ])
    // Only the group has changed; somebody has it by now; it has gone on
    expect(told(assigned('Network', 'ann', 'ann'))).toEqual([])
    expect(told(assigned('Network', null))).toEqual([])
    expect(told(assigned('Storage', null), { assignee: undefined })).toEqual([])
    const opened = { type: 'normal', title: 'x', affectedCis: [], proposedValues: [] } as const
    expect(told({ type: 'ChangeOpened', data: opened })).toEqual([])
    expect(told({ type: 'ChangeOpened', data: { ...opened, assignee: 'ann' } })).toEqual([
      'change-assigned-to-me → ann',
    ])
  })

  it('who has one of its tasks', () => {
    const task = { task: 'T1', title: 'Stop it', assignee: 'ben' }
    expect(told({ type: 'ChangeTaskAdded', data: task })).toEqual(['change-task-assigned → ben: Stop it'])
  })

  it('whoever wants it or watches it, of what was said and how it goes on', () => {
    expect(told({ type: 'ChangeCommentAdded', data: { text: 'Soon' } })).toEqual([
      'change-comment-added → ann: Soon',
      'change-comment-added → rita: Soon',
      'change-comment-added → wendy: Soon',
    ])
    const goesOn: [ChangeEvent, string][] = [
      [{ type: 'ChangeApproved', data: { ...ROUND, approvers: ['lea'] } }, 'It was approved.'],
      [
        { type: 'ChangeApprovedOnHold', data: { ...ROUND, approvers: ['lea'] } },
        'It was approved. It goes on as soon as it is resumed.',
      ],
      [{ type: 'ChangeRejected', data: { ...ROUND, comment: 'canary' } }, 'It was not approved.'],
      [
        { type: 'PlannedTimesMoved', data: { previous: null, planned: PERIOD } },
        `It is to be done from ${WHEN}.`,
      ],
      [
        { type: 'PlannedTimesMoved', data: { previous: PERIOD, planned: null } },
        'It is to be done at any time of its window.',
      ],
      [
        {
          type: 'ChangeApprovalVoided',
          data: { ...ROUND, fields: ['backout'], from: 'Scheduled', nextRound: 2, period: PERIOD },
        },
        'Its plan was edited: approval is asked anew.',
      ],
      [
        { type: 'ImplementationEnded', data: { outcome: 'failed', endedAt: PERIOD.end, notes: 'canary' } },
        'Its implementation has ended: failed.',
      ],
      [{ type: 'ChangeCanceled', data: { from: 'New', notes: 'No need' } }, 'No need'],
      [{ type: 'ChangeClosed', data: {} }, 'It is closed.'],
    ]
    for (const [event, words] of goesOn) expect(told(event)).toEqual(followers(words))
  })

  it('that it was approved once: what was granted while it was on hold is scheduled as it is resumed', () => {
    const approved: ChangeEvent = { type: 'ChangeApproved', data: { ...ROUND, approvers: ['lea'] } }
    const granted = { grantedOnHold: ROUND.approval }
    const goesOn = `It was resumed. It is scheduled, from ${WHEN}.`
    expect(told(approved, { ...granted, window: PERIOD })).toEqual(followers(goesOn))
    const sooner = { ...PERIOD, end: '2026-03-02T21:00:00.000Z' }
    expect(told(approved, { ...granted, window: PERIOD, planned: sooner })).toEqual(
      followers(`It was resumed. It is scheduled, from ${sooner.start} to ${sooner.end}.`),
    )
    // Another round has been asked since (counter-proof)
    expect(told(approved, { grantedOnHold: 'before' })).toEqual(followers('It was approved.'))
  })

  it('whoever wants it, watches it or did it, of what becomes of its ratification, and of rounds that are asked anew', () => {
    const done = { state: 'Review', implementer: 'ivan' }
    const goesOn: [ChangeEvent, string, object][] = [
      [
        { type: 'ChangeRatified', data: { ...ROUND, approvers: ['lea'], late: false } },
        'It was ratified.',
        done,
      ],
      [
        { type: 'ChangeRatified', data: { ...ROUND, approvers: ['lea'], late: true } },
        'It was ratified, late.',
        done,
      ],
      [
        { type: 'RatificationRefused', data: { ...ROUND, comment: 'canary' } },
        'Its ratification was refused: it stays open until it is ratified.',
        done,
      ],
      [
        { type: 'RatificationOverdue', data: { ratifyBy: PERIOD.end } },
        `It should have been ratified by ${PERIOD.end}: it stays open until it is.`,
        done,
      ],
      [
        { type: 'ChangeApprovalRenewed', data: { round: 2, period: PERIOD } },
        'Approval is asked anew.',
        done,
      ],
    ]
    for (const [event, words, known] of goesOn) {
      expect(isToldOfChange(event.type)).toBe(true)
      expect(told(event, known)).toEqual([...followers(words), `watched-change-changed → ivan: ${words}`])
    }
    const renewed: ChangeEvent = { type: 'ChangeApprovalRenewed', data: { round: 2, period: PERIOD } }
    expect(told(renewed, { state: 'Authorize' })).toEqual(followers('Approval is asked anew.'))
    const resumed = (data: object): ChangeEvent => ({ type: 'ChangeResumed', data })
    expect(told(resumed({ renewRound: 2, period: PERIOD }), { state: 'Authorize' })).toEqual(
      followers('Approval is asked anew.'),
    )
    expect(told(resumed({}))).toEqual([])
  })

  it('whoever has it and watches it, of what is in its way: not by which change', () => {
    const conflict = { kind: 'ci-busy', ci: 'CI1', change: 'CHG0000002', period: PERIOD } as const
    const appeared = { type: 'ConflictAppeared', data: { conflict, inputs: {} } } as ChangeEvent
    expect(told(appeared)).toEqual([
      `change-conflict-appeared → ann: ci-busy (CI1), from ${WHEN}`,
      `change-conflict-appeared → wendy: ci-busy (CI1), from ${WHEN}`,
    ])
    expect(told(appeared, { assignee: undefined, watchers: [] })).toEqual([
      `change-conflict-appeared → Network: ci-busy (CI1), from ${WHEN}`,
    ])
  })

  it('nobody of times that nobody has approved yet, and of what is said among those who work on it', () => {
    const moved: ChangeEvent = { type: 'PlannedTimesMoved', data: { previous: null, planned: PERIOD } }
    expect(told(moved, { state: 'Assess' })).toEqual([])
    const silent: ChangeEvent[] = [
      { type: 'ChangeWorkNoteAdded', data: { text: 'x' } },
      { type: 'ChangeWatcherAdded', data: { person: 'ben' } },
      { type: 'ChangeSubmitted', data: { round: 1, period: PERIOD } },
    ]
    for (const event of silent) {
      expect(isToldOfChange(event.type)).toBe(false)
      expect(told(event)).toEqual([])
    }
  })
})

describe('A change as it is told of', () => {
  it('has those who want it, work on it, watch it, and may see it', () => {
    const groups = { kind: 'groups', groups: ['Network'] } as const
    const known = recorded<ChangeEvent>('change-CHG0000001', [
      {
        type: 'ChangeOpened',
        data: { type: 'normal', title: 'x', affectedCis: [], proposedValues: [], requester: 'rita' },
      },
      assigned('Network', 'ann'),
      { type: 'ChangeWatcherAdded', data: { person: 'ben' } },
      { type: 'ChangeWatcherAdded', data: { person: 'eve' } },
      { type: 'ChangeWatcherRemoved', data: { person: 'eve' } },
      {
        type: 'ChangeAudienceChanged',
        data: { audience: groups, previous: { kind: 'public' }, approvals: [] },
      },
      { type: 'ChangePlanEdited', data: { changes: { title: { from: 'x', to: 'y' } } } },
      { type: 'ChangeSubmitted', data: { round: 1, period: PERIOD } },
      { type: 'ChangeApproved', data: { ...ROUND, approvers: ['lea'] } },
      {
        type: 'ImplementationStarted',
        data: {
          basis: { kind: 'approval', ...ROUND, approvers: ['lea'] },
          implementer: 'ivan',
          breaches: [],
        },
      },
    ]).reduce(changeAsTold.evolve, changeAsTold.initial)
    expect(known).toEqual({
      title: 'y',
      state: 'Implement',
      requester: 'rita',
      implementer: 'ivan',
      group: 'Network',
      assignee: 'ann',
      watchers: ['ben'],
      audience: groups,
    })
  })

  it('has the times of its plan, and what was granted while it was on hold', () => {
    const later = { start: '2026-03-03T20:00:00.000Z', end: '2026-03-03T23:00:00.000Z' }
    const told = (...more: ChangeEvent[]) =>
      recorded<ChangeEvent>('change-CHG0000001', [
        {
          type: 'ChangeOpened',
          data: { type: 'normal', title: 'x', affectedCis: [], proposedValues: [], window: PERIOD },
        },
        { type: 'PlannedTimesMoved', data: { previous: null, planned: PERIOD } },
        ...more,
      ]).reduce(changeAsTold.evolve, changeAsTold.initial)
    expect(told()).toMatchObject({ window: PERIOD, planned: PERIOD })
    const edited: ChangeEvent = {
      type: 'ChangePlanEdited',
      data: { changes: { window: { from: PERIOD, to: later } } },
    }
    expect(told(edited)).toMatchObject({ window: later, planned: undefined, title: 'x' })
    const granted: ChangeEvent = { type: 'ChangeApprovedOnHold', data: { ...ROUND, approvers: ['lea'] } }
    expect(told(granted)).toMatchObject({ grantedOnHold: ROUND.approval })
  })

  it('stands where it is, whatever is asked about what was implemented before approval', () => {
    const opened = { type: 'emergency', title: 'x', affectedCis: [], proposedValues: [] } as const
    const early = {
      ...{ startedAt: PERIOD.start, implementer: 'ivan', ratifyBy: PERIOD.end },
      ...{ settingsVersion: 0, round: 1, period: PERIOD },
    }
    const story: [ChangeEvent, string][] = [
      [{ type: 'ChangeOpened', data: opened }, 'New'],
      [{ type: 'ChangeSubmitted', data: { round: 1, period: PERIOD } }, 'Authorize'],
      [{ type: 'ChangeHeld', data: { reason: 'vendor' } }, 'Authorize'],
      [{ type: 'ChangeResumed', data: { renewRound: 2, period: PERIOD } }, 'Authorize'],
      [{ type: 'ImplementedBeforeApproval', data: { ...early, round: 3 } }, 'Implement'],
      [{ type: 'RatificationRefused', data: { ...ROUND, round: 3, comment: null } }, 'Implement'],
      [{ type: 'ChangeApprovalRenewed', data: { round: 4, period: PERIOD } }, 'Implement'],
      [{ type: 'ChangeResumed', data: { renewRound: 5, period: PERIOD } }, 'Implement'],
      [
        { type: 'ImplementationEnded', data: { outcome: 'successful', endedAt: PERIOD.end, notes: 'x' } },
        'Review',
      ],
      [{ type: 'ChangeApprovalRenewed', data: { round: 6, period: PERIOD } }, 'Review'],
    ]
    let known = changeAsTold.initial
    for (const event of recorded<ChangeEvent>(
      'change-CHG0000001',
      story.map(([told]) => told),
    )) {
      known = changeAsTold.evolve(known, event)
      expect([event.type, known?.state]).toEqual([event.type, story[Number(event.revision)]![1]])
    }
  })
})
