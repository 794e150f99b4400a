import fc from 'fast-check'
import { matches } from '#libs/read-store'
import { folded, IncidentStory } from '../incident-story.fixture.js'
import { principal } from '../principals.fixture.js'
import { type IncidentFacts, incidentFacts, withOpenInterval } from './incident-facts.js'

const minute = (n: number) => new Date(Date.UTC(2026, 2, 2, 8, n)).toISOString()
const at = (n: number) => ({ occurredAt: minute(n) })
const factsOf = (story: IncidentStory) => folded(incidentFacts, story).get(story.stream) as IncidentFacts

const resolution = { code: 'fixed', notes: null, resolvedBy: 'person-ann' }
const source = (fields: Record<string, string | null>, updatesMissing?: number) => ({
  source: { fields, updatesMissing },
})

describe('From opening to closing', () => {
  const story = new IncidentStory()
    .opened({ openedAt: '2026-03-02T07:30:00.000Z' }, at(0))
    .prioritised(3)
    .queued('group-mail', at(2))
    .add('CommentAdded', { text: 'hello?' }, { ...at(3), actor: 'person-cora' })
    .add('CommentAdded', { text: 'we look' }, { ...at(4), actor: 'person-dan' })
    .add('IncidentAccepted', { person: 'person-ann', previousPerson: null }, at(5))
    .add('IncidentHeld', { hold: { reason: 'awaiting-vendor' }, listVersion: 1 }, at(10))
    .queued('group-network', at(15))
    .add('IncidentResumed', { cause: 'agent' }, at(20))
    .add('IncidentResolved', resolution, at(30))
    .add('IncidentClosed', { cause: 'caller' }, at(90))
  const facts = factsOf(story)

  it('tells the times', () => {
    expect(facts).toMatchObject({
      openedAt: '2026-03-02T07:30:00.000Z',
      firstRowAt: minute(0),
      firstResponseAt: minute(4),
      acknowledgedAt: minute(5),
      resolvedAt: minute(30),
      closedAt: minute(90),
      resolveSeconds: 3600,
      resolver: 'person-ann',
      resolutionCode: 'fixed',
      channel: 'api',
      priority: 3,
      priorityOverridden: false,
    })
  })

  it('tells how long it was in each state, and to whom it was work', () => {
    expect(facts.secondsPerState).toEqual({ New: 300, 'In Progress': 900, 'On Hold': 600, Resolved: 3600 })
    expect(facts.secondsPerGroup).toEqual({ '': 120, 'group-mail': 780, 'group-network': 900 })
    expect(facts.groupHops).toBe(1)
  })

  it('keeps no text', () => {
    const renamed = story.add('IncidentDetailsChanged', {
      changes: { title: { from: 'Mail is slow', to: 'Mail' } },
    })
    expect(JSON.stringify(factsOf(renamed))).not.toMatch(/Mail|hello/)
  })
})

describe('A first response', () => {
  it('is also that it leaves New', () => {
    const story = new IncidentStory().opened({}, at(0)).add('WorkStarted', {}, at(7))
    expect(factsOf(story)).toMatchObject({ firstResponseAt: minute(7), acknowledgedAt: minute(7) })
  })

  it("is not the caller's own comment", () => {
    const story = new IncidentStory().opened({}, at(0))
    story.add('CommentAdded', { text: 'hello?' }, { ...at(3), actor: 'person-cora' })
    expect(factsOf(story).firstResponseAt).toBeUndefined()
  })
})

