import { EventFactory, FakeClock, projectionSpec } from '#libs/testing'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { principal } from '../principals.fixture.js'
import type { SearchedProblem } from './problem-texts.js'
import { recordSearch } from './record-search.js'

const KEY = 'problem-PRB0000123'
const opened: ProblemEvent = {
  type: 'ProblemOpened',
  data: {
    title: 'Mail is slow',
    description: 'On Mondays',
    symptom: 'sluggish',
    service: 'Mail',
    affectedCis: [],
    origin: 'reactive',
  },
}
const workaround: ProblemEvent = {
  type: 'WorkaroundRecorded',
  data: { workaround: 'Empty the spool', number: 1, previous: null },
}

function found(...told: ProblemEvent[]): SearchedProblem {
  const factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z'), KEY)
  const events = told.map((event) => factory.event(event))
  return projectionSpec(recordSearch)
    .given(...events)
    .all.get(KEY) as SearchedProblem
}

describe('A problem can be searched', () => {
  it('by its number, what it is about, what people notice, what is behind it and what helps', () => {
    const cause: ProblemEvent = {
      type: 'RootCauseRecorded',
      data: { cause: 'A small disk', previous: null },
    }
    const known: ProblemEvent = { type: 'KnownErrorDeclared', data: {} }
    expect(found(opened, cause, workaround, known)).toMatchObject({
      type: 'problem',
      names: 'PRB0000123 PRB123 123',
      title: 'Mail is slow',
      description: 'On Mondays',
      symptom: 'sluggish',
      service: 'Mail',
      rootCause: 'A small disk',
      workaround: 'Empty the spool',
      knownError: true,
    })
  })

  it('by these as they are now', () => {
    const changed: ProblemEvent = {
      type: 'ProblemDetailsChanged',
      data: { changes: { symptom: { from: 'sluggish', to: 'stuck' }, service: { from: 'Mail', to: null } } },
    }
    const withdrawn: ProblemEvent = { type: 'KnownErrorWithdrawn', data: { notes: 'Another cause' } }
    const observed: ProblemEvent = { type: 'ProblemFindingsObserved', data: { workaround: null } }
    const known: ProblemEvent = { type: 'KnownErrorDeclared', data: {} }
    const after = found(opened, workaround, known, changed, withdrawn, observed)
    expect(after).toMatchObject({ symptom: 'stuck', comments: ['Another cause'] })
    expect([after.service, after.workaround, after.knownError]).toEqual([undefined, undefined, undefined])
  })

  it('by what was said of it', () => {
    const said: ProblemEvent[] = [
      { type: 'ProblemCommentAdded', data: { text: 'Who knows more?' } },
      { type: 'ProblemWorkNoteAdded', data: { text: 'The vendor is slow' } },
      { type: 'ProblemHeld', data: { reason: 'vendor', comment: 'A patch on Monday' } },
      { type: 'ProblemRiskAccepted', data: { from: 'Assess', notes: 'It goes in May' } },
      { type: 'ProblemReviewed', data: { conclusion: 'Found late', lessons: 'Watch disks' } },
    ]
    expect(found(opened, ...said)).toMatchObject({
      state: 'Resolved',
      comments: ['Who knows more?', 'It goes in May', 'Found late\nWatch disks'],
      workNotes: ['The vendor is slow', 'A patch on Monday'],
    })
  })

  it('and is the same document after an event that says nothing here', () => {
    const before = found(opened)
    const factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z'), KEY)
    const told = [
      { type: 'ProblemUpdateObserved', data: {} },
      { type: 'ProblemIncidentsNamed', data: { incidents: ['INC0000001'] } },
      { type: 'OfAReleaseToCome', data: {} },
    ] as ProblemEvent[]
    for (const event of told) expect(recordSearch.evolve(before, factory.event(event))).toBe(before)
  })

  it('by nobody but the desk, even where a requester watches it', () => {
    const watched = found(opened, { type: 'ProblemWatcherAdded', data: { person: 'person-cora' } })
    expect(watched.visibleTo).toEqual(['person-cora'])
    const rows = (role: 'requester' | 'agent') =>
      JSON.stringify(recordSearch.rows?.(principal('person-cora', [role])))
    expect(rows('requester')).toContain('incident')
    expect(rows('agent')).not.toContain('"incident"')
  })
})
