import type { JsonSchema } from '#libs/platform'
import { closed, instant, integer, listOf, text } from '../../http/record-view.js'

/** How answers show what was counted, and the test of it. */

export const number: JsonSchema = { type: 'number' }
const nullableNumber: JsonSchema = { type: ['number', 'null'] }
export const watched = closed({
  from: instant,
  to: instant,
  hours: number,
  count: integer,
  exposure: number,
})

/** The test of two rates. @param pOpposite name of the p-value of the opposite alternative */
export function rateTest(pOpposite: string): JsonSchema {
  return closed({
    test: text,
    expected: number,
    ratio: nullableNumber,
    ratioInterval: listOf(nullableNumber),
    pValue: number,
    [pOpposite]: number,
    pTwoSided: number,
  })
}
