import * as c from './problem.commands.js'
import type { ProblemEvent, ProblemIncidentsLeftOut } from './problem.events.js'
import { PROBLEM_RIGHTS } from './problem.rights.js'
import {
  by,
  canceled,
  closed,
  duplicate,
  given,
  NUMBER,
  nothingYet,
  OTHER,
  ofPriority,
  taskAdded,
  WAY_TO,
} from './problem.story.fixture.js'

const ann = by('ann')
const send = (Type: new (id: string, data: never, metadata: never) => c.ProblemCommand, data: object = {}) =>
  new Type(NUMBER, data as never, ann as never)

describe('opening a problem', () => {
  const open = (data: object = {}) => send(c.OpenProblem, { title: 'Mail is slow', ...data })

  it('gives it a priority, and names its incidents', () => {
    nothingYet()
      .when(open())
      .thenEvents(
        {
          type: 'ProblemOpened',
          data: { title: 'Mail is slow', affectedCis: [], origin: 'reactive' },
        },
        {
          type: 'ProblemPrioritized',
          data: { impact: 3, urgency: 3, priority: 5, matrixVersion: 0, previous: null },
        },
      )
    const data = {
      origin: 'proactive',
      candidate: 'candidate-1',
      impact: 1,
      urgency: 2,
      group: 'messaging',
      assignee: 'ann',
      affectedCis: ['CI1', 'CI1'],
      incidents: ['INC0000001', 'INC0000002', 'INC0000001'],
    }
    const events = nothingYet().when(open(data)).events
    expect(events).toMatchObject([
      { type: 'ProblemOpened', data: { candidate: 'candidate-1', affectedCis: ['CI1'], assignee: 'ann' } },
      { type: 'ProblemPrioritized', data: { priority: 2 } },
      { type: 'ProblemIncidentsNamed', data: { incidents: ['INC0000001', 'INC0000002'] } },
    ])
  })

  it.each([
    ['PROBLEM.TEXT_REQUIRED', { title: ' ' }],
    ['PROBLEM.LEVEL_UNKNOWN', { impact: 4 }],
    ['PROBLEM.GROUP_UNKNOWN', { group: 'nobodies' }],
    ['PROBLEM.PERSON_UNKNOWN', { assignee: 'nobody' }],
    ['PROBLEM.PERSON_INACTIVE', { assignee: 'lea' }],
    ['PROBLEM.NOT_A_MEMBER', { group: 'messaging', assignee: 'bob' }],
    ['PROBLEM.INCIDENT_UNKNOWN', { incidents: ['INC0000001', 'INC0000099'] }],
  ])('is refused with %s', (code, data) => nothingYet().when(open(data)).thenRefused(code))

  it('takes the levels that a policy has from incidents as far as the matrix in force has them', () => {
    const byPolicy = (levels: object) =>
      nothingYet().when(
        new c.OpenProblem(
          undefined,
          { title: 'Mail is slow', ...levels },
          by('system:problem_open_accepted'),
        ),
      ).events[1]
    expect(byPolicy({ impact: 1, urgency: 2 })).toMatchObject({
      data: { impact: 1, urgency: 2, priority: 2 },
    })
    for (const levels of [{ impact: 4, urgency: 1 }, { impact: 1 }, {}])
      expect(byPolicy(levels)).toMatchObject({ data: { impact: 3, urgency: 3, priority: 5 } })
  })

  it('is refused for an empty cell of the matrix, and for a number that is taken', () => {
    const matrix = { impacts: ['1'], urgencies: ['1'], priorities: ['1'], cells: [[null]] }
    nothingYet()
      .and('settings-priority-matrix', { type: 'PriorityMatrixPublished', data: { version: 2, matrix } })
      .when(open())
      .thenRefused('PROBLEM.PRIORITY_UNDEFINED')
    given().when(open()).thenRefused('PROBLEM.EXISTS')
  })

  it('comes before all else', () => {
    nothingYet().when(send(c.StartProblemAssessment)).thenRefused('PROBLEM.UNKNOWN')
  })
})

