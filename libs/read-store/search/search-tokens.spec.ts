import fc from 'fast-check'
import { excerptOf } from './excerpt.js'
import { scoreOf } from './hit-collector.js'
import type { SearchSchema } from './search-schema.js'
import { parseSearch } from './search-terms.js'
import { searchTokens, tokenConditions } from './search-tokens.js'

const search: SearchSchema = {
  texts: [{ name: 8, title: 4, comments: 1 }, { notes: 1 }],
  names: ['name'],
  newest: 'openedAt',
}
const passes = (document: object, typed: string, depth: number) => {
  const tokens = searchTokens(search, document)
  return tokenConditions(parseSearch(typed), depth).every((choices) =>
    choices.some((token) => tokens.has(token)),
  )
}

const word = fc.constantFrom(
  'print',
  'printer',
  'sprint',
  'ab',
  'a',
  'é',
  '10.5',
  '東京都',
  'x😀y',
  'ﬁne',
  '한국',
  'q'.repeat(130),
)
const text = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '))
const documents = fc.record({
  name: text,
  title: text,
  comments: fc.array(text, { maxLength: 2 }),
  notes: fc.array(text, { maxLength: 2 }),
})
const typed = fc
  .oneof(
    text,
    text.map((some) => `"${some}"`),
    fc.tuple(word, fc.nat(3), fc.nat(5)).map(([some, from, length]) => some.slice(from, from + length)),
  )
  .filter((some) => {
    try {
      return parseSearch(some).length > 0
    } catch {
      return false
    }
  })

describe('The tokens of a document', () => {
  it('pass whatever the document matches, at every depth', () => {
    fc.assert(
      fc.property(documents, typed, fc.constantFrom(1, 2), (document, asked, depth) => {
        if (scoreOf(search, document, { terms: parseSearch(asked), depth }) > 0)
          expect(passes(document, asked, depth)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('of deeper texts never pass a search that does not go there', () => {
    expect(passes({ title: 'Mail', notes: ['canary'] }, 'canary', 1)).toBe(false)
    expect(passes({ title: 'Mail', notes: ['canary'] }, 'canary', 2)).toBe(true)
    expect(passes({ title: 'can', notes: ['canary'] }, 'canary', 1)).toBe(false)
  })

  it('are the same whatever was searched before', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const first = [...searchTokens(search, document)]
        searchTokens(search, { notes: document.comments, title: document.notes })
        expect([...searchTokens(search, document)]).toEqual(first)
      }),
    )
    const numbered = { title: 'x1y2 été', notes: ['été x1y2 etend'] }
    const tokens = ['ax1', 'ax1y', 'a1y2', 'aet', 'aete', 'bet', 'bete', 'bten', 'bend']
    expect([...searchTokens(search, numbered)]).toEqual(tokens)
    expect([...searchTokens(search, { name: 'Ab' })]).toEqual(['aab', 'zaab'])
  })

  it('have nothing that a query language could read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (title) => {
        for (const token of searchTokens(search, { title }))
          expect(token).toMatch(/^[\p{L}\p{N}\p{M}\p{Cs}]+$/u)
      }),
    )
  })
})

describe('An excerpt', () => {
  const of = (document: object, asked: string, depth = 2) =>
    excerptOf(search, document, { terms: parseSearch(asked), depth })
  const shown = (document: object, asked: string, depth?: number) =>
    of(document, asked, depth)
      ?.parts.map(({ text, hit }) => (hit ? `[${text}]` : text))
      .join('')

  it('marks what was found as it is written, overlapping hits in one', () => {
    expect(shown({ title: 'Un ÉTÉ très chaud' }, 'ete chau')).toBe('Un [ÉTÉ] très [chau]d')
    expect(shown({ title: 'Straßenbahn' }, 'strass')).toBe('[Straß]enbahn')
    expect(shown({ title: 'printer' }, 'rint inter')).toBe('p[rinter]')
  })

  it('takes the text in which most is found, and none from beyond the depth', () => {
    const document = { title: 'Printer', comments: ['x', 'printer jam'], notes: ['printer jam on tray two'] }
    expect(of(document, 'printer jam')?.field).toBe('comments')
    expect(of(document, 'printer jam tray')?.field).toBe('notes')
    expect(of(document, 'tray', 1)).toBeUndefined()
    expect(of({ name: 'INC12 12' }, 'inc12')).toBeUndefined()
  })

  it('cuts a long text around the first hit, at the beginning of a word', () => {
    const document = { comments: [`${'lorem ipsum '.repeat(50)}needle ${'dolor sit '.repeat(50)}`] }
    const text = shown(document, 'needle')!
    expect(text).toMatch(/^…(lorem|ipsum) .*\[needle\] dolor.*…$/)
    expect(text.length).toBeLessThan(210)
  })

  it('is made of pieces of the text, whatever is in it', () => {
    fc.assert(
      fc.property(documents, typed, (document, asked) => {
        const excerpt = of(document, asked)
        if (!excerpt) return
        const whole = excerpt.parts
          .map(({ text }) => text)
          .join('')
          .replace(/^…|…$/g, '')
        const { comments, notes, title } = document
        expect([title, ...comments, ...notes].some((one) => one.includes(whole))).toBe(true)
        expect(excerpt.parts.some(({ hit }) => hit)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
