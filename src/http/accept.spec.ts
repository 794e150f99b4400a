import { endpointOf } from '#libs/platform'
import { prefers } from './accept.js'

const content = { 'application/json': {}, 'text/calendar': 'text' } as const
const endpoint = endpointOf({ summary: 'A calendar', roles: 'any', answer: { content } }, 'calendar')
const routeConfig = { url: '/calendar', method: 'GET', endpoint }

it.each([
  ['text/calendar', true],
  ['text/html, Text/Calendar;charset=utf-8', true],
  ['text/calendar, application/json', true],
  ['text/calendar, */*', true],
  ['text/calendar;q=0.9, application/json; q=0.5', true],
  ['text/calendar;q=0.5, application/json', false],
  ['text/calendar;q=0', false],
  ['text/calendar;q=much', false],
  ['*/*', false],
  ['application/json', false],
  [undefined, false],
  // JSON is not among what is asked for
  ['text/*', true],
  ['application/json;q=0, */*', true],
])('of %p a calendar is preferred: %p', (accept, preferred) => {
  expect(prefers({ headers: { accept }, routeConfig }, 'text/calendar')).toBe(preferred)
})
