import { isAcceptable, qualityNamed } from './accept.js'
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
    expect(isAcceptable(['application/json'], accept)).toBe(acceptable)
  })

  it('is one of several', () => {
    expect(isAcceptable(['application/json', 'text/csv'], 'text/csv')).toBe(true)
    expect(isAcceptable(['application/json', 'text/calendar'], 'text/csv')).toBe(false)
  })

  it('is named, or only in a range', () => {
    expect(qualityNamed('text/csv', 'text/csv;q=0.5, */*')).toBe(0.5)
    expect(qualityNamed('text/csv', 'text/*')).toBe(0)
  })
})

it('Only reads by somebody are answered in a form that is asked for, files aside', () => {
  const endpoint = { roles: 'any', answer: 'text' } as const
  expect(mediaTypesHeeded(endpoint, 'GET')).toEqual(['text/plain'])
  expect(mediaTypesHeeded(endpoint, 'POST')).toBeUndefined()
  expect(mediaTypesHeeded({ ...endpoint, roles: 'public' }, 'GET')).toBeUndefined()
  expect(mediaTypesHeeded({ ...endpoint, answer: 'binary' }, 'GET')).toBeUndefined()
})
