import type { JsonSchema } from '#libs/platform'
import { closed, instant, integer } from '../../http/record-view.js'

/** How answers show what was counted, and the test of it. */

export const number: JsonSchema = { type: 'number' }
export const nullableNumber: JsonSchema = { type: ['number', 'null'] }
export const watched = closed({
  from: instant,
  to: instant,
  hours: number,
  count: integer,
  exposure: number,
})
