import type { Audience } from '#libs/access'
import { commandMetadata } from '#libs/testing'
import {
  AddProblemTask,
  AddProblemWatcher,
  AssignProblem,
  ChangeProblemAudience,
  OpenProblem,
  RemoveProblemWatcher,
} from './problem.commands.js'
import type { ProblemEvent } from './problem.events.js'
import { by, given, NUMBER, nothingYet, taskAdded, WAY_TO } from './problem.story.fixture.js'

const GROUPS: Audience = { kind: 'groups', groups: ['messaging'] }
const PARTICIPANTS: Audience = { kind: 'participants' }
const PUBLIC: Audience = { kind: 'public' }

const watches = (person: string): ProblemEvent => ({ type: 'ProblemWatcherAdded', data: { person } })
const restricted = (audience: Audience = GROUPS, tasks: readonly string[] = []): ProblemEvent => ({
  type: 'ProblemAudienceChanged',
  data: { audience, previous: PUBLIC, tasks },
})
const restrict = (audience: Audience) => new ChangeProblemAudience(NUMBER, { audience }, by('ann'))
const watch = (person: string) => new AddProblemWatcher(NUMBER, { person }, by('ann'))

describe('Watchers of a problem', () => {
  it('are people who are there, each once, in every state', () => {
    given().when(watch('bob')).thenEvents(watches('bob'))
    given(watches('bob')).when(watch('bob')).thenNothing()
    given().when(watch('nobody')).thenRefused('PROBLEM.PERSON_UNKNOWN')
    given().when(watch('lea')).thenRefused('PROBLEM.PERSON_INACTIVE')
    given(...WAY_TO.Closed)
      .when(watch('bob'))
      .thenEvents(watches('bob'))
  })

  it('leave, when they were there', () => {
    const leave = new RemoveProblemWatcher(NUMBER, { person: 'bob' }, by('bob'))
    given(watches('bob'))
      .when(leave)
      .thenEvents({ type: 'ProblemWatcherRemoved', data: { person: 'bob' } })
    given().when(leave).thenNothing()
  })
})

describe('The audience of a problem', () => {
  it('is changed in every state, with the tasks that are to be done', () => {
    given().when(restrict(PARTICIPANTS)).thenEvents(restricted(PARTICIPANTS))
    given(taskAdded('T1'), taskAdded('T2'), {
      type: 'ProblemTaskFinished',
      data: { task: 'T1', result: 'done', notes: null },
    })
      .when(restrict(GROUPS))
      .thenEvents(restricted(GROUPS, ['T2']))
    given(...WAY_TO.Closed)
      .when(restrict(GROUPS))
      .thenEvents(restricted())
    given(restricted()).when(restrict(GROUPS)).thenNothing()
  })

  it('has groups that are there, at least one', () => {
    given()
      .when(restrict({ kind: 'groups', groups: ['nobodies'] }))
      .thenRefused('PROBLEM.GROUP_UNKNOWN')
    given()
      .when(restrict({ kind: 'groups', groups: [] }))
      .thenRefused('PROBLEM.AUDIENCE_EMPTY')
  })

  it('has those in it who work on it when it is narrowed', () => {
    const assigned: ProblemEvent = {
      type: 'ProblemAssigned',
      data: { group: null, assignee: 'ann', previousAssignee: null },
    }
    const task: ProblemEvent = {
      type: 'ProblemTaskAdded',
      data: { task: 'T1', title: 'Measure', assignee: 'bob', priority: 3 },
    }
    given(assigned, task)
      .when(restrict(GROUPS))
      .thenEvents(watches('ann'), watches('bob'), restricted(GROUPS, ['T1']))
    given(assigned, task, watches('ann'), watches('bob'))
      .when(restrict(GROUPS))
      .thenEvents(restricted(GROUPS, ['T1']))
  })

  it('has those in it who come to work on it later; a public one has no need to', () => {
    const assign = new AssignProblem(NUMBER, { assignee: 'bob' }, by('ann'))
    const assigned: ProblemEvent = {
      type: 'ProblemAssigned',
      data: { group: null, assignee: 'bob', previousAssignee: null },
    }
    given(restricted()).when(assign).thenEvents(assigned, watches('bob'))
    given().when(assign).thenEvents(assigned)
    const add = new AddProblemTask(NUMBER, { title: 'Measure', assignee: 'bob' }, by('ann'))
    const task = { task: 'T1', title: 'Measure', assignee: 'bob', priority: 3 }
    given(restricted())
      .when(add)
      .thenEvents({ type: 'ProblemTaskAdded', data: { ...task, audience: GROUPS } }, watches('bob'))
    given().when(add).thenEvents({ type: 'ProblemTaskAdded', data: task })
  })

  it('is given as it is opened, and whoever opens it watches it', () => {
    const open = (actor: string, audience?: Audience) =>
      new OpenProblem(NUMBER, { title: 'Mail is slow', audience }, commandMetadata({ actor }))
    nothingYet()
      .when(open('bob', GROUPS))
      .thenTypes('ProblemOpened', 'ProblemPrioritized', 'ProblemWatcherAdded')
    nothingYet().when(open('bob')).thenTypes('ProblemOpened', 'ProblemPrioritized')
    nothingYet().when(open('system:policy', PARTICIPANTS)).thenTypes('ProblemOpened', 'ProblemPrioritized')
    nothingYet()
      .when(open('bob', { kind: 'groups', groups: ['nobodies'] }))
      .thenRefused('PROBLEM.GROUP_UNKNOWN')
  })
})
