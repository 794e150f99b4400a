import { matches } from '#libs/read-store'
import { EventFactory, FakeClock, projectionSpec } from '#libs/testing'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import { principal } from '../principals.fixture.js'
import type { WorkQueueEntry } from './queue-entry.js'
import { workQueue } from './work-queue.js'

const KEY = 'change-CHG0000001'
const WINDOW = { start: '2026-03-05T20:00:00.000Z', end: '2026-03-05T22:00:00.000Z' }
const opened: ChangeEvent = {
  type: 'ChangeOpened',
  data: {
    type: 'normal',
    title: 'New release',
    window: WINDOW,
    affectedCis: [],
    proposedValues: [],
    requester: 'rita',
    group: 'network',
    assignee: 'ann',
  },
}
const closed: ChangeEvent = { type: 'ChangeClosed', data: {} }
const comment: ChangeEvent = { type: 'ChangeCommentAdded', data: { text: 'When?' } }

type Told = ChangeEvent | [ChangeEvent, object]
function entryOf(...told: Told[]): WorkQueueEntry | undefined {
  const factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z'), KEY)
  const events = told.map((one) => (Array.isArray(one) ? factory.event(...one) : factory.event(one)))
  return projectionSpec(workQueue)
    .given(...events)
    .all.get(KEY)
}

describe('A change in the queue', () => {
  it('shows who has it, which path it takes and when; what only incidents have is absent', () => {
    expect(entryOf(opened)).toEqual({
      type: 'change',
      number: 'CHG0000001',
      title: 'New release',
      state: 'New',
      changeType: 'normal',
      requester: 'rita',
      assignmentGroup: 'network',
      assignee: 'ann',
      window: WINDOW,
      plannedStart: WINDOW.start,
      plannedEnd: WINDOW.end,
      startsAt: WINDOW.start,
      openedAt: '2026-03-02T08:00:01.000Z',
      updatedAt: '2026-03-02T08:00:01.000Z',
      audienceKind: 'public',
      visibleTo: ['rita'],
    })
  })

  it('is to be seen to when it is planned; an emergency without a plan, since it was opened', () => {
    const { window: _, ...unplanned } = (opened as Extract<ChangeEvent, { type: 'ChangeOpened' }>).data
    const emergency = { ...opened, data: { ...unplanned, type: 'emergency' } } as ChangeEvent
    const edited: ChangeEvent = {
      type: 'ChangePlanEdited',
      data: { changes: { window: { from: null, to: WINDOW } } },
    }
    const begun: ChangeEvent = {
      type: 'ImplementedBeforeApproval',
      data: {
        startedAt: '2026-03-02T07:00:00.000Z',
        implementer: 'ann',
        ratifyBy: '2026-03-03T08:00:00.000Z',
        settingsVersion: 0,
        round: 1,
        period: { start: '2026-03-02T07:00:00.000Z', end: '2026-03-02T09:00:00.000Z' },
      },
    }
    const times = (...told: ChangeEvent[]) => {
      const { startsAt, plannedStart, plannedEnd } = entryOf(...told)!
      return [startsAt, plannedStart, plannedEnd]
    }
    expect(times({ ...opened, data: unplanned } as ChangeEvent)).toEqual([undefined, undefined, undefined])
    expect(times(emergency)).toEqual(['2026-03-02T08:00:01.000Z', undefined, undefined])
    expect(times(emergency, edited)).toEqual([WINDOW.start, WINDOW.start, WINDOW.end])
    const { start, end } = begun.data.period
    expect(times(emergency, begun)).toEqual([start, start, end])
    expect(times(emergency, edited, begun)).toEqual([start, start, end])
  })

  it('leaves it when it is over; an imported one may come back', () => {
    expect(entryOf(opened, closed)).toBeUndefined()
    const back: ChangeEvent = { type: 'ChangeStateObserved', data: { from: 'Closed', to: 'Implement' } }
    const left = entryOf([opened, { channel: 'import' }], closed) as object
    expect(matches(workQueue.rows(principal('audrey', ['auditor'])), left)).toBe(false)
    expect(entryOf([opened, { channel: 'import' }], closed, back)).toMatchObject({
      state: 'Implement',
      title: 'New release',
    })
  })

  it('is none when a source’s commit of configuration is told as one, at no moment of its telling', () => {
    const commit = { ...opened, data: { ...opened.data, type: 'configuration-commit' } } as ChangeEvent
    const done: ChangeEvent = { type: 'ChangeStateObserved', data: { from: 'New', to: 'Closed' } }
    const imported = { channel: 'import' }
    expect(entryOf([commit, imported])).toBeUndefined()
    expect(entryOf([commit, imported], [done, imported])).toBeUndefined()
    expect(entryOf([opened, imported])).toBeDefined()
  })

  it('keeps its state on hold, and says why', () => {
    const held: ChangeEvent = { type: 'ChangeHeld', data: { reason: 'vendor' } }
    expect(entryOf(opened, held)).toMatchObject({ state: 'New', holdReason: 'vendor' })
    expect(entryOf(opened, held, { type: 'ChangeResumed', data: {} })?.holdReason).toBeUndefined()
  })

  it('awaits the assignee’s answer to who asked for it', () => {
    const asked = entryOf(opened, [comment, { actor: 'rita' }])
    expect(asked).toMatchObject({ callerRepliedAt: '2026-03-02T08:00:02.000Z', lastReplyBy: 'rita' })
    const answered = entryOf(opened, [comment, { actor: 'rita' }], [comment, { actor: 'ann' }])
    expect(answered?.callerRepliedAt).toBeUndefined()
  })

  it('is not touched by what the program finds out beside it, and by what it does not know', () => {
    const before = entryOf(opened)
    const factory = new EventFactory(new FakeClock(), KEY)
    for (const type of ['ConflictAppeared', 'BaseValuesRecorded', 'ChangeFrobbed'])
      expect(workQueue.evolve(before, factory.event({ type, data: {} }) as never)).toBe(before)
  })
})
