import { parseSearch } from './search-terms.js'

describe('A search that was typed', () => {
  it.each([
    ['Printer jam', ['printer', 'jam']],
    ['  "Third floor"  printer ', ['third floor', 'printer']],
    ['“Third floor”', ['third floor']],
    ['10.0.0.5', ['10 0 0 5']],
    ['"never closed', ['never closed']],
    ['mail mail MAIL', ['mail']],
    ['a "-" OR NEAR(b*) {x} ^c: printer', ['a', 'or', 'near b', 'x', 'c', 'printer']],
  ])('%s is the terms %j', (typed, terms) => {
    expect(parseSearch(typed)).toEqual(terms)
  })

  it.each([
    ['', 'SEARCH.EMPTY'],
    ['  ""-*', 'SEARCH.EMPTY'],
    ['x', 'SEARCH.TOO_SHORT'],
    ['"x y" z', 'SEARCH.TOO_SHORT'],
    ['x'.repeat(201), 'SEARCH.TOO_LONG'],
    ['aa bb cc dd ee ff gg hh ii jj kk', 'SEARCH.TOO_LONG'],
  ])('%j is refused: %s', (typed, code) => {
    expect(() => parseSearch(typed)).toThrow(
      expect.objectContaining({ code, extra: { errors: [expect.objectContaining({ pointer: 'q' })] } }),
    )
  })
})
