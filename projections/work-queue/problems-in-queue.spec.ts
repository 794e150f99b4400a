import { EventFactory, FakeClock, projectionSpec } from '#libs/testing'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { workQueue } from './work-queue.js'

const KEY = 'problem-PRB0000001'
const TASK = `${KEY}/T1`
const opened: ProblemEvent = {
  type: 'ProblemOpened',
  data: { title: 'Mail is slow', affectedCis: [], origin: 'reactive', group: 'messaging' },
}
const prioritized: ProblemEvent = {
  type: 'ProblemPrioritized',
  data: { impact: 1, urgency: 2, priority: 2, matrixVersion: 0, previous: null },
}
const task: ProblemEvent = {
  type: 'ProblemTaskAdded',
  data: { task: 'T1', title: 'Measure', group: 'network', assignee: 'ben', priority: 2 },
}
const started: ProblemEvent = { type: 'ProblemTaskStarted', data: { task: 'T1' } }
const finished: ProblemEvent = {
  type: 'ProblemTaskFinished',
  data: { task: 'T1', result: 'done', notes: null },
}
const closed: ProblemEvent = { type: 'ProblemClosed', data: {} }

type Told = ProblemEvent | [ProblemEvent, object]
function queueAfter(...told: Told[]) {
  const factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z'), KEY)
  const events = told.map((one) => (Array.isArray(one) ? factory.event(...one) : factory.event(one)))
  return projectionSpec(workQueue).given(...events).all
}

describe('A problem in the queue', () => {
  it('shows how urgent it is and who has it', () => {
    expect(queueAfter(opened, prioritized).get(KEY)).toEqual({
      type: 'problem',
      number: 'PRB0000001',
      title: 'Mail is slow',
      state: 'New',
      impact: 1,
      urgency: 2,
      priority: 2,
      assignmentGroup: 'messaging',
      openedAt: '2026-03-02T08:00:01.000Z',
      updatedAt: '2026-03-02T08:00:02.000Z',
      audienceKind: 'public',
    })
  })

  it('keeps its state on hold and says why; the next step ends it', () => {
    const assessed: ProblemEvent = { type: 'ProblemAssessmentStarted', data: {} }
    const held: ProblemEvent = { type: 'ProblemHeld', data: { reason: 'vendor' } }
    const canceled: ProblemEvent = { type: 'ProblemRiskAccepted', data: { from: 'Assess', notes: 'x' } }
    const waiting = queueAfter(opened, assessed, held).get(KEY)
    expect(waiting).toMatchObject({ state: 'Assess', holdReason: 'vendor' })
    const after = queueAfter(opened, assessed, held, canceled).get(KEY)
    expect([after?.state, after?.holdReason]).toEqual(['Resolved', undefined])
  })

  it('leaves it when it is closed; an imported one may come back', () => {
    expect(queueAfter(opened, closed).get(KEY)).toBeUndefined()
    const back: ProblemEvent = {
      type: 'ProblemStateObserved',
      data: { from: 'Closed', to: 'Root Cause Analysis', phase: 'unknown' },
    }
    expect(queueAfter([opened, { channel: 'import' }], closed, back).get(KEY)).toMatchObject({
      state: 'Root Cause Analysis',
      title: 'Mail is slow',
    })
  })

  it('is left alone by what it does not know', () => {
    const before = queueAfter(opened).get(KEY)
    const factory = new EventFactory(new FakeClock(), KEY)
    expect(workQueue.evolve(before, factory.event({ type: 'ProblemFrobbed', data: {} }) as never)).toBe(
      before,
    )
  })
})

describe('A task of a problem in the queue', () => {
  it('stands beside it, for whoever has the task, until it is finished', () => {
    const both = queueAfter(opened, prioritized, task)
    expect([...both.keys()]).toEqual([KEY, TASK])
    expect(both.get(TASK)).toEqual({
      type: 'problem-task',
      number: 'PRB0000001/T1',
      problem: 'PRB0000001',
      title: 'Measure',
      state: 'Open',
      priority: 2,
      assignmentGroup: 'network',
      assignee: 'ben',
      openedAt: '2026-03-02T08:00:03.000Z',
      updatedAt: '2026-03-02T08:00:03.000Z',
      audienceKind: 'public',
    })
    expect(both.get(KEY)).toMatchObject({ title: 'Mail is slow', updatedAt: '2026-03-02T08:00:03.000Z' })
    expect(queueAfter(opened, task, started).get(TASK)).toMatchObject({ state: 'In Progress' })
    expect([...queueAfter(opened, task, started, finished).keys()]).toEqual([KEY])
    const removed: ProblemEvent = { type: 'ProblemTaskRemoved', data: { task: 'T1' } }
    expect([...queueAfter(opened, task, removed).keys()]).toEqual([KEY])
  })

  it('is not touched by what happens to another task', () => {
    const other = { ...task, data: { ...task.data, task: 'T2', title: 'Look' } } as ProblemEvent
    const queue = queueAfter(opened, task, other, started)
    expect(queue.get(TASK)?.state).toBe('In Progress')
    expect(queue.get(`${KEY}/T2`)).toMatchObject({ state: 'Open', title: 'Look' })
  })
})

describe('A restricted problem in the queue', () => {
  const groups = { kind: 'groups', groups: ['messaging'] } as const
  const restricted = (tasks: readonly string[] = ['T1']): ProblemEvent => ({
    type: 'ProblemAudienceChanged',
    data: { audience: groups, previous: { kind: 'public' }, tasks },
  })

  it('is shown to its audience and its watchers, its tasks to who is to do them', () => {
    const watched: ProblemEvent = { type: 'ProblemWatcherAdded', data: { person: 'ann' } }
    const after = queueAfter(opened, prioritized, task, watched, restricted())
    expect(after.get(KEY)).toMatchObject({
      audienceKind: 'groups',
      audienceGroups: ['messaging'],
      visibleTo: ['ann'],
    })
    expect(after.get(TASK)).toMatchObject({
      audienceKind: 'groups',
      audienceGroups: ['messaging'],
      visibleTo: ['ben'],
    })
    const again = queueAfter(opened, task, restricted(), {
      type: 'ProblemAudienceChanged',
      data: { audience: { kind: 'public' }, previous: groups, tasks: ['T1'] },
    }).get(TASK)
    expect([again?.audienceKind, again?.audienceGroups, again?.visibleTo]).toEqual([
      'public',
      undefined,
      undefined,
    ])
  })

  it('hides tasks that are added later, and one that was opened so', () => {
    const hidden = { ...task, data: { ...task.data, audience: groups } } as ProblemEvent
    expect(queueAfter(opened, restricted([]), hidden).get(TASK)).toMatchObject({ audienceKind: 'groups' })
    const openedSo = { ...opened, data: { ...opened.data, audience: groups } } as ProblemEvent
    expect(queueAfter(openedSo).get(KEY)).toMatchObject({ audienceKind: 'groups' })
  })
})
