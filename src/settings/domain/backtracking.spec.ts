import fc from 'fast-check'
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

it('lets nothing pass that takes long', () => {
  const atom = fc.constantFrom('a', 'b', '[ab]', '.', '\\w')
  const { pattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
    piece: fc.oneof(
      { depthSize: 'small' },
      atom,
      fc
        .tuple(tie('pattern'), fc.constantFrom('', '*', '+', '?', '{2}', '{1,9}'))
        .map(([inner, quantifier]) => `(${inner})${quantifier}`),
    ),
    pattern: fc
      .array(fc.array(tie('piece'), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 })
      .map((alternatives) => alternatives.map((pieces) => pieces.join('')).join('|')),
  }))
  let passed = 0
  fc.assert(
    fc.property(pattern, (text) => {
      if (backtrackingRisk(text) !== undefined) return
      passed++
      const expression = new RegExp(`^(?:${text})$`, 'u')
      const began = performance.now()
      for (const unfortunate of ['a'.repeat(28), 'ab'.repeat(14), 'b'.repeat(28)])
        expression.test(`${unfortunate}!`)
      expect(performance.now() - began).toBeLessThan(500)
    }),
    { numRuns: 1_000 },
  )
  expect(passed).toBeGreaterThan(200)
})
