import fc from 'fast-check'
import {
  character,
  choice,
  matches,
  type Pattern,
  type Quantifier,
  repeated,
  sequence,
} from './backtracking.fixture.js'
import { backtrackingRisk } from './backtracking.js'

it.each([
  ['^(a+)+$', 'repeats a group'],
  ['^(a*)*$', 'repeats a group'],
  ['^(?:a+){2,}$', 'repeats a group'],
  ['^([a-z]+-?)*$', 'repeats a group'],
  ['^((a+))+$', 'repeats a group'],
  ['^(?<word>\\w+\\s?)*$', 'repeats a group'],
  ['^(a?){30}$', 'repeats a group'],
  ['^(a|a)+$', 'repeats a choice'],
  ['^((a|a))+$', 'repeats a choice'],
  ['^(a|ab)*$', 'repeats a choice'],
  ['^(\\d|[0-9])*$', 'repeats a choice'],
  ['^(.|b)*$', 'repeats a choice'],
  ['^(a|)*$', 'repeats a choice'],
  ['^(a)\\1$', 'refers back'],
  ['^(?<x>a)\\k<x>$', 'refers back'],
])('%s is a risk: it %s …', (pattern, why) => {
  new RegExp(pattern, 'u')
  expect(backtrackingRisk(pattern)).toMatch(why)
})

it.each([
  '^[0-9]{4}$',
  '^\\+?[0-9 ]{5,20}$',
  '^[A-Z]{2}(-[A-Z0-9]{3})*$',
  '^(red|green|blue)$',
  '^(red|green|blue)+$',
  '^(\\.a|-b)*$',
  '^[(+*)]+$',
  '^\\(a+\\)+$',
  '^(a+)?$',
  '^(a+){1}$',
  '^(?=.*\\d)\\p{L}+$',
  '^\\p{Lu}{1,3}\\u{1F600}?$',
  '^https?://[^/]+/.*$',
])('%s is none', (pattern) => {
  new RegExp(pattern, 'u')
  expect(backtrackingRisk(pattern)).toBeUndefined()
})

describe('lets nothing pass that takes long', () => {
  const STEPS = 100_000
  const unfortunate = ['a'.repeat(28), 'ab'.repeat(14), 'b'.repeat(28)].map((text) => `${text}!`)
  const atom = fc.constantFrom('a', 'b', '[ab]', '.', '\\w').map(character)
  const quantifier = fc.constantFrom<Quantifier>('', '*', '+', '?', '{2}', '{1,9}')
  const { pattern } = fc.letrec<{ pattern: Pattern; piece: Pattern }>((tie) => ({
    piece: fc.oneof(
      { depthSize: 'small' },
      atom,
      fc.tuple(tie('pattern'), quantifier).map(([inner, times]) => repeated(inner, times)),
    ),
    pattern: fc
      .array(fc.array(tie('piece'), { minLength: 1, maxLength: 2 }).map(sequence), {
        minLength: 1,
        maxLength: 2,
      })
      .map(choice),
  }))

  it('on a text that only the last character spoils', () => {
    let passed = 0
    fc.assert(
      fc.property(pattern, (pattern) => {
        if (backtrackingRisk(pattern.source) !== undefined) return
        passed++
        const expression = new RegExp(`^(?:${pattern.source})$`, 'u')
        for (const text of unfortunate)
          expect([text, matches(pattern, text, STEPS)]).toEqual([text, expression.test(text)])
      }),
      { numRuns: 1_000 },
    )
    expect(passed).toBeGreaterThan(200)
  })

  it.each([
    repeated(repeated(character('a'), '+'), '+'),
    repeated(choice([character('a'), character('\\w')]), '+'),
  ])('as $source does (counter-proof)', (pattern) => {
    expect(backtrackingRisk(pattern.source)).toBeDefined()
    expect(matches(pattern, unfortunate[0]!, STEPS)).toBeUndefined()
    expect(matches(pattern, 'aaaa!', STEPS)).toBe(false)
    expect(matches(pattern, 'aaaa', STEPS)).toBe(true)
  })
})
