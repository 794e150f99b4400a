import fc from 'fast-check'
import { foldedText, foldedWords, placedText } from './text-folding.js'

describe('A folded text', () => {
  it.each([
    ['Épuisé, NAÏVE!', ['epuise', 'naive']],
    ['Straße 10.0.0.5', ['strasse', '10', '0', '0', '5']],
    ['ΟΔΟΣ Οδός', ['οδοσ', 'οδοσ']],
    ['Łódź Ørsted Æther', ['lodz', 'orsted', 'aether']],
    ['e\u0301te\u0301 ﬁle ²', ['ete', 'file', '2']],
    ['हिन्दी', ['हिन्दी']],
    ['東京 😀', ['東京']],
    ['x'.repeat(150), ['x'.repeat(100), 'x'.repeat(50)]],
    ['', []],
  ])('of %j has the words %j', (text, words) => {
    expect(foldedWords(text)).toEqual(words)
  })

  const texts = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('É', 'ß', 'ﬁ', '😀', '\ud83d', ' ', '-', 'a', 'Z', '漢', '\u0301', '½'))
      .map((all) => all.join('')),
    fc.constant('y'.repeat(120)),
  )

  it('does not depend on the case', () => {
    fc.assert(fc.property(texts, (text) => expect(foldedText(foldedText(text))).toBe(foldedText(text))))
  })

  it('has a place in its original for each character, in order', () => {
    fc.assert(
      fc.property(texts, (original) => {
        const { text, starts, ends } = placedText(original)
        expect(text).toBe(foldedText(original))
        expect([starts.length, ends.length]).toEqual([text.length, text.length])
        for (let i = 0; i < text.length; i++) {
          expect(starts[i]).toBeLessThanOrEqual(ends[i]!)
          expect(ends[i]).toBeLessThanOrEqual(original.length)
          if (i > 0) expect(starts[i]).toBeGreaterThanOrEqual(starts[i - 1]!)
        }
      }),
    )
  })
})
