import fc from 'fast-check'
import {
  all,
  and,
  compare,
  eq,
  type Filter,
  has,
  isIn,
  matches,
  none,
  not,
  or,
  simplify,
  startsWith,
} from './filter.js'

const ticket = { state: 'new', priority: 2, vip: false, watchers: ['ann'], group: null }

describe('A filter on a document', () => {
  it.each<[Filter, boolean]>([
    [eq('state', 'new'), true],
    [eq('priority', '2'), false],
    [compare('priority', '!=', '2'), true],
    [compare('priority', '>=', 2), true],
    [compare('priority', '<', '3'), false],
    [compare('vip', '<', true), true],
    [eq('group', null), true],
    [eq('missing', null), true],
    [compare('group', '!=', 'desk'), true],
    [compare('group', '!=', null), false],
    [compare('group', '<', 'desk'), false],
    // Two-valued: what is not smaller need not be there at all
    [not(compare('group', '<', 'desk')), true],
    [isIn('group', ['desk', null]), true],
    [isIn('state', []), false],
    [startsWith('state', 'ne'), true],
    [startsWith('group', ''), false],
    [has('watchers', 'ann'), true],
    [has('state', 'new'), false],
    [and(), true],
    [or(), false],
    [and(all, eq('priority', 2)), true],
    [or(none, eq('priority', 3)), false],
  ])('%j', (filter, expected) => {
    expect(matches(filter, ticket)).toBe(expected)
  })
})

describe('Simplifying a filter', () => {
  const values = [1, 2, null]
  const { filter: filterArbitrary } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc
        .tuple(fc.constantFrom('a', 'b'), fc.constantFrom(...values))
        .map(([column, value]) => eq(column, value)),
      fc.tuple(fc.constantFrom('a', 'b'), fc.subarray(values)).map(([column, some]) => isIn(column, some)),
      fc.constantFrom(compare('a', '<', 2), all, none),
      fc.array(tie('filter'), { maxLength: 3 }).map((filters) => and(...filters)),
      fc.array(tie('filter'), { maxLength: 3 }).map((filters) => or(...filters)),
      tie('filter').map(not),
    ),
  }))

  it('changes no answer', () => {
    fc.assert(
      fc.property(filterArbitrary, (filter) => {
        const simple = simplify(filter)
        for (const a of values)
          for (const b of values) expect(matches(simple, { a, b })).toBe(matches(filter, { a, b }))
      }),
      { numRuns: 1_000 },
    )
  })

  it.each<[Filter, Filter]>([
    [or(eq('a', 1), eq('a', 2), isIn('a', [2, 3])), isIn('a', [1, 2, 3])],
    [or(or(eq('a', 1)), none), eq('a', 1)],
    [and(and(eq('a', 1), all), eq('b', 2)), and(eq('a', 1), eq('b', 2))],
    [and(eq('a', 1), or()), none],
    [not(not(eq('a', 1))), eq('a', 1)],
    [isIn('a', []), none],
  ])('makes of %j %j', (filter, simple) => {
    expect(simplify(filter)).toEqual(simple)
  })
})
