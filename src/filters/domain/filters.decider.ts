import {
  type Decider,
  type Fact,
  fact,
  InvalidInput,
  NotFound,
  type RecordedEvent,
  Refused,
  type StreamFold,
} from '#libs/event-sourcing'
import type { FilterCommand, SaveFilter } from './filters.commands.js'
import type { FilterEvent, FilterSaved } from './filters.events.js'

/** Filters of one owner by name. */
export type SavedFilters = ReadonlyMap<string, FilterSaved['data']>

export interface FilterFacts {
  /** Of a group's filters: whether the directory knows the group. */
  group: Fact<boolean>
}

/** More than people find their way in; a list of them is one answer. */
const MOST_FILTERS = 100
const GROUP = /^group-(.+)$/s

const exists: StreamFold<boolean> = { initial: false, evolve: () => true }

/** The saved filters of a person or a group: one stream each. */
export const filtersDecider: Decider<SavedFilters, FilterCommand, FilterEvent, FilterFacts> = {
  streamPrefix: 'filters-',
  initial: new Map(),
  facts: ({ id = '' }) => (GROUP.test(id) ? { group: fact(id, exists) } : {}),
  decide(command, filters, facts) {
    switch (command.type) {
      case 'SaveFilter':
        return save(command, filters, facts)
      case 'RemoveFilter': {
        const { name } = command.data
        if (!filters.has(name)) throw unknownFilter(name, filters)
        return [{ type: 'FilterRemoved', data: { name } }]
      }
      default: {
        const unknown: never = command
        throw new Error(`no such command: ${JSON.stringify(unknown)}`)
      }
    }
  },
  evolve,
}

function save({ id = '', data }: SaveFilter, filters: SavedFilters, facts: FilterFacts): FilterEvent[] {
  const { name, list, filter } = data
  const group = GROUP.exec(id)?.[1]
  if (group !== undefined && !facts.group.value)
    throw new NotFound('FILTER.GROUP_UNKNOWN', `There is no group "${group}": check its id.`)
  checkName(name)
  if (filter.trim() === '') {
    throw new InvalidInput('FILTER.EMPTY', 'A filter that asks for nothing need not be saved.', [
      { pointer: '/filter', message: 'must not be empty' },
    ])
  }
  const before = filters.get(name)
  if (before && before.list === list && before.filter === filter) return []
  if (before === undefined && filters.size >= MOST_FILTERS) {
    throw new Refused('FILTER.TOO_MANY', `There are ${MOST_FILTERS} saved filters already: remove one first.`)
  }
  return [{ type: 'FilterSaved', data: { name, list, filter } }]
}

/** A group's filter is named `group/name`, where the last slash divides. */
function checkName(name: string): void {
  const message =
    name.trim() === '' ? 'must not be empty' : name.includes('/') ? 'must not hold a slash' : undefined
  if (message === undefined) return
  throw new InvalidInput('FILTER.NAME_INVALID', `The name of a filter ${message}.`, [
    { pointer: '/name', message },
  ])
}

function unknownFilter(name: string, filters: SavedFilters): NotFound {
  const known = [...filters.keys()].map((one) => `"${one}"`).join(', ')
  return new NotFound(
    'FILTER.SAVED_UNKNOWN',
    `There is no saved filter "${name}" here; ${known === '' ? 'none is saved' : `there are ${known}`}.`,
  )
}

function evolve(filters: SavedFilters, event: RecordedEvent<FilterEvent>): SavedFilters {
  switch (event.type) {
    case 'FilterSaved':
      return new Map(filters).set(event.data.name, event.data)
    case 'FilterRemoved': {
      const left = new Map(filters)
      left.delete(event.data.name)
      return left
    }
    default:
      return filters
  }
}
