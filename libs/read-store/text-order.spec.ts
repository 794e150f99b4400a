import fc from 'fast-check'
import { afterPrefix, compareText } from './text-order.js'

/** Texts around the places where UTF-16 and UTF-8 disagree, besides any others. */
const textArbitrary = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}') }),
  fc.string({ unit: 'binary' }),
)
const byteOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

describe('The order of texts', () => {
  it('is that of their UTF-8, which JavaScript’s own is not', () => {
    fc.assert(
      fc.property(textArbitrary, textArbitrary, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(byteOrder(a, b))
      }),
      { numRuns: 2_000 },
    )
    expect('😀' < '\uffff').toBe(true)
    expect(compareText('😀', '\uffff')).toBeGreaterThan(0)
  })

  it('puts exactly the texts with a prefix between it and what comes after it', () => {
    fc.assert(
      fc.property(textArbitrary, textArbitrary, fc.boolean(), (prefix, other, extend) => {
        const text = extend ? prefix + other : other
        const end = afterPrefix(prefix)
        const between = byteOrder(text, prefix) >= 0 && (end === undefined || byteOrder(text, end) < 0)
        expect(between).toBe(text.startsWith(prefix))
      }),
      { numRuns: 2_000 },
    )
    expect(afterPrefix('a\ud7ff')).toBe('a\ue000')
    expect(afterPrefix('a\u{10ffff}')).toBe('b')
    expect(afterPrefix('\u{10ffff}')).toBeUndefined()
  })
})
