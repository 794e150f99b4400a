import type { CmdbReader } from './cmdb-reader.js'
import type { GraphItem, GraphRelation } from './graph-parts.js'
import { ImpactWalk } from './impact.query.js'
import type { ClassTree } from './settings-at.js'

const item = (number: string) => ({ number, name: number, status: 'live' }) as GraphItem
const runsOn = (relation: string, sourceCi: string, targetCi: string): GraphRelation => ({
  relation,
  type: 'runs-on',
  sourceCi,
  targetCi,
})

/** Walks down to what runs on an item. @param relations in the order in which the store tells them */
async function walked(root: string, relations: readonly GraphRelation[]) {
  const reader = {
    graphRelationsOf: async (items: readonly GraphItem[]) =>
      relations.filter(({ targetCi }) => items.some(({ number }) => number === targetCi)),
    graphItems: async (numbers: readonly string[]) =>
      new Map(numbers.map((number) => [number, item(number)])),
    named: async () => new Map(),
  } as unknown as CmdbReader
  const types = { source: [], target: ['runs-on'] }
  const walk = new ImpactWalk(reader, {} as ClassTree, types, [item(root)], 100)
  await walk.run(10)
  return walk.items.map(({ item: { number }, step }) => `${number} by ${step?.relation}`)
}

describe('A walk', () => {
  const relations = [
    runsOn('r1', 'CI4', 'CI3'),
    runsOn('r2', 'CI3', 'CI1'),
    runsOn('r4', 'CI2', 'CI1'),
    runsOn('r3', 'CI2', 'CI1'),
    runsOn('r5', 'CI5', 'CI2'),
    runsOn('r6', 'CI4', 'CI2'),
    runsOn('r7', 'CI1', 'CI5'),
  ]

  it('goes on from the nearest items in their order, and from each by number and by the id of relations', async () => {
    expect(await walked('CI1', relations)).toEqual(['CI2 by r3', 'CI3 by r2', 'CI4 by r6', 'CI5 by r5'])
  })

  it('goes the same way in whatever order a store tells relations', async () => {
    expect(await walked('CI1', relations.toReversed())).toEqual(await walked('CI1', relations))
  })
})
