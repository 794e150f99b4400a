import { folded, IncidentStory } from '../incident-story.fixture.js'
import { principal } from '../principals.fixture.js'
import { incidentSearch, MOST_KEPT, type SearchedIncident } from './incident-search.js'

const found = (story: IncidentStory): SearchedIncident => folded(incidentSearch, story).get(story.stream)!

describe('An incident can be searched', () => {
  it('by its number, title, description, comments and work notes', () => {
    const story = new IncidentStory()
      .opened({ description: 'Since Monday' })
      .queued()
      .prioritised(2)
      .add('CommentAdded', { text: 'Restart it' })
      .add('WorkNoteAdded', { text: 'Disk full' })
      .add('CommentAdded', { text: 'Did not help' })
    expect(found(story)).toMatchObject({
      type: 'incident',
      number: 'INC0000001',
      names: 'INC0000001 INC1 1',
      title: 'Mail is slow',
      description: 'Since Monday',
      comments: ['Restart it', 'Did not help'],
      workNotes: ['Disk full'],
      state: 'New',
      priority: 2,
      assignmentGroup: 'group-mail',
    })
  })

  it('by its texts as they are now, in whatever state it is', () => {
    const story = new IncidentStory()
      .opened({ description: 'Old' })
      .add('IncidentDetailsChanged', {
        changes: {
          title: { from: 'Mail is slow', to: 'Mail stands' },
          description: { from: 'Old', to: null },
        },
      })
      .add('IncidentCanceled', { code: 'not-an-incident', notes: null })
    expect(found(story)).toMatchObject({ title: 'Mail stands', state: 'Canceled', description: undefined })
  })

  it('by the newest of a long conversation', () => {
    const story = new IncidentStory().opened()
    for (const letter of 'abc') story.add('WorkNoteAdded', { text: letter.repeat(MOST_KEPT / 2) })
    expect(found(story).workNotes?.map((text) => text[0])).toEqual(['b', 'c'])
    story.add('WorkNoteAdded', { text: 'd'.repeat(MOST_KEPT * 2) })
    expect(found(story).workNotes?.map((text) => text[0])).toEqual(['d'])
  })

  it('and is the same document after an event that says nothing here', () => {
    const story = new IncidentStory().opened()
    const before = found(story)
    const { events } = new IncidentStory().opened().thenUnknown().add('UpdateObserved', {})
    for (const event of events.slice(1)) expect(incidentSearch.evolve(before, event)).toBe(before)
  })

  it('by requesters without what is internal', () => {
    const story = new IncidentStory()
      .opened({ description: 'Since Monday' })
      .add('CommentAdded', { text: 'Restart it' })
      .add('WorkNoteAdded', { text: 'Disk full' })
      .add('WatcherAdded', { person: 'person-bob' })
    const [requester, agent] = [principal('person-cora', ['requester']), principal('person-ann', ['agent'])]
    expect([incidentSearch.searches?.(requester), incidentSearch.searches?.(agent)]).toEqual([1, 2])
    const shown = incidentSearch.fields?.(found(story), requester)
    for (const field of ['workNotes', 'watchers', 'visibleTo', 'audienceKind'])
      expect(shown).not.toHaveProperty(field)
    // Whatever she may search she sees
    for (const field of Object.keys(incidentSearch.search!.texts[0]!)) expect(shown).toHaveProperty(field)
  })
})
