import type { RecordedEvent } from '#libs/event-sourcing'
import { matches } from '#libs/read-store'
import { EventFactory, FakeClock, projectionSpec } from '#libs/testing'
import type { ChangeEvent, ChangeOpened } from '../../src/changes/domain/change.events.js'
import { principal } from '../principals.fixture.js'
import { type ChangeDetails, changes, foldChangeDetails, shownChange } from './changes.js'

const WINDOW = { start: '2026-03-05T20:00:00.000Z', end: '2026-03-05T22:00:00.000Z' }
const HASH = 'a'.repeat(64)

const opened = (data: Partial<ChangeOpened['data']> = {}): ChangeEvent => ({
  type: 'ChangeOpened',
  data: {
    type: 'normal',
    title: 'New release',
    window: WINDOW,
    affectedCis: ['CI0000001'],
    proposedValues: [],
    requester: 'rita',
    group: 'network',
    ...data,
  },
})
const asked = (round: number, purpose: 'authorization' | 'ratification' = 'authorization'): ChangeEvent => ({
  type: 'ChangeApprovalAsked',
  data: {
    round,
    approval: `approval-${round}`,
    purpose,
    title: 'New release',
    document: { change: 'CHG0000001', plan: { title: 'secret plan' }, conflicts: [], baseValues: [] },
    hash: HASH,
    policy: 'Changes',
    policyVersion: 1,
    materialFields: ['title'],
    changeType: 'normal',
    risk: 'low',
    requester: 'rita',
    group: null,
  },
})
const submitted: ChangeEvent = { type: 'ChangeSubmitted', data: { round: 1, period: WINDOW } }
const approved = (round: number): ChangeEvent => ({
  type: 'ChangeApproved',
  data: { round, approval: `approval-${round}`, hash: HASH, approvers: ['ann'] },
})
const started: ChangeEvent = {
  type: 'ImplementationStarted',
  data: {
    basis: { kind: 'approval', approval: 'approval-1', round: 1, hash: HASH, approvers: ['ann'] },
    implementer: 'ann',
    breaches: [{ rule: 'approver-implements', person: 'ann' }],
  },
}

function story(...told: ChangeEvent[]) {
  const factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z'), 'change-CHG0000001')
  return told.map((event) => factory.event(event))
}
const entryOf = (...told: ChangeEvent[]): ChangeDetails =>
  projectionSpec(changes)
    .given(...story(...told))
    .document('change-CHG0000001')

