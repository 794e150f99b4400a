import { has, matches } from '#libs/read-store'
import { folded, IncidentStory } from '../incident-story.fixture.js'
import { principal } from '../principals.fixture.js'
import { type IncidentDetails, incidentDetails } from './incident-details.js'

const agent = 'person-ann'
const detailsAfter = (story: IncidentStory) =>
  folded(incidentDetails, story).get(story.stream) as IncidentDetails

const accepted = () => new IncidentStory().opened().prioritised(3).queued().accepted(agent)
const second = (n: number) => `2026-03-02T08:00:0${n}.000Z`

describe('An incident at work', () => {
  it('shows its fields, priority, assignment and times', () => {
    expect(detailsAfter(accepted())).toMatchObject({
      number: 'INC0000001',
      title: 'Mail is slow',
      state: 'In Progress',
      priority: 3,
      matrixVersion: 1,
      assignmentGroup: 'group-mail',
      assignee: agent,
      openedAt: second(1),
      recordExistsFrom: second(1),
      acknowledgedAt: second(4),
      updatedAt: second(4),
      effectiveAt: second(4),
    })
  })

  it('says that its priority was overridden, until a matrix derives it again', () => {
    const story = accepted().add('PriorityOverridden', {
      impact: 2,
      urgency: 2,
      priority: 1,
      derived: 3,
      previous: 3,
    })
    expect(detailsAfter(story)).toMatchObject({ priority: 1, priorityOverridden: true, derivedPriority: 3 })
    const derived = detailsAfter(story.prioritised(2))
    expect(derived).toMatchObject({ priority: 2, matrixVersion: 1 })
    expect(derived.priorityOverridden).toBeUndefined()
  })

  it('keeps changed fields, and forgets those that were cleared', () => {
    const details = detailsAfter(
      accepted().add('IncidentDetailsChanged', {
        changes: {
          title: { from: 'Mail is slow', to: 'Mail is down' },
          location: { from: null, to: 'Location 143' },
          caller: { from: 'person-cora', to: null },
        },
      }),
    )
    expect(details).toMatchObject({
      title: 'Mail is down',
      location: 'Location 143',
      visibleTo: ['person-dan'],
    })
    expect(details.caller).toBeUndefined()
  })

  it('counts comments and notes without repeating them, and lists attachments and links', () => {
    const link = { relation: 'affects', targetType: 'configuration-item', target: 'mail-01' } as const
    const file = { hash: 'ab', name: 'log.txt', contentType: 'text/plain', size: 9 }
    const story = accepted()
      .add('CommentAdded', { text: 'hello' })
      .add('WorkNoteAdded', { text: 'secret' })
      .add('AttachmentAdded', { ...file, visibility: 'internal' }, { actor: agent })
      .add('LinkAdded', { link })
    expect(detailsAfter(story)).toMatchObject({
      comments: 1,
      workNotes: 1,
      attachments: [{ ...file, visibility: 'internal', addedBy: agent }],
      links: [link],
    })
    expect(JSON.stringify(detailsAfter(story))).not.toMatch(/hello|secret/)
    expect(detailsAfter(story.add('LinkRemoved', { link })).links).toBeUndefined()
  })
})

describe('The end of an incident', () => {
  const resolved = () =>
    accepted().add('IncidentResolved', { code: 'fixed', notes: 'Restarted', resolvedBy: agent })

  it('keeps when and how it was resolved and closed', () => {
    expect(detailsAfter(resolved().add('IncidentClosed', { cause: 'caller' }))).toMatchObject({
      state: 'Closed',
      resolvedAt: second(5),
      closedAt: second(6),
      resolution: { code: 'fixed', notes: 'Restarted', resolvedBy: agent },
      closeCause: 'caller',
    })
  })

  it('is gone while it is reopened', () => {
    const details = detailsAfter(
      resolved().add('IncidentReopened', { from: 'Resolved', to: 'In Progress', count: 1 }),
    )
    expect(details).toMatchObject({ state: 'In Progress', reopenCount: 1, acknowledgedAt: second(4) })
    expect(details.resolvedAt).toBeUndefined()
    expect(details.resolution).toBeUndefined()
  })

  it('names the survivor of a duplicate', () => {
    const merged = accepted().add('IncidentMerged', { survivor: 'INC0000002', caller: null, watchers: [] })
    expect(detailsAfter(merged)).toMatchObject({
      state: 'Canceled',
      mergedInto: 'INC0000002',
      cancellation: { code: 'duplicate' },
      canceledAt: second(5),
    })
  })
})

