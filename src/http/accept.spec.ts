import { prefers } from './accept.js'

it.each([
  ['text/calendar', true],
  ['text/html, Text/Calendar;charset=utf-8', true],
  ['text/calendar, application/json', true],
  ['text/calendar;q=0.9, application/json; q=0.5', true],
  ['text/calendar;q=0.5, application/json', false],
  ['text/calendar;q=0', false],
  ['text/calendar;q=much', false],
  ['*/*', false],
  ['text/*', false],
  ['application/json', false],
  [undefined, false],
])('of %p a calendar is preferred: %p', (accept, preferred) => {
  expect(prefers({ headers: { accept } }, 'text/calendar')).toBe(preferred)
})