describe('a problem', () => {
  it('is described otherwise; what is so already is no news', () => {
    given()
      .when(send(c.EditProblem, { title: 'Mail is late', service: 'Mail', description: null }))
      .thenEvents({
        type: 'ProblemDetailsChanged',
        data: {
          changes: {
            title: { from: 'Mail is slow', to: 'Mail is late' },
            service: { from: null, to: 'Mail' },
          },
        },
      })
    given()
      .when(send(c.EditProblem, { title: 'Mail is slow', affectedCis: [] }))
      .thenNothing()
    given()
      .when(send(c.EditProblem, { title: null }))
      .thenRefused('PROBLEM.TEXT_REQUIRED')
    given(...WAY_TO.Closed)
      .when(send(c.EditProblem, { title: 'Late' }))
      .thenRefused('PROBLEM.CLOSED')
  })

  it('is prioritised by the matrix', () => {
    given()
      .when(send(c.PrioritizeProblem, { impact: 1 }))
      .thenEvents(ofPriority(1, 3))
    given()
      .when(send(c.PrioritizeProblem, { impact: 3 }))
      .thenNothing()
    given()
      .when(send(c.PrioritizeProblem, { urgency: 0 }))
      .thenRefused('PROBLEM.LEVEL_UNKNOWN')
  })

  it('is given to a group and one of its members; another group has nobody yet', () => {
    const assigned = (
      group: string | null,
      assignee: string | null,
      previousAssignee: string | null,
    ): ProblemEvent => ({ type: 'ProblemAssigned', data: { group, assignee, previousAssignee } })
    const assign = (data: object) => send(c.AssignProblem, data)
    given()
      .when(assign({ group: 'messaging', assignee: 'ann' }))
      .thenEvents(assigned('messaging', 'ann', null))
    const hers = given(assigned('messaging', 'ann', null))
    hers.when(assign({ group: 'messaging' })).thenNothing()
    hers.when(assign({ group: null })).thenEvents(assigned(null, null, 'ann'))
    hers.when(assign({ assignee: null })).thenEvents(assigned('messaging', null, 'ann'))
    hers.when(assign({ assignee: 'bob' })).thenRefused('PROBLEM.NOT_A_MEMBER')
  })

  it('is linked and unlinked in every state, to incidents only by them', () => {
    const link = { relation: 'fixed-by-change', targetType: 'change', target: 'CHG1' } as const
    const linked: ProblemEvent = { type: 'ProblemLinked', data: { link } }
    given(...WAY_TO.Closed)
      .when(send(c.LinkProblem, link))
      .thenEvents(linked)
    given(linked).when(send(c.LinkProblem, link)).thenNothing()
    given(linked).when(send(c.UnlinkProblem, link)).thenEvents({ type: 'ProblemUnlinked', data: { link } })
    given().when(send(c.UnlinkProblem, link)).thenNothing()
    const refused = (data: object, code: string) =>
      given()
        .when(send(c.LinkProblem, { ...link, ...data }))
        .thenRefused(code)
    refused({ targetType: 'problem' }, 'PROBLEM.LINK_MALFORMED')
    refused({ relation: 'likes' }, 'PROBLEM.LINK_MALFORMED')
    refused({ relation: 'related-to', targetType: 'problem', target: NUMBER }, 'PROBLEM.LINK_MALFORMED')
    refused({ relation: 'related-to', targetType: 'incident' }, 'PROBLEM.LINK_BY_INCIDENT')
    refused({ target: '' }, 'PROBLEM.TEXT_REQUIRED')
  })

  it('names incidents as long as there is a problem, also when it is closed', () => {
    const name = (...incidents: string[]) => send(c.LinkIncidents, { incidents })
    given().when(name('INC0000001')).thenTypes('ProblemIncidentsNamed')
    given(...WAY_TO.Closed)
      .when(name('INC0000001'))
      .thenTypes('ProblemIncidentsNamed')
    given().when(name('INC0000099')).thenRefused('PROBLEM.INCIDENT_UNKNOWN')
    given(canceled).when(name('INC0000001')).thenRefused('PROBLEM.CANCELED')
    given(duplicate).when(name('INC0000001')).thenRefused('PROBLEM.DUPLICATE')
  })

  it('leaves out members of a candidate that a policy names once it is a problem no more, and says why', () => {
    const members = { incidents: ['INC0000001', 'INC0000002'], candidate: 'INC0000001' }
    const name = (metadata = by('system:problem_open_accepted')) =>
      new c.LinkIncidents(NUMBER, members, metadata)
    const leftOut = (
      reason: Pick<ProblemIncidentsLeftOut['data'], 'because' | 'survivor'>,
    ): ProblemEvent => ({
      type: 'ProblemIncidentsLeftOut',
      data: { ...members, ...reason },
    })
    given().when(name()).thenTypes('ProblemIncidentsNamed')
    given(canceled)
      .when(name())
      .thenEvents(leftOut({ because: 'canceled' }))
    given(duplicate)
      .when(name())
      .thenEvents(leftOut({ because: 'duplicate', survivor: OTHER }))
    // A person is told at once (counter-proof)
    given(canceled)
      .when(name(by('ann')))
      .thenRefused('PROBLEM.CANCELED')
  })

  it('is spoken of in every state', () => {
    given(...WAY_TO.Closed)
      .when(send(c.NoteOnProblem, { text: 'See above' }))
      .thenEvents({ type: 'ProblemWorkNoteAdded', data: { text: 'See above' } })
    given()
      .when(send(c.CommentOnProblem, { text: 'Soon' }))
      .thenEvents({ type: 'ProblemCommentAdded', data: { text: 'Soon' } })
    given()
      .when(send(c.CommentOnProblem, { text: '' }))
      .thenRefused('PROBLEM.TEXT_REQUIRED')
  })
})

