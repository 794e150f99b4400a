import fc from 'fast-check'
import { ROLES, ROLES_AT_DESK } from '#libs/access'
import { matches } from '#libs/read-store'
import {
  type AccessColumns,
  canSee,
  DESK_PEOPLE,
  forReaders,
  peopleNamed,
  visibleParts,
  visibleRows,
} from './access.js'
import { principal } from './principals.fixture.js'

const people = ['person-ann', 'person-bob', 'person-cora']
const groups = ['group-mail', 'group-hr', 'group-network']

const anyRecord: fc.Arbitrary<AccessColumns> = fc.record({
  audienceKind: fc.constantFrom('public', 'participants', 'groups'),
  audienceGroups: fc.option(fc.uniqueArray(fc.constantFrom(...groups)), { nil: undefined }),
  visibleTo: fc.option(fc.uniqueArray(fc.constantFrom(...people)), { nil: undefined }),
  assignmentGroup: fc.option(fc.constantFrom(...groups), { nil: undefined }),
  assignee: fc.option(fc.constantFrom(...people), { nil: undefined }),
})

const anyPrincipal = fc
  .tuple(
    fc.constantFrom(...people),
    fc.uniqueArray(fc.constantFrom(...ROLES)),
    fc.uniqueArray(fc.constantFrom(...groups)),
  )
  .map(([id, roles, memberships]) => principal(id, roles, memberships))

describe('Row rule', () => {
  it('says the same as a filter and of one record', () => {
    fc.assert(
      fc.property(anyPrincipal, anyRecord, (reader, record) => {
        expect(matches(visibleRows(reader), record)).toBe(canSee(reader, record))
      }),
      { numRuns: 2000 },
    )
  })

  it('falls into parts that never count a row twice', () => {
    fc.assert(
      fc.property(anyPrincipal, anyRecord, (reader, record) => {
        const seen = visibleParts(reader).filter((part) => matches(part, record)).length
        expect(seen).toBe(canSee(reader, record) ? 1 : 0)
      }),
      { numRuns: 2000 },
    )
  })

  it('asks for no column that it does not name', () => {
    const record: AccessColumns = { audienceKind: 'groups', audienceGroups: ['group-hr'] }
    expect(matches(visibleRows(principal('person-ann', ['agent'], ['group-hr'])), record)).toBe(true)
  })
})

describe('Who sees what', () => {
  const open: AccessColumns = {
    audienceKind: 'public',
    visibleTo: ['person-cora'],
    assignmentGroup: 'group-mail',
  }
  const restricted: AccessColumns = { ...open, audienceKind: 'participants', assignee: 'person-bob' }
  const hr: AccessColumns = { ...restricted, audienceKind: 'groups', audienceGroups: ['group-hr'] }

  it('nobody without a role', () => {
    expect(canSee(principal('person-cora', []), open)).toBe(false)
  })

  it('requesters what names them, and nothing else, even as members of the group', () => {
    expect(canSee(principal('person-cora', ['requester']), hr)).toBe(true)
    expect(canSee(principal('person-ann', ['requester'], ['group-mail']), open)).toBe(false)
  })

  it('agents public records, and those among participants that they take part in', () => {
    expect(canSee(principal('person-ann', ['agent']), open)).toBe(true)
    expect(canSee(principal('person-ann', ['agent']), restricted)).toBe(false)
    expect(canSee(principal('person-bob', ['agent']), restricted)).toBe(true)
    expect(canSee(principal('person-ann', ['agent'], ['group-mail']), restricted)).toBe(true)
    expect(canSee(principal('person-cora', ['agent']), restricted)).toBe(true)
  })

  it('members of the groups of an audience, but not the assigned group as such', () => {
    expect(canSee(principal('person-ann', ['agent'], ['group-hr']), hr)).toBe(true)
    expect(canSee(principal('person-ann', ['agent'], ['group-mail']), hr)).toBe(false)
  })

  it('auditors and administrators everything', () => {
    expect(canSee(principal('person-ann', ['auditor']), hr)).toBe(true)
    expect(canSee(principal('person-ann', ['administrator']), hr)).toBe(true)
  })

  it('of collections for some roles, nobody else anything', () => {
    const { rows } = forReaders(['analyst'])
    expect(matches(rows(principal('person-ann', ['analyst'])), open)).toBe(true)
    expect(matches(rows(principal('person-ann', ['agent'])), open)).toBe(false)
    expect(matches(rows(principal('person-cora', ['requester'])), open)).toBe(false)
  })
})

it('names caller, affected user, opener and watchers once each', () => {
  expect(peopleNamed({ caller: 'a', affectedUser: 'a', openedBy: 'b', watchers: ['b', 'c'] })).toEqual([
    'a',
    'b',
    'c',
  ])
  expect(peopleNamed({})).toBeUndefined()
})

it('counts to the desk whom decisions about people at the desk do', () => {
  expect(DESK_PEOPLE).toEqual(ROLES_AT_DESK)
})
