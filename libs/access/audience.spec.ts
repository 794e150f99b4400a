import { type Audience, newWatchers, PUBLIC, requireAudience, sameAudience } from './audience.js'

const groups = (...names: string[]): Audience => ({ kind: 'groups', groups: names })

it.each<[Audience, Audience, boolean]>([
  [PUBLIC, PUBLIC, true],
  [PUBLIC, { kind: 'participants' }, false],
  [PUBLIC, groups('a'), false],
  [groups('a', 'b'), groups('b', 'a'), true],
  [groups('a', 'b'), groups('a'), false],
  [groups('a'), groups('a', 'b'), false],
  [groups('a', 'a'), groups('a', 'b'), false],
])('%j and %j are the same people: %s', (one, other, same) => {
  expect(sameAudience(one, other)).toBe(same)
})

it('an audience of groups has at least one, and all of them are there', () => {
  const standing = (id: string) => ({ exists: id === 'a', members: new Set<string>() })
  const refused = (audience: Audience) => {
    try {
      requireAudience('problem', audience, standing)
      return undefined
    } catch (error) {
      return error
    }
  }
  expect(refused(groups('a'))).toBeUndefined()
  expect(refused(PUBLIC)).toBeUndefined()
  expect(refused(groups())).toMatchObject({ code: 'PROBLEM.AUDIENCE_EMPTY' })
  expect(refused(groups('a', 'b'))).toMatchObject({ code: 'PROBLEM.GROUP_UNKNOWN' })
})

it('people begin to watch once; nobody and the program never do', () => {
  expect(newWatchers(['ann', null, 'ben', undefined, 'ann', 'system:policy'], ['ben'])).toEqual(['ann'])
})