describe('tasks', () => {
  const started: ProblemEvent = { type: 'ProblemTaskStarted', data: { task: 'T1' } }
  const done: ProblemEvent = {
    type: 'ProblemTaskFinished',
    data: { task: 'T1', result: 'done', notes: null },
  }

  it('are numbered, never with the same number twice, and know how urgent the problem was', () => {
    given()
      .when(send(c.AddProblemTask, { title: 'Measure' }))
      .thenEvents(taskAdded())
    given(taskAdded(), { type: 'ProblemTaskRemoved', data: { task: 'T1' } })
      .when(send(c.AddProblemTask, { title: 'Measure' }))
      .thenEvents(taskAdded('T2'))
    given()
      .when(send(c.AddProblemTask, { title: 'Measure', group: 'messaging', assignee: 'bob' }))
      .thenRefused('PROBLEM.NOT_A_MEMBER')
    given(...WAY_TO.Closed)
      .when(send(c.AddProblemTask, { title: 'Measure' }))
      .thenRefused('PROBLEM.CLOSED')
  })

  it('are started, finished and removed', () => {
    const start = send(c.StartProblemTask, { task: 'T1' })
    const finish = send(c.FinishProblemTask, { task: 'T1', result: 'done' })
    const remove = send(c.RemoveProblemTask, { task: 'T1' })
    given(taskAdded()).when(start).thenEvents(started)
    given(taskAdded(), started).when(start).thenNothing()
    given(taskAdded(), started).when(finish).thenEvents(done)
    given(taskAdded()).when(finish).thenEvents(done)
    given(taskAdded(), done).when(finish).thenNothing()
    given(taskAdded(), done).when(start).thenRefused('PROBLEM.TASK_FINISHED')
    given(taskAdded()).when(remove).thenTypes('ProblemTaskRemoved')
    given(taskAdded(), started).when(remove).thenRefused('PROBLEM.TASK_STARTED')
    given().when(remove).thenNothing()
    given().when(start).thenRefused('PROBLEM.TASK_UNKNOWN')
    given(taskAdded())
      .when(send(c.FinishProblemTask, { task: 'T1', result: 'failed' }))
      .thenRefused('PROBLEM.TEXT_REQUIRED')
    given(taskAdded(), closed).when(start).thenRefused('PROBLEM.CLOSED')
  })
})

it('there is a right for every command; accepting a risk and closing are a team lead’s', () => {
  expect(Object.keys(PROBLEM_RIGHTS).sort()).toEqual(c.PROBLEM_COMMANDS.map(({ name }) => name).sort())
  const leads = Object.entries(PROBLEM_RIGHTS).filter(([, roles]) => `${roles}` === 'team-lead')
  expect(leads.map(([type]) => type)).toEqual(['AcceptRisk', 'CloseProblem'])
  for (const roles of Object.values(PROBLEM_RIGHTS)) expect(roles).not.toContain('requester')
})

describe('a file', () => {
  const attach = (more: object = {}) =>
    new c.AttachFileToProblem(
      NUMBER,
      { hash: 'a'.repeat(64), name: 'spool.log', contentType: 'text/plain', size: 4, ...more },
      by('ann'),
    )

  it('is attached once, by its content and name, until the problem is closed', () => {
    const attached: ProblemEvent = { type: 'ProblemFileAttached', data: attach().data }
    given().when(attach()).thenEvents(attached)
    given(attached).when(attach()).thenNothing()
    given(attached)
      .when(attach({ name: 'old.log' }))
      .thenTypes('ProblemFileAttached')
    given()
      .when(attach({ name: ' ' }))
      .thenRefused('PROBLEM.TEXT_REQUIRED')
    given()
      .when(attach({ hash: 'A' }))
      .thenRefused('PROBLEM.HASH_MALFORMED')
    given(...WAY_TO.Closed)
      .when(attach())
      .thenRefused('PROBLEM.CLOSED')
  })
})
