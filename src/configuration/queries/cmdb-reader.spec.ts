import type { QueryDependencies } from '#libs/query-handling'
import { principal } from '#projections/principals.fixture'
import { CmdbReader } from './cmdb-reader.js'
import type { GraphItem } from './graph-parts.js'

const item = (number: string, name: string): GraphItem => ({ number, name, status: 'live' }) as GraphItem

/** Of a store that tells rows, and fields of rows, in this order. */
function readerOf(documents: readonly object[]): CmdbReader {
  const rows = documents.map((document) => ({ document }))
  const models = { of: () => ({ findFields: async () => ({ documents }), list: async () => ({ rows }) }) }
  const dependencies = { models, waitMilliseconds: 0 } as unknown as QueryDependencies
  const at = '2026-01-13T09:00:00.000Z'
  return new CmdbReader(dependencies, principal('ann', ['agent']), {
    validAt: at,
    asOf: '1',
    position: '1',
    lag: 0,
  })
}

describe('What a store tells in no order', () => {
  it('gives items of one name by number, so that a walk goes the same way wherever it is asked', async () => {
    const items = [item('CI2', 'db'), item('CI9', 'web'), item('CI3', 'db'), item('CI1', 'db')]
    for (const documents of [items, items.toReversed()]) {
      const named = await readerOf(documents).named(['db', 'web'])
      expect(named.get('db')?.map(({ number }) => number)).toEqual(['CI1', 'CI2', 'CI3'])
    }
  })

  it('gives relations by id', async () => {
    const relations = ['r2', 'r1', 'r3'].map((relation) => ({ relation }))
    for (const documents of [relations, relations.toReversed()]) {
      const found = await readerOf(documents).relationsOf([item('CI1', 'db')])
      expect(found.map(({ relation }) => relation)).toEqual(['r1', 'r2', 'r3'])
    }
  })

  it('gives a relation once that leads from one item to another', async () => {
    const items = Array.from({ length: 1_001 }, (_, n) => item(`CI${n}`, 'db'))
    const types = { source: ['runs-on'], target: ['runs-on'] }
    // So many items are asked of in two questions, of which this store answers both alike
    const found = await readerOf([{ relation: 'r1' }]).graphRelationsOf(items, types)
    expect(found).toEqual([{ relation: 'r1' }])
  })
})
