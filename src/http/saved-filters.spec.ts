import { InvalidInput } from '#libs/event-sourcing'
import { parseFilter } from '#libs/read-store'
import { filterOf } from './saved-filters.js'

describe('A filter and a saved one', () => {
  const columns = { priority: 'integer' } as const
  const faultOf = (texts: Parameters<typeof filterOf>[0]) => {
    try {
      filterOf(texts, columns)
    } catch (error) {
      return (error as InvalidInput).extra
    }
  }

  it('ask for what both do, or for everything', () => {
    expect(filterOf({}, columns)).toBeUndefined()
    expect(filterOf({ filter: ' ' }, columns)).toBeUndefined()
    const [one, other] = ['priority = 1', 'priority = 2']
    expect(filterOf({ savedFilterText: one }, columns)).toEqual(parseFilter(one, columns))
    expect(filterOf({ filter: other }, columns)).toEqual(parseFilter(other, columns))
    expect(filterOf({ savedFilterText: one, filter: other }, columns)).toEqual(
      parseFilter(`${one} AND ${other}`, columns),
    )
  })

  it('are told apart where one is at fault', () => {
    const closing = faultOf({ savedFilterText: 'priority = 1', filter: 'priority = 2) OR (priority = 3' })
    expect(closing).toMatchObject({ errors: [{ pointer: 'filter' }] })
    const stale = faultOf({ savedFilterText: 'urgency = 1', filter: 'priority = 2' })
    expect(stale).toMatchObject({ errors: [{ pointer: 'savedFilter' }] })
  })
})
