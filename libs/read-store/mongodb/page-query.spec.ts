import { all, eq } from '../filter.js'
import { planOrder } from '../query-rules.js'
import type { CollectionSchema, KeysetCursor, SortKey } from '../read-store.js'
import { pageQuery } from './page-query.js'

const schema: CollectionSchema = {
  name: 'rows',
  columns: { group: 'string', score: 'number' },
  indexes: [['group', 'score']],
}
const absent = new Date(0)

function piecesOf(orderBy: SortKey[], after?: KeysetCursor, filter = all) {
  const { pieces, sort } = pageQuery(schema, planOrder(schema, filter, orderBy), filter, after)
  return { sort, pieces: pieces.map((piece) => (piece.$and as object[]).slice(1)) }
}

describe('A page', () => {
  const ascending: SortKey[] = [{ column: 'group', direction: 'asc' }]
  const descending: SortKey[] = [{ column: 'group', direction: 'desc' }]

  it('that is the first is one query, in the order of one index', () => {
    expect(piecesOf(ascending)).toEqual({
      sort: [
        ['a.group', 1],
        ['a.score', 1],
        ['_id', 1],
      ],
      pieces: [[{}]],
    })
  })

  it('after a cursor takes what differs in the last key first, absent values after all present ones', () => {
    expect(piecesOf(ascending, { id: 'x', values: ['red', 2] }).pieces).toEqual([
      [{ 'a.group': 'red' }, { 'a.score': 2 }, { _id: { $gt: 'x' } }],
      [{ 'a.group': 'red' }, { 'a.score': { $not: { $lte: 2 } } }],
      [{ 'a.group': { $not: { $lte: 'red' } } }],
    ])
  })

  it('after an absent value has only more of those', () => {
    expect(piecesOf(ascending, { id: 'x', values: [null, 2] }).pieces[1]).toEqual([
      { 'a.group': absent },
      { 'a.score': { $not: { $lte: 2 } } },
    ])
    expect(piecesOf(descending, { id: 'x', values: [null, 2] }).pieces).toEqual([
      [{ 'c.group': null }, { 'c.score': 2 }, { _id: { $lt: 'x' } }],
      [{ 'c.group': null }, { 'c.score': { $not: { $gte: 2 } } }],
    ])
  })

  it('asks its filter of the index that it walks', () => {
    const byScore: SortKey[] = [{ column: 'score', direction: 'asc' }]
    const query = pageQuery(
      schema,
      planOrder(schema, eq('group', null), byScore),
      eq('group', null),
      undefined,
    )
    expect(query.pieces).toEqual([{ $and: [{ deleted: false }, { 'a.group': { $eq: absent } }] }])
    expect(query.sort).toEqual([
      ['a.score', 1],
      ['_id', 1],
    ])
  })
})