describe('Reopening', () => {
  const resolved = () => new IncidentStory().opened({}, at(0)).add('IncidentResolved', resolution, at(10))

  it('takes the resolution back until the next one', () => {
    const story = resolved().add(
      'IncidentReopened',
      { from: 'Resolved', to: 'In Progress', count: 1 },
      at(20),
    )
    const reopened = factsOf(story)
    expect(reopened.reopens).toBe(1)
    expect([reopened.resolvedAt, reopened.resolveSeconds, reopened.resolver]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(factsOf(story.add('IncidentResolved', resolution, at(40)))).toMatchObject({
      resolvedAt: minute(40),
      resolveSeconds: 2400,
    })
  })

  it('from Closed is counted apart, as an irregularity of the source', () => {
    const story = resolved()
      .add('IncidentClosed', { cause: 'source' }, at(20))
      .add(
        'IncidentReopened',
        { from: 'Closed', to: 'In Progress', count: 1, irregular: 'INCIDENT.CLOSED' },
        at(30),
      )
      .add('UpdateObserved', { irregular: 'INCIDENT.CLOSED' }, at(31))
    const facts = factsOf(story)
    expect(facts).toMatchObject({ reopensFromClosed: 1, irregular: [{ code: 'INCIDENT.CLOSED', count: 2 }] })
    expect(facts.reopens).toBeUndefined()
    expect(facts.closedAt).toBeUndefined()
  })
})

describe('Hops', () => {
  it('are moves from one to another, not the first assignment nor a return to the queue', () => {
    const story = new IncidentStory().opened().queued('group-mail').queued('group-network').queued(null)
    const persons = ['person-ann', 'person-bob', null, 'person-ann'] as const
    for (const person of persons) story.add('AssignedToPerson', { person, previousPerson: null })
    expect(factsOf(story)).toMatchObject({ groupHops: 1, personHops: 1 })
  })
})

describe('An imported incident', () => {
  const story = new IncidentStory()
    .opened(source({ incident_state: 'New', made_sla: 'true', resolved_at: minute(60) }, 1), at(0))
    .add('WorkStarted', source({ incident_state: 'Active' }), at(1))
    .queued('group-mail', at(1))
    .add('UpdateObserved', source({}, 2), at(2))
    .add(
      'IncidentClosed',
      { cause: 'source', ...source({ incident_state: 'Closed', made_sla: 'false' }) },
      at(3),
    )

  it('counts rows by the state that the source gave, and those it left out', () => {
    expect(factsOf(story)).toMatchObject({
      updates: 4,
      updatesMissing: 3,
      rowsBySourceState: { New: 1, Active: 2, Closed: 1 },
    })
  })

  it('keeps the verdict on the service level and the resolution as the source gives them', () => {
    const facts = factsOf(story)
    expect(facts).toMatchObject({ madeSla: false, resolvedAtSource: minute(60), resolveSecondsSource: 3600 })
    expect(facts.resolvedAt).toBeUndefined()
  })

  it('keeps how often the source says that it was reopened and passed on, which is no reopening here', () => {
    const counts = (reopen_count: string | null, reassignment_count: string | null) => {
      const row = source({ reopen_count, reassignment_count })
      const { reopensSource, reassignmentsSource, reopens } = factsOf(new IncidentStory().opened(row))
      return [reopensSource, reassignmentsSource, reopens]
    }
    expect(counts('1', '4')).toEqual([1, 4, undefined])
    expect(counts('0', null)).toEqual([undefined, undefined, undefined])
    expect(counts('often', '1.5')).toEqual([undefined, undefined, undefined])
  })

  it('was resolved by whom the source says, and by nobody where it says nothing', () => {
    const unknown = { ...resolution, resolvedBy: null }
    const by = (metadata: object) =>
      factsOf(
        new IncidentStory().opened(source({})).add('IncidentResolved', unknown, { ...at(1), ...metadata }),
      ).resolver
    const imported = { channel: 'import', actor: 'person-rita' }
    expect(by({ ...imported, attributedTo: 'person-ann' })).toBe('person-ann')
    expect(by(imported)).toBeUndefined()
    expect(by({ channel: 'api', actor: 'person-rita' })).toBe('person-rita')
  })

  it('knows no verdict where the source has none', () => {
    expect(factsOf(new IncidentStory().opened(source({}))).madeSla).toBeUndefined()
  })
})

describe('The interval that lasts', () => {
  it('is added when it is read', () => {
    const facts = factsOf(new IncidentStory().opened({}, at(0)).queued('group-mail', at(2)))
    expect(facts.secondsPerState).toEqual({ New: 120 })
    const read = withOpenInterval(facts, minute(10))
    expect(read.secondsPerState).toEqual({ New: 600 })
    expect(read.secondsPerGroup).toEqual({ '': 120, 'group-mail': 480 })
    expect(facts.secondsPerState).toEqual({ New: 120 })
  })

  it('is none once it is closed', () => {
    const facts = factsOf(
      new IncidentStory().opened({}, at(0)).add('IncidentClosed', { cause: 'agent' }, at(1)),
    )
    expect(withOpenInterval(facts, minute(9)).secondsPerState).toEqual({ New: 60 })
  })

  it('makes the states sum to the time since the first row, in whatever order times come', () => {
    const step = fc.tuple(
      fc.constantFrom('WorkStarted', 'IncidentHeld', 'IncidentResolved', 'UpdateObserved', 'AssignedToGroup'),
      fc.integer({ min: 0, max: 50 }),
    )
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const story = new IncidentStory().opened({}, at(0))
        for (const [type, when] of steps)
          story.add(type, { hold: { reason: 'x' }, group: `group-${when}` } as never, at(when))
        const { secondsPerState } = withOpenInterval(factsOf(story), minute(60))
        expect(Object.values(secondsPerState ?? {}).reduce((total, seconds) => total + seconds, 0)).toBe(3600)
      }),
    )
  })
})