describe('a change', () => {
  it('shows its plan, and when it is to be done', () => {
    expect(entryOf(opened())).toMatchObject({
      number: 'CHG0000001',
      state: 'New',
      assignmentGroup: 'network',
      plannedStart: WINDOW.start,
      plannedEnd: WINDOW.end,
      visibleTo: ['rita'],
    })
    const planned = { start: '2026-03-05T20:30:00.000Z', end: '2026-03-05T21:00:00.000Z' }
    const moved: ChangeEvent = { type: 'PlannedTimesMoved', data: { previous: null, planned } }
    expect(entryOf(opened(), moved)).toMatchObject({ planned, plannedStart: planned.start, window: WINDOW })
    const other = { start: '2026-03-06T20:00:00.000Z', end: '2026-03-06T22:00:00.000Z' }
    const edited: ChangeEvent = {
      type: 'ChangePlanEdited',
      data: { changes: { window: { from: WINDOW, to: other }, title: { from: 'New release', to: 'R2' } } },
    }
    const again = entryOf(opened(), moved, edited)
    expect(again).toMatchObject({ title: 'R2', plannedStart: other.start })
    expect(again.planned).toBeUndefined()
  })

  it('is seen by whoever asked for it and watches it, and by its audience', () => {
    const watched: ChangeEvent = { type: 'ChangeWatcherAdded', data: { person: 'ben' } }
    const restricted: ChangeEvent = {
      type: 'ChangeAudienceChanged',
      data: {
        audience: { kind: 'groups', groups: ['network'] },
        previous: { kind: 'public' },
        approvals: [],
      },
    }
    expect(entryOf(opened(), watched, restricted)).toMatchObject({
      watchers: ['ben'],
      visibleTo: ['rita', 'ben'],
      audienceKind: 'groups',
      audienceGroups: ['network'],
    })
    const left: ChangeEvent = { type: 'ChangeWatcherRemoved', data: { person: 'ben' } }
    const alone = entryOf(opened(), watched, left)
    expect(alone).toMatchObject({ visibleTo: ['rita'], audienceKind: 'public' })
    expect(alone.watchers).toBeUndefined()
  })

  it('says which approval it stands on, and which were voided', () => {
    expect(entryOf(opened(), submitted).approval).toEqual({
      purpose: 'authorization',
      round: 1,
      status: 'preparing',
    })
    const scheduled = [opened(), submitted, asked(1), approved(1)]
    expect(entryOf(...scheduled)).toMatchObject({
      state: 'Scheduled',
      approval: { id: 'approval-1', status: 'approved', approvers: ['ann'], hash: HASH },
    })
    const voided: ChangeEvent = {
      type: 'ChangeApprovalVoided',
      data: {
        round: 1,
        approval: 'approval-1',
        hash: HASH,
        fields: ['title'],
        from: 'Scheduled',
        nextRound: 2,
        period: WINDOW,
      },
    }
    const back = entryOf(...scheduled, voided)
    expect(back).toMatchObject({ state: 'Authorize', approval: { round: 2, status: 'preparing' } })
    expect(back).toMatchObject({ voidCount: 1, voids: [{ approval: 'approval-1', fields: ['title'] }] })
    expect(JSON.stringify(back)).not.toContain('secret plan')
  })

  it('keeps the conflicts that stand', () => {
    const conflict = { kind: 'ci-busy', ci: 'CI0000001', change: 'CHG0000002', period: WINDOW } as const
    const inputs = {
      period: WINDOW,
      related: [],
      classes: {},
      calendars: {},
      maintenanceVersion: 0,
      blackoutVersion: 0,
    }
    const appeared: ChangeEvent = { type: 'ConflictAppeared', data: { conflict, inputs } }
    const cleared: ChangeEvent = { type: 'ConflictCleared', data: { conflict, inputs } }
    expect(entryOf(opened(), appeared)).toMatchObject({ conflicts: [conflict], conflictKinds: ['ci-busy'] })
    const free = entryOf(opened(), appeared, cleared)
    expect([free.conflicts, free.conflictKinds]).toEqual([undefined, undefined])
  })

  it('says who did two things that two should have done, and when what happened', () => {
    const done = entryOf(opened(), submitted, asked(1), approved(1), started)
    expect(done).toMatchObject({
      state: 'Implement',
      implementer: 'ann',
      breachRules: ['approver-implements'],
      startedAt: '2026-03-02T08:00:05.000Z',
    })
    expect(done.entered).toEqual({
      New: '2026-03-02T08:00:01.000Z',
      Authorize: '2026-03-02T08:00:02.000Z',
      Scheduled: '2026-03-02T08:00:04.000Z',
      Implement: '2026-03-02T08:00:05.000Z',
    })
  })

  it('that was begun before approval stands in the calendar from then on, whatever is planned', () => {
    const period = { start: '2026-03-02T07:00:00.000Z', end: '2026-03-04T07:00:00.000Z' }
    const begun: ChangeEvent = {
      type: 'ImplementedBeforeApproval',
      data: {
        startedAt: period.start,
        implementer: 'ivan',
        ratifyBy: period.end,
        settingsVersion: 0,
        round: 1,
        period,
      },
    }
    const moved: ChangeEvent = { type: 'PlannedTimesMoved', data: { previous: WINDOW, planned: null } }
    const due = { plannedStart: period.start, plannedEnd: period.end }
    expect(entryOf(opened({ type: 'emergency', window: undefined }), begun)).toMatchObject(due)
    expect(entryOf(opened({ type: 'emergency' }), begun, moved)).toMatchObject(due)
    expect(entryOf(opened({ type: 'emergency' }), moved)).toMatchObject({ plannedStart: WINDOW.start })
  })

  it('that could not wait is open until it is ratified', () => {
    const early: ChangeEvent[] = [
      opened({ type: 'emergency' }),
      {
        type: 'ImplementedBeforeApproval',
        data: {
          startedAt: '2026-03-02T07:00:00.000Z',
          implementer: 'ivan',
          ratifyBy: '2026-03-04T07:00:00.000Z',
          settingsVersion: 0,
          round: 1,
          period: WINDOW,
        },
      },
      asked(1, 'ratification'),
    ]
    const again: ChangeEvent[] = [
      { type: 'RatificationRefused', data: { round: 1, approval: 'A1', hash: 'h', comment: 'Why?' } },
      { type: 'ChangeApprovalRenewed', data: { round: 2, period: WINDOW } },
    ]
    expect(entryOf(...early, again[0]!)).toMatchObject({ ratification: 'refused' })
    expect(entryOf(...early, ...again)).toMatchObject({ ratification: 'open', early: { verdict: 'open' } })
    expect(entryOf(...early)).toMatchObject({
      state: 'Implement',
      implementedBeforeApproval: true,
      ratification: 'open',
      startedAt: '2026-03-02T07:00:00.000Z',
      approval: { purpose: 'ratification', status: 'open' },
    })
    const overdue: ChangeEvent = {
      type: 'RatificationOverdue',
      data: { ratifyBy: '2026-03-04T07:00:00.000Z' },
    }
    expect(entryOf(...early, overdue)).toMatchObject({ ratification: 'overdue' })
    const ratified: ChangeEvent = {
      type: 'ChangeRatified',
      data: { round: 1, approval: 'approval-1', hash: HASH, approvers: ['ann'], late: true },
    }
    expect(entryOf(...early, overdue, ratified)).toMatchObject({
      state: 'Implement',
      ratification: 'ratified',
      early: { late: true },
      approval: { status: 'approved' },
    })
  })

  it('of a source without evidence says so, and when nobody knows it began', () => {
    const told: ChangeEvent[] = [
      opened({ type: 'configuration-commit', requester: undefined, group: undefined }),
      {
        type: 'ChangeStateObserved',
        data: {
          from: 'New',
          to: 'Closed',
          outcome: 'no evidence in source',
          authorisation: 'no evidence in source',
        },
      },
    ]
    const commit = entryOf(...told)
    expect(commit).toMatchObject({
      state: 'Closed',
      outcome: 'no evidence in source',
      authorisation: 'no evidence in source',
      closedAt: '2026-03-02T08:00:02.000Z',
    })
    expect([commit.startedAt, commit.endedAt, commit.visibleTo]).toEqual([undefined, undefined, undefined])
  })

  it('shows as written only what was not refused as it was to be written', () => {
    const values = (ci: string) => ({ ci, attributes: { version: '2' } })
    const refused = { ci: 'CI1', moved: {}, code: 'CI.RETIRED' }
    const told: ChangeEvent[] = [
      { type: 'ProposedValuesReleased', data: { ...values('CI1'), base: { version: '1' } } },
      { type: 'ProposedValuesReleased', data: values('CI2') },
    ]
    expect(entryOf(opened(), ...told).released).toEqual([values('CI1'), values('CI2')])
    expect(entryOf(opened(), ...told, { type: 'ProposedValuesRefused', data: refused })).toMatchObject({
      released: [values('CI2')],
      refused: [refused],
    })
  })

  it('shows what the board advises, which is no update of it', () => {
    const factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z'))
    const change = 'CHG0000001'
    const told = [
      factory.event(opened(), {}, 'change-CHG0000001'),
      factory.event({ type: 'CabAgendaItemAdded', data: { change } }, {}, 'cab-CAB0000001'),
      factory.event({ type: 'CabAgendaItemAdded', data: { change } }, {}, 'cab-CAB0000002'),
      factory.event({ type: 'CabAgendaItemRemoved', data: { change } }, {}, 'cab-CAB0000001'),
      factory.event(
        { type: 'CabAdviceGiven', data: { change, advice: 'defer', comment: 'The fair' } },
        { actor: 'chris' },
        'cab-CAB0000002',
      ),
      factory.event({ type: 'CabMeetingClosed', data: {} }, {}, 'cab-CAB0000002'),
      factory.event({ type: 'CabAgendaItemAdded', data: { change: 'CHG0000099' } }, {}, 'cab-CAB0000002'),
    ]
    const { all } = projectionSpec(changes).given(...(told as RecordedEvent<ChangeEvent>[]))
    expect([...all.keys()]).toEqual(['change-CHG0000001'])
    expect(all.get('change-CHG0000001')).toMatchObject({
      cab: [{ meeting: 'CAB0000002', advice: 'defer', comment: 'The fair', by: 'chris' }],
      cabAdvice: 'defer',
      cabMeetings: ['CAB0000001', 'CAB0000002'],
      updatedAt: '2026-03-02T08:00:01.000Z',
    })
  })

  it('has files, with who attached them, which only the desk sees', () => {
    const file = { hash: 'a'.repeat(64), name: 'canary.txt', contentType: 'text/plain', size: 4 }
    const whole = entryOf(opened(), { type: 'ChangeFileAttached', data: file })
    expect(whole.attachments).toEqual([
      { ...file, addedAt: expect.stringMatching(/^2026-/), addedBy: expect.any(String) },
    ])
    expect(JSON.stringify(changes.fields?.(whole, principal('rita', ['requester'])))).not.toMatch(/canary/)
  })

  it('is left alone by what it does not know', () => {
    const before = entryOf(opened())
    const [unknown] = story({ type: 'ChangeFrobbed', data: {} } as never)
    expect(changes.evolve(before, unknown as never)).toBe(before)
  })

  it('that cannot be folded to its end is stale', () => {
    const broken = story(opened(), { type: 'ChangePlanEdited', data: {} } as never, submitted)
    expect(foldChangeDetails(broken)).toMatchObject({ details: { state: 'New' }, stale: true })
  })
})

describe('who sees it', () => {
  const sees = (person: string, ...roles: Parameters<typeof principal>[1]) =>
    matches(changes.rows(principal(person, roles)), entryOf(opened()))

  it('the desk, and who asked for it', () => {
    expect([sees('cai', 'agent'), sees('rita', 'requester'), sees('rob', 'requester'), sees('cai')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('requesters without how it is done, and by which rules', () => {
    const whole = entryOf(opened({ implementation: 'canary', backout: 'canary', test: 'canary' }), submitted)
    const shown = shownChange(changes.fields?.(whole, principal('rita', ['requester'])) as ChangeDetails)
    expect(JSON.stringify(shown)).not.toMatch(/canary|CI0000001|preparing|audience/)
    expect(shown).toMatchObject({ number: 'CHG0000001', title: 'New release', state: 'Authorize' })
  })
})
