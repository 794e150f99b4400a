import fc from 'fast-check'
import { InvalidInput } from '#libs/event-sourcing'
import { MAX_FILTER_DEPTH, MAX_FILTER_LENGTH, parseFilter } from './aip160.js'
import { all, and, compare, eq, type Filter, has, not, or, startsWith } from './filter.js'
import { parseOrderBy } from './order-by.js'
import { type ColumnType, oneOf, someOf } from './read-store.js'

const columns: Record<string, ColumnType> = {
  state: 'string',
  priority: 'integer',
  effort: 'number',
  vip: 'boolean',
  openedAt: 'timestamp',
  watchers: 'strings',
  AND: 'string',
}
const parse = (text: string) => parseFilter(text, columns)

describe('an AIP-160 filter', () => {
  it.each<[string, Filter]>([
    ['', all],
    ['  ', all],
    ['state = "new"', eq('state', 'new')],
    ["state='it''s'".replace("''", "\\'"), eq('state', "it's")],
    ['state=new', eq('state', 'new')],
    ['state != ""', compare('state', '!=', '')],
    ['priority<=2', compare('priority', '<=', 2)],
    ['priority > -1', compare('priority', '>', -1)],
    ['priority = null', eq('priority', null)],
    ['state = null', eq('state', null)],
    ['state = "null"', eq('state', 'null')],
    ['vip = true', eq('vip', true)],
    ['vip != false', compare('vip', '!=', false)],
    ['effort >= 1.5e3', compare('effort', '>=', 1500)],
    ['effort < 1.5s', compare('effort', '<', 1.5)],
    ['effort < "90s"', compare('effort', '<', 90)],
    ['priority = -0', eq('priority', 0)],
    ['openedAt >= "2016-05-10T09:00:00Z"', compare('openedAt', '>=', '2016-05-10T09:00:00.000Z')],
    ['openedAt >= 2016-05-10T09:00:00.1234+02:00', compare('openedAt', '>=', '2016-05-10T07:00:00.123Z')],
    ['openedAt < 2016-01-01', compare('openedAt', '<', '2016-01-01T00:00:00.000Z')],
    ['watchers:ann', has('watchers', 'ann')],
    ['watchers:"ann smith"', has('watchers', 'ann smith')],
    ['state:*', compare('state', '!=', null)],
    ['priority:*', compare('priority', '!=', null)],
    ['state:new', eq('state', 'new')],
    ['state = "ne*"', startsWith('state', 'ne')],
    ['state = ne*', startsWith('state', 'ne')],
    ['state != "ne*"', not(startsWith('state', 'ne'))],
    ['state = "5\\*"', eq('state', '5*')],
    ['state = "a\\\\\\"b"', eq('state', 'a\\"b')],
    ['NOT state = a', not(eq('state', 'a'))],
    ['-state = a', not(eq('state', 'a'))],
    ['NOT (state = a)', not(eq('state', 'a'))],
    ['NOT NOT vip=true', not(not(eq('vip', true)))],
    ['state=a AND vip=true', and(eq('state', 'a'), eq('vip', true))],
    ['state=a vip=true', and(eq('state', 'a'), eq('vip', true))],
    ['AND = b AND AND=c', and(eq('AND', 'b'), eq('AND', 'c'))],
    // OR binds tighter than AND
    ['state=a AND state=b OR state=c', and(eq('state', 'a'), or(eq('state', 'b'), eq('state', 'c')))],
    ['state=a OR state=b AND state=c', and(or(eq('state', 'a'), eq('state', 'b')), eq('state', 'c'))],
    ['(state=a AND state=b) OR state=c', or(and(eq('state', 'a'), eq('state', 'b')), eq('state', 'c'))],
    ['(((state=a)))', eq('state', 'a')],
    ['NOT(state=a)AND vip=true', and(not(eq('state', 'a')), eq('vip', true))],
  ])('%s', (text, filter) => {
    expect(parse(text)).toEqual(filter)
  })

  it.each<[string, string, number, RegExp]>([
    ['colour = red', 'UNKNOWN_FIELD', 1, /state, priority/],
    ['state = a AND __proto__ = b', 'UNKNOWN_FIELD', 15, /state/],
    ['state.name = a', 'UNKNOWN_FIELD', 1, /state\.name/],
    ['state', 'SYNTAX', 6, /= < >|one of/],
    ['state =', 'SYNTAX', 8, /value/],
    ['state = a AND', 'SYNTAX', 14, /a field/],
    ['state = a OR', 'SYNTAX', 13, /a field/],
    ['state = "a', 'SYNTAX', 9, /closing "/],
    ['state = "\\n"', 'SYNTAX', 11, /after \\/],
    ['state = a=b', 'SYNTAX', 10, /quote/],
    ['(state = a', 'SYNTAX', 11, /\)/],
    ['state = a)', 'SYNTAX', 10, /AND/],
    ['has(state)', 'UNKNOWN_FIELD', 1, /has/],
    ['priority = high', 'WRONG_TYPE', 12, /whole number/],
    ['priority = 1.5', 'WRONG_TYPE', 12, /whole number/],
    ['priority = 99999999999999999', 'WRONG_TYPE', 12, /whole number/],
    ['priority = "1"', 'WRONG_TYPE', 12, /whole number/],
    ['effort = 1e999', 'WRONG_TYPE', 10, /number/],
    ['vip = yes', 'WRONG_TYPE', 7, /true or false/],
    ['openedAt > yesterday', 'WRONG_TYPE', 12, /RFC 3339/],
    ['openedAt > 2016-02-30', 'WRONG_TYPE', 12, /RFC 3339/],
    ['openedAt > 2016-05-10T24:00:00Z', 'WRONG_TYPE', 12, /RFC 3339/],
    ['openedAt > 2016-05-10T09:00:00', 'WRONG_TYPE', 12, /RFC 3339/],
    ['openedAt > 0000-01-01T00:00:00+01:00', 'WRONG_TYPE', 12, /RFC 3339/],
    ['priority > null', 'WRONG_TYPE', 10, /null/],
    ['watchers = ann', 'WRONG_TYPE', 10, /watchers:value/],
    ['watchers:*', 'WILDCARD', 10, /whole value/],
    ['state = "*new"', 'WILDCARD', 9, /end/],
    ['state = "a*b*"', 'WILDCARD', 9, /end/],
    ['state > "a*"', 'WILDCARD', 9, /=/],
  ])('%s is refused with %s at character %i', (text, code, place, message) => {
    const refusal = refusalOf(text)
    expect(refusal.code).toBe(`FILTER.${code}`)
    expect(refusal.message).toContain(`character ${place}:`)
    expect(refusal.message).toMatch(message)
    expect(refusal.extra.errors).toEqual([{ pointer: 'filter', message: refusal.message }])
  })

  describe('on a column whose values are known', () => {
    const closed = { risk: oneOf(['low', 'high']), kinds: someOf({ busy: true, blackout: true }) }

    it.each<[string, Filter]>([
      ['risk = low', eq('risk', 'low')],
      ['risk:high', eq('risk', 'high')],
      ['risk != null', compare('risk', '!=', null)],
      ['risk > low', compare('risk', '>', 'low')],
      ['risk = l*', startsWith('risk', 'l')],
      ['kinds:busy', has('kinds', 'busy')],
    ])('%s asks for one of them', (text, filter) => {
      expect(parseFilter(text, closed)).toEqual(filter)
    })

    it.each([
      ['risk = Low', 8, 'low, high'],
      ['risk != "middling"', 9, 'low, high'],
      ['risk:low kinds:lazy', 16, 'busy, blackout'],
    ])('%s asks for another, and is refused at character %i', (text, place, values) => {
      expect(() => parseFilter(text, closed)).toThrow(
        expect.objectContaining({
          code: 'FILTER.UNKNOWN_VALUE',
          message: expect.stringMatching(`^At character ${place}: .* is one of ${values};`),
        }),
      )
    })
  })

  it('is bounded in length and depth', () => {
    expect(refusalOf(`state=${'a'.repeat(MAX_FILTER_LENGTH)}`).code).toBe('FILTER.TOO_LONG')
    const nested = (depth: number) => `${'('.repeat(depth)}state=a${')'.repeat(depth)}`
    expect(parse(nested(MAX_FILTER_DEPTH))).toEqual(eq('state', 'a'))
    expect(refusalOf(nested(MAX_FILTER_DEPTH + 1)).code).toBe('FILTER.TOO_DEEP')
    expect(refusalOf(`${'NOT '.repeat(900)}state=a`).code).toBe('FILTER.TOO_DEEP')
    expect(refusalOf(`${'-'.repeat(3_900)}state=a`).code).toBe('FILTER.TOO_DEEP')
  })

  it('that was printed parses to what it was', () => {
    fc.assert(
      fc.property(filterArbitrary, (filter) => {
        const text = print(filter)
        fc.pre(text.length <= MAX_FILTER_LENGTH)
        expect(parse(text)).toEqual(filter)
      }),
      { numRuns: 500 },
    )
  })

  it('never fails but with InvalidInput, whatever the text', () => {
    const fragments = fc.constantFrom(
      ...[
        'AND',
        'OR',
        'NOT',
        '-',
        '(',
        ')',
        ' ',
        '"',
        "'",
        '\\',
        '*',
        '=',
        '!=',
        '<',
        ':',
        ',',
        '.',
        's',
        'null',
      ],
      ...Object.keys(columns),
      ...['true', '1', '2016-05-10', '2016-05-10T09:00:00Z', '😀', '\ud800', 'constructor'],
    )
    const text = fc.oneof(
      fc.array(fragments, { maxLength: 30 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        for (const read of [parse, (order: string) => parseOrderBy(order, columns)])
          try {
            read(candidate)
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidInput)
          }
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('an AIP-132 order', () => {
  it('names fields, ascending unless said otherwise', () => {
    expect(parseOrderBy('priority, openedAt desc,state asc', columns)).toEqual([
      { column: 'priority', direction: 'asc' },
      { column: 'openedAt', direction: 'desc' },
      { column: 'state', direction: 'asc' },
    ])
    expect(parseOrderBy(' ', columns)).toEqual([])
  })

  it.each([
    ['colour', 'UNKNOWN_FIELD'],
    ['watchers', 'UNKNOWN_FIELD'],
    ['constructor', 'UNKNOWN_FIELD'],
    ['priority down', 'SYNTAX'],
    ['priority desc desc', 'SYNTAX'],
    ['priority,', 'SYNTAX'],
    ['priority, priority desc', 'REPEATED_FIELD'],
    [','.repeat(50), 'SYNTAX'],
  ])('%s is refused with %s', (text, code) => {
    expect(() => parseOrderBy(text, columns)).toThrow(expect.objectContaining({ code: `ORDER_BY.${code}` }))
  })
})

function refusalOf(text: string): InvalidInput {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof InvalidInput) return error
    throw error
  }
  throw new Error(`"${text}" was accepted`)
}

const textArbitrary = fc.string({ unit: fc.constantFrom(...'aZ0 "\'\\*()=-:.,é😀\n') })
const opArbitrary = fc.constantFrom('=', '!=', '<', '<=', '>', '>=')
const equalityArbitrary = fc.constantFrom('=', '!=')
const timeArbitrary = fc
  .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
  .map((date) => date.toISOString())
const restrictionArbitrary: fc.Arbitrary<Filter> = fc.oneof(
  fc.tuple(opArbitrary, textArbitrary).map(([op, value]) => compare('state', op as '=', value)),
  fc.tuple(opArbitrary, fc.maxSafeInteger()).map(([op, value]) => compare('priority', op as '=', value)),
  fc
    .tuple(opArbitrary, fc.double({ noNaN: true, noDefaultInfinity: true }))
    .map(([op, value]) => compare('effort', op as '=', value + 0)),
  fc.tuple(opArbitrary, timeArbitrary).map(([op, value]) => compare('openedAt', op as '=', value)),
  fc.tuple(equalityArbitrary, fc.boolean()).map(([op, value]) => compare('vip', op as '=', value)),
  fc
    .tuple(equalityArbitrary, fc.constantFrom('state', 'vip', 'priority', 'openedAt'))
    .map(([op, column]) => compare(column, op as '=', null)),
  textArbitrary.map((prefix) => startsWith('state', prefix)),
  textArbitrary.map((value) => has('watchers', value)),
)
const { filter: filterArbitrary } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    restrictionArbitrary,
    fc.array(tie('filter'), { minLength: 2, maxLength: 3 }).map((filters) => and(...filters)),
    fc.array(tie('filter'), { minLength: 2, maxLength: 3 }).map((filters) => or(...filters)),
    tie('filter').map(not),
  ),
}))

/** Writes a filter as AIP-160 text, with every text quoted and every part in parentheses that has parts itself. */
function print(filter: Filter): string {
  const part = (inner: Filter) =>
    inner.kind === 'and' || inner.kind === 'or' ? `(${print(inner)})` : print(inner)
  const quote = (text: string) => `"${text.replace(/["\\*]/g, '\\$&')}"`
  switch (filter.kind) {
    case 'and':
      return filter.filters.map(part).join(' AND ')
    case 'or':
      return filter.filters.map(part).join(' OR ')
    case 'not':
      return `NOT ${part(filter.filter)}`
    case 'prefix':
      return `${filter.column} = ${quote(filter.prefix).slice(0, -1)}*"`
    case 'has':
      return `${filter.column}:${quote(filter.value)}`
    case 'compare':
      return `${filter.column} ${filter.op} ${typeof filter.value === 'string' ? quote(filter.value) : filter.value}`
    default:
      throw new Error(`${filter.kind} has no AIP-160 text`)
  }
}