describe('Readers', () => {
  const facts = factsOf(new IncidentStory().opened({ audience: { kind: 'groups', groups: ['group-hr'] } }))
  const sees = (
    ...[roles, groups]: Parameters<typeof principal> extends [string, ...infer Rest] ? Rest : never
  ) => matches(incidentFacts.rows(principal('person-ann', roles, groups)), facts)

  it('are analysts and those who oversee, within the audience', () => {
    expect(sees(['analyst'])).toBe(false)
    expect(sees(['analyst'], ['group-hr'])).toBe(true)
    expect(sees(['auditor'])).toBe(true)
    expect(sees(['agent'], ['group-hr'])).toBe(false)
    expect(matches(incidentFacts.rows(principal('person-cora', ['requester'])), facts)).toBe(false)
  })

  it('need no names to see public records', () => {
    const story = new IncidentStory().opened()
    expect(factsOf(story).visibleTo).toBeUndefined()
    story.add('AudienceChanged', { audience: { kind: 'participants' }, previous: { kind: 'public' } })
    expect(factsOf(story).visibleTo).toEqual(['person-cora', 'person-dan'])
  })
})

it('is left alone by what it does not know', () => {
  const story = new IncidentStory().opened()
  const before = factsOf(story)
  expect(incidentFacts.evolve(before, story.thenUnknown().events.at(-1) as never)).toBe(before)
})

describe('Major incidents, families and escalations', () => {
  it('are counted where they are', () => {
    const story = new IncidentStory()
      .opened()
      .add('IncidentEscalated', { kind: 'hierarchical', informed: 'person-mia' })
      .add('IncidentEscalated', {
        kind: 'functional',
        group: 'group-network',
        rule: { version: 1, name: 'Old' },
      })
      .add('MajorIncidentPromoted', { manager: 'person-mia' })
      .add('ParentLinked', { parent: 'INC0000009' })
    expect(factsOf(story)).toMatchObject({ escalations: 2, major: true, parent: 'INC0000009' })
    expect(factsOf(story.add('MajorIncidentDemoted', {})).major).toBeUndefined()
  })

  it('children are counted for their parent, whose own times they leave alone', () => {
    const parent = factsOf(new IncidentStory().opened())
    const [linked, unlinked] = (['ParentLinked', 'ParentUnlinked'] as const).map(
      (type) =>
        new IncidentStory(undefined, 'incident-INC0000002')
          .opened()
          .add(type, { parent: parent.number })
          .events.at(-1)!,
    )
    expect(incidentFacts.key(linked!)).toEqual(['incident-INC0000002', `incident-${parent.number}`])
    const one = incidentFacts.evolve(parent, linked!) as IncidentFacts
    expect(one).toEqual({ ...parent, children: 1 })
    expect((incidentFacts.evolve(one, linked!) as IncidentFacts).children).toBe(2)
    expect((incidentFacts.evolve(one, unlinked!) as IncidentFacts).children).toBeUndefined()
  })
})
