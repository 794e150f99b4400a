import type { Audience } from '#libs/access'
import { matches } from '#libs/read-store'
import { projectionSpec, recorded } from '#libs/testing'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import { principal } from '../principals.fixture.js'
import type { SearchedChange } from './change-texts.js'
import { recordSearch, type SearchedRecord } from './record-search.js'

const KEY = 'change-CHG0000123'
const opened: ChangeEvent = {
  type: 'ChangeOpened',
  data: {
    type: 'normal',
    title: 'Release 2',
    description: 'Faster mail',
    implementation: 'Install it',
    backout: 'Install the old one',
    test: 'Log in',
    requester: 'rita',
    affectedCis: [],
    proposedValues: [],
  },
}
const found = (...told: ChangeEvent[]): SearchedChange =>
  projectionSpec(recordSearch)
    .given(...recorded(KEY, told))
    .all.get(KEY) as SearchedChange

describe('A change can be searched', () => {
  it('by its number, what it is about and how it is done', () => {
    expect(found(opened)).toMatchObject({
      type: 'change',
      names: 'CHG0000123 CHG123 123',
      title: 'Release 2',
      description: 'Faster mail',
      implementation: 'Install it',
      backout: 'Install the old one',
      test: 'Log in',
      state: 'New',
    })
  })

  it('by these as they are now, in whatever state it is', () => {
    const changes = {
      title: { from: 'Release 2', to: 'Release 3' },
      backout: { from: 'Install the old one', to: null },
    }
    const canceled: ChangeEvent = { type: 'ChangeCanceled', data: { from: 'New', notes: 'No need' } }
    const after = found(opened, { type: 'ChangePlanEdited', data: { changes } }, canceled)
    expect(after).toMatchObject({ title: 'Release 3', state: 'Canceled', comments: ['No need'] })
    expect(after.backout).toBeUndefined()
  })

  it('by what is said of it, among the desk or to all', () => {
    const after = found(
      opened,
      { type: 'ChangeCommentAdded', data: { text: 'Soon' } },
      { type: 'ChangeWorkNoteAdded', data: { text: 'Disk full' } },
      { type: 'ImplementationEnded', data: { outcome: 'successful', endedAt: '', notes: 'It is in' } },
      { type: 'ChangeReviewed', data: { objectivesMet: true, conclusion: 'Faster', lessons: null } },
    )
    expect(after.comments).toEqual(['Soon'])
    expect(after.workNotes).toEqual(['Disk full', 'It is in', 'Faster'])
  })

  it('and is the same after what is neither found nor shown', () => {
    const before = found(opened)
    const [, silent] = recorded<ChangeEvent>(KEY, [opened, { type: 'ConflictCleared', data: {} as never }])
    expect(recordSearch.evolve(before as SearchedRecord, silent!)).toBe(before)
  })

  it('by whoever wants it in what she sees of it, by nobody else who has no part in it', () => {
    const [rita, rob] = [principal('rita', ['requester']), principal('rob', ['requester'])]
    const change = found(opened, { type: 'ChangeWorkNoteAdded', data: { text: 'Disk full' } })
    expect(matches(recordSearch.rows(rita), change)).toBe(true)
    expect(matches(recordSearch.rows(rob), change)).toBe(false)
    const shown = recordSearch.fields?.(change as SearchedRecord, rita) as Partial<SearchedRecord>
    expect(shown).toMatchObject({ number: 'CHG0000123', description: 'Faster mail' })
    for (const internal of ['implementation', 'backout', 'test', 'workNotes'])
      expect(shown).not.toHaveProperty(internal)
  })

  it('by its audience, whenever that is changed', () => {
    const [ann, ben] = [principal('ann', ['agent']), principal('ben', ['agent'], ['Network'])]
    const finders = (change: SearchedChange) =>
      [ann, ben].filter((one) => matches(recordSearch.rows(one), change)).map(({ id }) => id)
    const [toAll, toOne] = [{ kind: 'public' }, { kind: 'groups', groups: ['Network'] }] as const
    const changed = (previous: Audience, audience: Audience): ChangeEvent => ({
      type: 'ChangeAudienceChanged',
      data: { previous, audience, approvals: [] },
    })
    expect(finders(found(opened))).toEqual(['ann', 'ben'])
    expect(finders(found(opened, changed(toAll, toOne)))).toEqual(['ben'])
    expect(finders(found(opened, changed(toAll, toOne), changed(toOne, toAll)))).toEqual(['ann', 'ben'])
  })
})
