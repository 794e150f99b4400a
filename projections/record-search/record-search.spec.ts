import { folded, IncidentStory } from '../incident-story.fixture.js'
import { principal } from '../principals.fixture.js'
import type { SearchedIncident } from './incident-texts.js'
import { MOST_OF_ONE, MOST_WORDS } from './kept-texts.js'
import { recordSearch } from './record-search.js'

const found = (story: IncidentStory): SearchedIncident =>
  folded(recordSearch, story).get(story.stream) as SearchedIncident

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

  it('by whatever was said to the caller, and by the desk among itself', () => {
    const hold = (comment: string) => ({ reason: 'r', comment })
    const story = new IncidentStory()
      .opened()
      .add('IncidentHeld', { hold: hold('Which room?'), listVersion: 1, awaitsCaller: true })
      .add('HoldReasonChanged', { hold: hold('Vendor asked'), previous: hold('Which room?'), listVersion: 1 })
      .add('MajorIncidentUpdatePosted', { text: 'We are at it', visibility: 'public' })
      .add('MajorIncidentUpdatePosted', { text: 'Blame the switch', visibility: 'internal' })
      .add('IncidentResolved', { code: 'fixed', notes: 'Fuse replaced', resolvedBy: null })
    expect(found(story)).toMatchObject({
      comments: ['Which room?', 'We are at it', 'Fuse replaced'],
      workNotes: ['Vendor asked', 'Blame the switch'],
      state: 'Resolved',
    })
  })

  it('by the newest of a long conversation as written, and by every word of the rest', () => {
    const story = new IncidentStory()
      .opened()
      .add('CommentAdded', { text: 'Host srv-01.example.org, srv-02' })
    const filler = (n: number) => `Round${n} ${'x'.repeat(MOST_OF_ONE - 10)}`
    for (let n = 1; n <= 5; n++) story.add('CommentAdded', { text: filler(n) })
    const { comments, commentWords } = found(story)
    expect(comments).toEqual([1, 2, 3, 4, 5].map(filler))
    expect(commentWords).toEqual(['Host', 'srv-01.example.org,', 'srv-02'])
    story.add('CommentAdded', { text: 'Host again' })
    expect(found(story).commentWords).toEqual(commentWords)
  })

  it('by every word of a pasted log, which hides no other text', () => {
    const lines = Array.from({ length: 4_000 }, (_, n) => `line ${n} of many`).join('\n')
    const story = new IncidentStory()
      .opened()
      .add('WorkNoteAdded', { text: 'Before' })
      .add('WorkNoteAdded', { text: lines })
      .add('WorkNoteAdded', { text: 'After' })
    const { workNotes = [], workNoteWords = [], comments } = found(story)
    expect([workNotes[0], workNotes[2], comments]).toEqual(['Before', 'After', undefined])
    expect(workNotes[1]!.length).toBeLessThanOrEqual(MOST_OF_ONE)
    const words = new Set([...workNotes[1]!.split(/\s+/), ...workNoteWords])
    expect([...new Set(lines.split(/\s+/))].filter((word) => !words.has(word))).toEqual([])
  })

  it('by no more words than are bounded', () => {
    const text = Array.from({ length: MOST_WORDS + 5_000 }, (_, n) => n.toString(36)).join(' ')
    expect(found(new IncidentStory().opened().add('CommentAdded', { text })).commentWords).toHaveLength(
      MOST_WORDS,
    )
  })

  it('and is the same document after an event that says nothing here', () => {
    const story = new IncidentStory().opened()
    const before = found(story)
    const { events } = new IncidentStory().opened().thenUnknown().add('UpdateObserved', {})
    for (const event of events.slice(1)) expect(recordSearch.evolve(before, event)).toBe(before)
  })

  it('by requesters without what is internal', () => {
    const story = new IncidentStory()
      .opened({ description: 'Since Monday' })
      .add('CommentAdded', { text: 'Restart it' })
      .add('WorkNoteAdded', { text: 'Disk full' })
      .add('WatcherAdded', { person: 'person-bob' })
    const [requester, agent] = [principal('person-cora', ['requester']), principal('person-ann', ['agent'])]
    expect([recordSearch.searches?.(requester), recordSearch.searches?.(agent)]).toEqual([1, 2])
    const shown = recordSearch.fields?.(found(story), requester)
    for (const field of ['workNotes', 'workNoteWords', 'watchers', 'visibleTo', 'audienceKind'])
      expect(shown).not.toHaveProperty(field)
    // Whatever she may search she sees
    const had = Object.entries(found(story)).filter(([, value]) => value !== undefined)
    for (const field of Object.keys(recordSearch.search!.texts[0]!))
      if (had.some(([name]) => name === field)) expect(shown).toHaveProperty(field)
  })
})
