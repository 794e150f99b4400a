import { Ajv2020 } from 'ajv/dist/2020.js'
import { Length, length, Matches } from 'class-validator'
import fc from 'fast-check'
import { compile } from './compiled-dto.js'
import { hasAtLeast, hasAtMost, LENGTH_KEYWORDS } from './text-length.js'

/** What counts differently from one to the next: plain, a pair, half of one, how a character is presented. */
const UNITS = ['a', 'é', '\u{1F600}', '\u{1F600}\uFE0F', '\uD83D', '\uFE0F', '☎\uFE0E']
const texts = fc.array(fc.constantFrom(...UNITS), { maxLength: 12 }).map((units) => units.join(''))
const bounds = fc.nat({ max: 12 })

describe('Lengths of texts', () => {
  it('are judged and worded as Ajv does', () => {
    const own = new Ajv2020({ allErrors: true })
    for (const definition of LENGTH_KEYWORDS) own.removeKeyword(definition.keyword).addKeyword(definition)
    const ajv = new Ajv2020({ allErrors: true })
    const told = (by: Ajv2020, schema: object, text: string) => {
      const check = by.compile(schema)
      return check(text) ? [] : check.errors!.map(({ keyword, message }) => ({ keyword, message }))
    }
    fc.assert(
      fc.property(texts, bounds, bounds, (text, minLength, maxLength) => {
        const schema = { type: 'string', minLength, maxLength }
        expect(told(own, schema, text)).toEqual(told(ajv, schema, text))
      }),
      { numRuns: 300 },
    )
  })

  it('are within their bounds as class-validator counts, too, where they need no counting', () => {
    let uncounted = 0
    fc.assert(
      fc.property(texts, bounds, bounds, (text, min, max) => {
        if (!hasAtLeast(min, text) || !hasAtMost(max, text)) return
        uncounted++
        expect(length(text, min, max)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
    expect(uncounted).toBeGreaterThan(10)
  })

  it('are counted near their bounds', () => {
    class Named {
      @Length(3, 4) name!: string
    }
    const accepted = ['abc', '\u{1F600}'.repeat(3), '\u{1F600}'.repeat(4)]
    const refused = ['ab', '\u{1F600}'.repeat(2), '\u{1F600}'.repeat(5), 'abcde']
    for (const name of accepted) expect(compile(Named).accepts({ name })).toBe(true)
    for (const name of refused) expect(compile(Named).accepts({ name })).toBe(false)
  })
})

describe('A pattern that is read with the u flag', () => {
  it('is checked by the schema alone: class-validator would match it once more', () => {
    class Coded {
      @Matches(/^[^\u{1F600}]{2}$/u) code!: string
    }
    const check = compile(Coded)
    expect(check.accepts({ code: 'a\u{1F601}' })).toBe(true)
    expect(check.accepts({ code: 'a\u{1F600}' })).toBe(false)
    expect(check.accepts({ code: 7 })).toBe(false)
  })
})
