import { and, compare, isIn, or } from '../filter.js'
import { CollectionTable } from './collection-table.js'
import { rowDrivers } from './row-drivers.js'

describe('The ways to find rows', () => {
  const table = new CollectionTable({
    name: 'links',
    columns: { source: 'string', target: 'string', at: 'timestamp', until: 'timestamp' },
    indexes: [
      ['source', 'at'],
      ['target', 'at'],
      ['at', 'until'],
      ['until', 'at'],
    ],
  })

  it('write out the keys of a filter only when they are taken, and once', () => {
    const keys = ['a', 'b']
    const written = jest.spyOn(keys, 'map')
    const atAnEnd = or(isIn('source', keys), isIn('target', keys))
    const drivers = rowDrivers(
      table,
      and(atAnEnd, compare('at', '<=', '2026'), compare('until', '>', '2026')),
    )
    expect(drivers.map(({ open }) => open)).toEqual([true, true, false])
    expect(written).not.toHaveBeenCalled()
    expect(drivers.at(-1)?.sources?.()).toHaveLength(2)
    expect(written).toHaveBeenCalledTimes(2)
  })
})
