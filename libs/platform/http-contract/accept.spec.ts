import { mostWanted } from './accept.js'
import { mediaTypesHeeded } from './endpoint.js'

describe('A media type', () => {
  it.each([
    [undefined, true],
    ['', true],
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['text/csv, */*;q=0.1', true],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['application/*', true],
    ['application/*;q=0, application/json', true],
    ['text/csv', false],
    ['text/*', false],
    ['application/json;q=0', false],
    ['*/*, application/json;q=0', false],
    ['application/json;q=much', false],
  ])('is wanted where %p is accepted: %p', (accept, acceptable) => {
    expect(mostWanted(['application/json'], accept)).toBe(acceptable ? 'application/json' : undefined)
  })

  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['text/html, */*;q=0.8', 'application/json'],
    ['application/*', 'application/json'],
    ['text/csv', 'text/csv'],
    ['text/*', 'text/csv'],
    ['application/json;q=0, */*', 'text/csv'],
    ['application/json;q=0, application/*', 'application/x-ndjson'],
    ['application/json;q=0.5, text/*', 'text/csv'],
    ['text/csv;q=0.5, */*', 'application/json'],
    ['text/csv;q=0.5, */*;q=0.1', 'text/csv'],
    // Whoever names what is not usual knows that there is more than one form
    ['text/csv, */*', 'text/csv'],
    ['application/json, application/x-ndjson', 'application/x-ndjson'],
    ['application/x-ndjson, text/csv', 'text/csv'],
    ['text/calendar', undefined],
    ['*/*;q=0', undefined],
  ])('of several is the one that is wanted most where %p is accepted: %p', (accept, wanted) => {
    expect(mostWanted(['application/json', 'text/csv', 'application/x-ndjson'], accept)).toBe(wanted)
  })
})

it('Only reads by somebody are answered in a form that is asked for, files aside', () => {
  const endpoint = { roles: 'any', answer: 'text' } as const
  expect(mediaTypesHeeded(endpoint, 'GET')).toEqual(['text/plain'])
  expect(mediaTypesHeeded(endpoint, 'POST')).toBeUndefined()
  expect(mediaTypesHeeded({ ...endpoint, roles: 'public' }, 'GET')).toBeUndefined()
  expect(mediaTypesHeeded({ ...endpoint, answer: 'binary' }, 'GET')).toBeUndefined()
})
