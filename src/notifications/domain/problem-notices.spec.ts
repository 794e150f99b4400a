import { recorded } from '#libs/testing'
import type { ProblemEvent } from '../../problems/domain/problem.events.js'
import { problemAsTold } from './problem-as-told.js'
import { isToldOfProblem, problemNoticesOf } from './problem-notices.js'
import type { RecordAsTold } from './record-as-told.js'

const problem: RecordAsTold = {
  title: 'Mail is slow',
  state: 'Assess',
  watchers: ['wendy'],
  group: 'Network',
  assignee: 'ann',
  audience: { kind: 'public' },
}
const told = (event: ProblemEvent, known: Partial<RecordAsTold> = {}) =>
  problemNoticesOf(event, { ...problem, ...known }).flatMap(({ kind, to, detail }) =>
    to.map((addressee) => `${kind} → ${Object.values(addressee)[0]}${detail ? `: ${detail}` : ''}`),
  )
const assigned = (group: string | null, assignee: string | null, previousAssignee: string | null = null) =>
  ({ type: 'ProblemAssigned', data: { group, assignee, previousAssignee } }) as const

describe('Of a problem is told', () => {
  it('who has it: a person, or else whoever may take it', () => {
    expect(told(assigned('Network', 'ann'))).toEqual(['problem-assigned-to-me → ann'])
    expect(told(assigned('Network', null), { assignee: undefined })).toEqual([
      'problem-assigned-to-group → Network',
    ])
    // Only the group has changed; somebody has it by now; it has gone on
    expect(told(assigned('Network', 'ann', 'ann'))).toEqual([])
    expect(told(assigned('Network', null))).toEqual([])
    expect(told(assigned('Storage', null), { assignee: undefined })).toEqual([])
    expect(told(assigned(null, null))).toEqual([])
    const opened = { title: 'x', affectedCis: [], origin: 'reactive' } as const
    expect(told({ type: 'ProblemOpened', data: opened })).toEqual([])
    expect(told({ type: 'ProblemOpened', data: { ...opened, assignee: 'ann' } })).toEqual([
      'problem-assigned-to-me → ann',
    ])
  })

  it('who has one of its tasks', () => {
    const task = { task: 'T1', title: 'Measure', priority: 3 }
    const added = (hands: object): ProblemEvent => ({ type: 'ProblemTaskAdded', data: { ...task, ...hands } })
    expect(told(added({ group: 'Network', assignee: 'ben' }))).toEqual([
      'problem-task-assigned → ben: Measure',
    ])
    expect(told(added({ group: 'Network' }))).toEqual(['problem-task-assigned → Network: Measure'])
    expect(told(added({}))).toEqual([])
  })

  it('whoever watches it, of what was said, what helps and how it ends', () => {
    expect(told({ type: 'ProblemCommentAdded', data: { text: 'Hello' } })).toEqual([
      'problem-comment-added → ann: Hello',
      'watched-problem-changed → wendy: Hello',
    ])
    const workaround = { workaround: 'Restart', number: 1, previous: null }
    expect(told({ type: 'WorkaroundRecorded', data: workaround })).toEqual([
      'watched-problem-changed → wendy: What helps meanwhile: Restart',
    ])
    expect(told({ type: 'ProblemCanceled', data: { from: 'New', notes: 'None' } })).toEqual([
      'watched-problem-changed → wendy: None',
    ])
    expect(told({ type: 'ProblemClosed', data: {} })).toEqual(['watched-problem-changed → wendy'])
  })

  it('nobody of what is said among those who work on it', () => {
    const silent: ProblemEvent[] = [
      { type: 'ProblemWorkNoteAdded', data: { text: 'x' } },
      { type: 'ProblemWatcherAdded', data: { person: 'ben' } },
      { type: 'ProblemUpdateObserved', data: {} },
    ]
    for (const event of silent) {
      expect(isToldOfProblem(event.type)).toBe(false)
      expect(told(event)).toEqual([])
    }
  })
})

describe('A problem as it is told of', () => {
  const after = (...events: ProblemEvent[]) =>
    recorded<ProblemEvent>('problem-PRB0000001', [
      { type: 'ProblemOpened', data: { title: 'x', affectedCis: [], origin: 'reactive' } },
      ...events,
    ]).reduce(problemAsTold.evolve, problemAsTold.initial)

  it('has those who work on it, those who watch it, and those who may see it', () => {
    const groups = { kind: 'groups', groups: ['Network'] } as const
    const known = after(
      assigned('Network', 'ann'),
      { type: 'ProblemWatcherAdded', data: { person: 'ben' } },
      { type: 'ProblemWatcherAdded', data: { person: 'eve' } },
      { type: 'ProblemWatcherRemoved', data: { person: 'eve' } },
      {
        type: 'ProblemAudienceChanged',
        data: { audience: groups, previous: { kind: 'public' }, tasks: [] },
      },
      { type: 'ProblemAssessmentStarted', data: {} },
      { type: 'ProblemRiskAccepted', data: { from: 'Assess', notes: 'x' } },
    )
    expect(known).toMatchObject({
      state: 'Resolved',
      group: 'Network',
      assignee: 'ann',
      watchers: ['ben'],
      audience: groups,
    })
  })
})
