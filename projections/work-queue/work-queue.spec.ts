import { eq, matches } from '#libs/read-store'
import { folded, IncidentStory } from '../incident-story.fixture.js'
import { principal } from '../principals.fixture.js'
import type { WorkQueueEntry } from './queue-entry.js'
import { workQueue } from './work-queue.js'

const agent = 'person-ann'
const caller = 'person-cora'

function entryAfter(story: IncidentStory): WorkQueueEntry | undefined {
  return folded(workQueue, story).get(story.stream)
}

const accepted = () => new IncidentStory().opened().prioritised(3).queued().accepted(agent)

describe('A record enters the queue', () => {
  it('with what a list shows', () => {
    expect(entryAfter(accepted())).toEqual({
      type: 'incident',
      number: 'INC0000001',
      title: 'Mail is slow',
      state: 'In Progress',
      impact: 2,
      urgency: 2,
      priority: 3,
      caller,
      openedBy: 'person-dan',
      assignmentGroup: 'group-mail',
      assignee: agent,
      openedAt: '2026-03-02T08:00:01.000Z',
      updatedAt: '2026-03-02T08:00:04.000Z',
      lastActionByAssigneeAt: '2026-03-02T08:00:04.000Z',
      audienceKind: 'public',
      visibleTo: [caller, 'person-dan'],
    })
  })

  it('keeps its place when it moves on to another group, without its assignee', () => {
    const entry = entryAfter(accepted().queued('group-network', { actor: agent }))
    expect(entry).toMatchObject({ assignmentGroup: 'group-network', openedAt: '2026-03-02T08:00:01.000Z' })
    expect(entry?.assignee).toBeUndefined()
  })

  it('says why and until when it is on hold, until somebody goes on', () => {
    const held = accepted().add('IncidentHeld', {
      hold: { reason: 'awaiting-vendor', until: '2026-03-09T08:00:00.000Z' },
      listVersion: 1,
    })
    expect(entryAfter(held)).toMatchObject({
      state: 'On Hold',
      holdReason: 'awaiting-vendor',
      followUpAt: '2026-03-09T08:00:00.000Z',
    })
    const resumed = entryAfter(held.add('IncidentResumed', { cause: 'hold-expired' }))
    expect(resumed?.state).toBe('In Progress')
    expect(resumed?.followUpAt).toBeUndefined()
  })

  it('follows a changed caller and opening time', () => {
    const entry = entryAfter(
      accepted().add('IncidentDetailsChanged', {
        changes: {
          caller: { from: caller, to: 'person-eve' },
          openedAt: { from: null, to: '2026-03-01T08:00:00.000Z' },
        },
      }),
    )
    expect(entry).toMatchObject({
      caller: 'person-eve',
      openedAt: '2026-03-01T08:00:00.000Z',
      visibleTo: ['person-eve', 'person-dan'],
    })
  })
})

describe('A record leaves the queue', () => {
  it.each([
    ['IncidentClosed', { cause: 'caller' }],
    ['IncidentCanceled', { code: 'mistake', notes: null }],
    ['IncidentMerged', { survivor: 'INC0000002', caller, watchers: [] }],
  ] as const)('by %s', (type, data) => {
    expect(entryAfter(accepted().add(type, data as never))).toBeUndefined()
  })

  it('but not when it is resolved', () => {
    const resolved = accepted().add('IncidentResolved', { code: 'fixed', notes: null, resolvedBy: agent })
    expect(entryAfter(resolved)?.state).toBe('Resolved')
  })

  it('and comes back whole when a source reopens it', () => {
    const story = new IncidentStory()
      .opened({}, { channel: 'import' })
      .prioritised(2)
      .queued()
      .add('IncidentClosed', { cause: 'source' })
      .queued('group-network')
    const left = entryAfter(story) as object
    const auditor = principal('person-rita', ['auditor'])
    expect(matches(workQueue.rows(auditor), left)).toBe(false)
    expect(matches(eq('number', 'INC0000001'), left)).toBe(false)
    expect(
      entryAfter(story.add('IncidentReopened', { from: 'Closed', to: 'In Progress', count: 1 })),
    ).toMatchObject({
      number: 'INC0000001',
      title: 'Mail is slow',
      state: 'In Progress',
      priority: 2,
      assignmentGroup: 'group-network',
      reopenCount: 1,
    })
  })
})

describe('New replies since I last acted', () => {
  const comment = (story: IncidentStory, actor: string, onBehalfOf?: string) =>
    story.add('CommentAdded', { text: 'any news?' }, { actor, onBehalfOf })

  it('wait from the first one on', () => {
    const entry = entryAfter(comment(comment(accepted(), caller), caller))
    expect(entry).toMatchObject({
      callerRepliedAt: '2026-03-02T08:00:05.000Z',
      lastPublicReplyAt: '2026-03-02T08:00:06.000Z',
      lastReplyBy: caller,
    })
  })

  it('also when an agent writes down what the caller says on the phone', () => {
    expect(entryAfter(comment(accepted(), 'person-dan', caller))?.callerRepliedAt).toBeDefined()
  })

  it('are answered by any deed of the assignee', () => {
    const entry = entryAfter(
      comment(accepted(), caller).add('WorkNoteAdded', { text: 'looking' }, { actor: agent }),
    )
    expect(entry?.callerRepliedAt).toBeUndefined()
    expect(entry?.lastActionByAssigneeAt).toBe('2026-03-02T08:00:06.000Z')
  })

  it('still wait for the next assignee', () => {
    const entry = entryAfter(
      comment(accepted(), caller).add(
        'AssignedToPerson',
        { person: 'person-bob', previousPerson: agent },
        { actor: agent },
      ),
    )
    expect(entry?.callerRepliedAt).toBeDefined()
    expect(entry?.lastActionByAssigneeAt).toBeUndefined()
  })

  it('are none when a colleague writes', () => {
    expect(entryAfter(comment(accepted(), 'person-bob'))?.callerRepliedAt).toBeUndefined()
  })
})