describe('An imported incident', () => {
  const source = { name: 'servicenow', externalId: 'INC7', row: 1, run: 'run-1' }

  it('keeps the columns without a home as they are now, and what the source left out', () => {
    const story = new IncidentStory()
      .opened(
        {
          source: { fields: { made_sla: 'true', notify: 'no', rfc: null } },
          openedAt: '2026-03-01T00:00:00.000Z',
        },
        { source, channel: 'import' },
      )
      .add('UpdateObserved', { source: { fields: { made_sla: 'false', notify: null }, updatesMissing: 2 } })
      .add('IncidentReopened', { from: 'Closed', to: 'In Progress', count: 1, irregular: 'INCIDENT.CLOSED' })
    expect(detailsAfter(story)).toMatchObject({
      openedAt: '2026-03-01T00:00:00.000Z',
      recordExistsFrom: second(1),
      source: { name: 'servicenow', externalId: 'INC7', rows: 2, updatesMissing: 2 },
      irregular: 1,
    })
    expect(detailsAfter(story).source?.fields).toEqual({ made_sla: 'false' })
  })

  it('tells no earlier time than it has told, and activation is no update', () => {
    const story = accepted().add('UpdateObserved', {}, { occurredAt: second(2) })
    expect(detailsAfter(story)).toMatchObject({ updatedAt: second(4), effectiveAt: second(4) })
    story.add('IncidentActivated', { run: 'run-1' })
    expect(detailsAfter(story)).toMatchObject({ updatedAt: second(4), effectiveAt: second(6) })
  })
})

it('can be found by its custom fields', () => {
  const story = new IncidentStory().opened({
    customFields: { floor: 3, tags: ['vip', 'loud'], nested: { a: 1 } },
  })
  expect(detailsAfter(story).custom).toEqual(['floor=3', 'tags=vip', 'tags=loud'])
  expect(matches(has('custom', 'floor=3'), detailsAfter(story))).toBe(true)
  const changed = story.add('IncidentDetailsChanged', {
    changes: { customFields: { from: { floor: 3 }, to: { floor: 4 } } },
  })
  expect(detailsAfter(changed).custom).toEqual(['floor=4'])
})

describe('A requester', () => {
  const cora = principal('person-cora', ['requester'])
  const view = (story: IncidentStory) =>
    incidentDetails.fields?.(detailsAfter(story), cora) as Record<string, unknown>

  it('gets no internal field', () => {
    const canary = 'CANARY'
    const story = new IncidentStory()
      .opened(
        { vendor: canary, customFields: { a: canary }, source: { fields: { a: canary } } },
        { source: { name: canary, externalId: canary, row: 1, run: '1' } },
      )
      .add('WorkNoteAdded', { text: canary })
      .add('WatcherAdded', { person: canary })
      .add('LinkAdded', { link: { relation: 'affects', targetType: 'x', target: canary } })
      .add('IncidentEscalated', { kind: 'hierarchical', informed: canary })
      .add('AttachmentAdded', {
        hash: canary,
        name: canary,
        contentType: 'a',
        size: 1,
        visibility: 'internal',
      })
      .add('AudienceChanged', {
        audience: { kind: 'groups', groups: [canary] },
        previous: { kind: 'public' },
      })
      .add('IncidentHeld', { hold: { reason: 'awaiting-vendor', comment: canary }, listVersion: 1 })
    expect(JSON.stringify(detailsAfter(story))).toContain(canary)
    expect(JSON.stringify(view(story))).not.toContain(canary)
    expect(view(story)).toMatchObject({
      title: 'Mail is slow',
      state: 'On Hold',
      hold: { reason: 'awaiting-vendor' },
    })
  })

  it('gets what a hold asks of her, and public files', () => {
    const story = accepted()
      .add('AttachmentAdded', { hash: 'ab', name: 'a.txt', contentType: 'a', size: 1, visibility: 'public' })
      .add('IncidentHeld', {
        hold: { reason: 'awaiting-caller', comment: 'Which one?' },
        listVersion: 1,
        awaitsCaller: true,
      })
    expect(view(story)).toMatchObject({ hold: { comment: 'Which one?' }, attachments: [{ name: 'a.txt' }] })
  })
})

it('is left alone by what it does not know', () => {
  const story = accepted()
  const before = detailsAfter(story)
  const unknown = story.thenUnknown().events.at(-1) as never
  expect(incidentDetails.evolve(before, unknown)).toBe(before)
})
