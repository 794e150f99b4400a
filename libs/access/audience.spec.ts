import { type Audience, PUBLIC, sameAudience } from './audience.js'

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