describe('Who sees an entry', () => {
  const visible = (story: IncidentStory, reader: ReturnType<typeof principal>) =>
    matches(workQueue.rows(reader), entryAfter(story) as object)

  it('a watcher, from the moment she is one until she is none', () => {
    const eve = principal('person-eve', ['requester'])
    const story = accepted()
    expect(visible(story, eve)).toBe(false)
    expect(visible(story.add('WatcherAdded', { person: 'person-eve' }), eve)).toBe(true)
    expect(visible(story.add('WatcherRemoved', { person: 'person-eve' }), eve)).toBe(false)
  })

  it('only the members, once the audience is theirs', () => {
    const story = accepted().add('AudienceChanged', {
      audience: { kind: 'groups', groups: ['group-hr'] },
      previous: { kind: 'public' },
    })
    expect(visible(story, principal('person-ann', ['agent'], ['group-mail']))).toBe(false)
    expect(visible(story, principal('person-ann', ['agent'], ['group-hr']))).toBe(true)
  })
})

it('is left alone by what it does not know', () => {
  const story = accepted()
  const before = entryAfter(story) as WorkQueueEntry
  story.thenUnknown().add('IncidentActivated', { run: 'run-1' })
  expect(entryAfter(story)).toEqual(before)
  for (const event of story.events.slice(-2)) expect(workQueue.evolve(before, event)).toBe(before)
})

describe('What needs more than the usual hands', () => {
  const promoted = () =>
    accepted().add('MajorIncidentPromoted', { manager: agent, nextUpdateAt: '2026-03-02T09:00:00.000Z' })
  const paged = (group: string) =>
    accepted().add('OnCallPaged', {
      group,
      person: 'person-eva',
      order: 1,
      round: 1,
      acknowledgeBy: '2026-03-02T09:00:00.000Z',
    })

  it('is a candidate, then a major incident, with what it promises', () => {
    expect(entryAfter(accepted().add('MajorIncidentProposed', { reason: 'x' }))).toMatchObject({
      major: 'candidate',
    })
    expect(entryAfter(promoted())).toMatchObject({ major: 'yes', nextUpdateAt: '2026-03-02T09:00:00.000Z' })
    const overdue = promoted().add('MajorIncidentUpdateOverdue', {
      promisedAt: '2026-03-02T09:00:00.000Z',
      count: 2,
    })
    expect(entryAfter(overdue)).toMatchObject({ updatesOverdue: 2 })
    const demoted = entryAfter(overdue.add('MajorIncidentDemoted', {}))
    expect([demoted?.major, demoted?.nextUpdateAt, demoted?.updatesOverdue]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
  it('promises anew when it is reopened', () => {
    const again = promoted()
      .add('IncidentResolved', { code: 'x', notes: 'x', resolvedBy: agent })
      .add('IncidentReopened', { from: 'Resolved', to: 'In Progress', count: 1 })
      .add('MajorIncidentUpdatePromised', { nextUpdateAt: '2026-03-03T09:00:00.000Z', settingsVersion: 0 })
    expect(entryAfter(again)).toMatchObject({ major: 'yes', nextUpdateAt: '2026-03-03T09:00:00.000Z' })
  })
  it('promises nothing once it is resolved', () => {
    const resolved = promoted().add('IncidentResolved', { code: 'x', notes: 'x', resolvedBy: agent })
    expect(entryAfter(resolved)).toMatchObject({ major: 'yes', state: 'Resolved' })
    expect(entryAfter(resolved)?.nextUpdateAt).toBeUndefined()
  })
  it('names who is being asked, until it is answered, accepted or elsewhere', () => {
    expect(entryAfter(paged('group-mail'))).toMatchObject({ paged: 'person-eva' })
    expect(
      entryAfter(paged('group-mail').add('OnCallAcknowledged', { person: agent }))?.paged,
    ).toBeUndefined()
    expect(entryAfter(paged('group-mail').accepted(agent))?.paged).toBeUndefined()
    const moved = { group: 'group-network', previousGroup: 'group-mail', previousPerson: null }
    expect(entryAfter(paged('group-mail').add('AssignedToGroup', moved))?.paged).toBeUndefined()
    expect(entryAfter(paged('group-network').add('AssignedToGroup', moved))?.paged).toBe('person-eva')
  })
  it('is not touched by rules that only wait', () => {
    const before = entryAfter(accepted())
    const waiting = accepted().add('EscalationsScheduled', { rulesVersion: 1, due: [] })
    expect(entryAfter(waiting)).toEqual(before)
  })
})
