import { commandMetadata, deciderSpec, type ToldEvent } from '#libs/testing'
import { RemoveFilter, SaveFilter } from './filters.commands.js'
import { filtersDecider } from './filters.decider.js'
import type { FilterEvent } from './filters.events.js'

const saved = (name: string, filter = 'priority = 1'): FilterEvent => ({
  type: 'FilterSaved',
  data: { name, list: 'queues', filter },
})

describe('saved filters', () => {
  const given = (...events: ToldEvent<FilterEvent>[]) => deciderSpec(filtersDecider).given(...events)
  const save = (name: string, filter = 'priority = 1', id = 'person-ann') =>
    new SaveFilter(id, { name, list: 'queues', filter }, commandMetadata({ actor: 'ann' }))
  const remove = (name: string) => new RemoveFilter('person-ann', { name }, commandMetadata())

  it('are saved, and replaced under the same name; the same again is nothing', () => {
    given().when(save('Urgent')).thenEvents(saved('Urgent'))
    given(saved('Urgent')).when(save('Urgent')).thenNothing()
    given(saved('Urgent')).when(save('Urgent', 'priority = 2')).thenEvents(saved('Urgent', 'priority = 2'))
  })

  it('are removed, when they are there', () => {
    given(saved('Urgent'))
      .when(remove('Urgent'))
      .thenEvents({ type: 'FilterRemoved', data: { name: 'Urgent' } })
    given().when(remove('Urgent')).thenRefused('FILTER.SAVED_UNKNOWN')
    expect(given(saved('A'), saved('B')).when(remove('A')).state).toEqual(new Map([['B', saved('B').data]]))
  })

  it('need a name without a slash, a text, and a group that exists', () => {
    given().when(save('a/b')).thenRefused('FILTER.NAME_INVALID')
    given().when(save(' ')).thenRefused('FILTER.NAME_INVALID')
    given().when(save('Urgent', ' ')).thenRefused('FILTER.EMPTY')
    given()
      .when(save('Urgent', 'priority = 1', 'group-desk'))
      .thenRefused('FILTER.GROUP_UNKNOWN')
    given()
      .and('group-desk', { type: 'GroupRegistered', data: { name: 'Desk' } })
      .when(save('Urgent', 'priority = 1', 'group-desk'))
      .thenEvents(saved('Urgent'))
  })

  it('are a hundred an owner', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => saved(`Filter ${n}`))
    given(...hundred)
      .when(save('One more'))
      .thenRefused('FILTER.TOO_MANY')
    given(...hundred)
      .when(save('Filter 7', 'priority = 3'))
      .thenTypes('FilterSaved')
  })
})
