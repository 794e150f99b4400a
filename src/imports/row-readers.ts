import { type CellReader, type Cells, UnusableRow } from './cells.js'
import {
  type CustomColumn,
  type FlagColumn,
  type ImportMapping,
  LINK_FIELDS,
  type MappedState,
  PEOPLE_FIELDS,
  RANK_FIELDS,
  type RankColumn,
  RESOLUTION_FIELDS,
  type ResolutionField,
  TEXT_FIELDS,
  type TextColumn,
} from './mapping.js'
import { homeColumns } from './mapping-columns.js'
import type { Observation } from './observation.js'

type Field = keyof Observation
/** Reads one part of an observation from a row. `occurredAt`: the row's time. */
export type Reader = (cells: Cells, observed: Observation, occurredAt: string) => void

/** Readers of all that a mapping says of a row. */
export function* rowReaders(
  mapping: ImportMapping,
  header: readonly string[],
  cells: CellReader,
): Iterable<Reader> {
  yield* new FieldReaders(mapping, cells).all()
  yield stateReader(mapping.state, cells)
  yield sourceReader(mapping, header, cells)
  yield* toldReaders(mapping, cells)
}

class FieldReaders {
  constructor(
    private readonly mapping: ImportMapping,
    private readonly cells: CellReader,
  ) {}

  *all(): Iterable<Reader> {
    const { fields, updateCounter, namespaces } = this.mapping
    for (const field of [...TEXT_FIELDS, 'knowledgeArticle' as const]) {
      if (isResolution(field) || fields[field] === undefined) continue
      const namespace = (isLink(field) && namespaces.records) || ''
      yield this.#told(field, fields[field], (text) => namespace + text)
    }
    for (const field of PEOPLE_FIELDS) {
      if (isResolution(field) || fields[field] === undefined) continue
      yield this.#told(field, fields[field], (text, told) => this.cells.idOf(text, told, namespaces.people))
    }
    if (fields.assignmentGroup !== undefined) {
      const group = (text: string, told: string) =>
        this.cells.usableGroup(this.cells.idOf(text, told, namespaces.groups))
      yield this.#told('assignmentGroup', fields.assignmentGroup, group)
    }
    if (fields.openedAt !== undefined) yield this.#openedAt(fields.openedAt)
    for (const field of RANK_FIELDS) {
      const column = fields[field]
      if (column !== undefined) yield this.#rank(field, column)
    }
    if (fields.knowledgeUsed !== undefined) yield this.#knowledgeUsed(fields.knowledgeUsed)
    if (updateCounter !== undefined) {
      yield this.#set('updateCounter', updateCounter, (cells, index) => this.cells.count(cells, index))
    }
    yield* this.#resolution()
    yield* this.#customFields()
  }

  #set(field: Field, column: string, read: (cells: Cells, index: number) => unknown): Reader {
    const index = this.cells.indexOf(column)
    return (cells, observed) => {
      observed[field] = read(cells, index) as never
    }
  }

  /** A field of text, in all rows or in some. `meant`: what the text is here. */
  #told(field: Field, described: TextColumn, meant: (text: string, told: string) => string | null): Reader {
    const { when, ...told } = typeof described === 'string' ? { column: described } : described
    const read =
      'column' in told
        ? this.#columnReader(field, told.column, meant)
        : constantReader(field, meant(told.constant, `fields/${field}`))
    return when === undefined ? read : this.#onlyWhen(when, read)
  }

  #columnReader(field: Field, column: string, meant: (text: string, told: string) => string | null): Reader {
    return this.#set(field, column, (cells, index) => {
      const text = this.cells.text(cells, index)
      return text === null ? null : meant(text, column)
    })
  }

  #onlyWhen(values: readonly string[], read: Reader): Reader {
    const { state } = this.mapping
    const index = this.cells.indexOf('column' in state ? state.column : undefined)
    return (cells, observed, occurredAt) => {
      if (values.includes(this.cells.raw(cells, index))) read(cells, observed, occurredAt)
    }
  }

  #openedAt(described: NonNullable<ImportMapping['fields']['openedAt']>): Reader {
    if (typeof described === 'string') {
      const read = (cells: Cells, index: number) => this.cells.instant(cells, index) ?? undefined
      return this.#set('openedAt', described, read)
    }
    const duration = this.cells.duration(described.earlierBy)
    return (cells, observed, occurredAt) => {
      const earlier = this.cells.milliseconds(cells, duration)
      if (earlier !== null) observed.openedAt = new Date(Date.parse(occurredAt) - earlier).toISOString()
    }
  }

  #rank(field: (typeof RANK_FIELDS)[number], described: RankColumn): Reader {
    const { column, ranks } =
      typeof described === 'string' ? { column: described, ranks: undefined } : described
    const known = ranks && new Map(Object.entries(ranks))
    return this.#set(field, column, (cells, index) => {
      const label = this.cells.text(cells, index)
      // Only a priority can be unset: an incident without one stands in no queue's order, which the source may well mean.
      if (label === null) return field === 'priority' ? null : undefined
      const rank = known === undefined ? leadingNumber(label) : known.get(label)
      if (rank === undefined) throw new UnusableRow(`${column} "${label}" is no known rank`)
      return rank
    })
  }

  #knowledgeUsed(described: FlagColumn): Reader {
    const { column, yes, no } =
      typeof described === 'string' ? { column: described, yes: ['true'], no: ['false'] } : described
    return this.#set(
      'knowledgeUsed',
      column,
      (cells, index) => this.#flag(cells, index, column, yes, no) ?? undefined,
    )
  }

  #flag(cells: Cells, index: number, column: string, yes: string[], no: string[]): boolean | null {
    const value = this.cells.text(cells, index)
    if (value === null) return null
    if (yes.includes(value)) return true
    if (no.includes(value)) return false
    throw new UnusableRow(`${column} "${value}" is neither ${yes.join(', ')} nor ${no.join(', ')}`)
  }

  *#resolution(): Iterable<Reader> {
    const { resolutionCode, resolutionNotes, resolvedBy } = this.mapping.fields
    const columns = [resolutionCode, resolutionNotes, resolvedBy]
    if (columns.every((column) => column === undefined)) return
    const [code, notes, by] = columns.map((column) => this.cells.indexOf(column)) as [number, number, number]
    const { people } = this.mapping.namespaces
    yield (cells, observed) => {
      observed.resolution = {
        code: code < 0 ? null : this.cells.text(cells, code),
        notes: notes < 0 ? null : this.cells.text(cells, notes),
        resolvedBy: by < 0 ? null : this.cells.id(cells, by, people),
      }
    }
  }

  *#customFields(): Iterable<Reader> {
    const readers = Object.entries(this.mapping.customFields).map(
      ([name, described]) => [name, this.#customField(described)] as const,
    )
    if (readers.length === 0) return
    yield (cells, observed) => {
      const values: Record<string, unknown> = {}
      for (const [name, read] of readers) values[name] = read(cells)
      observed.customFields = values
    }
  }

  #customField(described: CustomColumn): (cells: Cells) => unknown {
    const column = typeof described === 'string' ? described : described.column
    const index = this.cells.indexOf(column)
    if (typeof described === 'string') return (cells) => this.cells.text(cells, index)
    if ('as' in described) return (cells) => this.cells.number(cells, index)
    return (cells) => this.#flag(cells, index, column, described.yes, described.no)
  }
}

function isResolution(field: string): field is ResolutionField {
  return (RESOLUTION_FIELDS as readonly string[]).includes(field)
}

function isLink(field: string): boolean {
  return (LINK_FIELDS as readonly string[]).includes(field)
}

function constantReader(field: Field, value: string | null): Reader {
  return (_, observed) => {
    observed[field] = value as never
  }
}

/** `1 - High` → 1 */
function leadingNumber(label: string): number | undefined {
  const digits = /^\s*(\d{1,2})(?!\d)/.exec(label)?.[1]
  return digits === undefined || Number(digits) === 0 ? undefined : Number(digits)
}

/** Brings an observation into the state that a row tells. */
type Entry = (row: Cells, observed: Observation) => void

function stateReader(state: ImportMapping['state'], cells: CellReader): Reader {
  if ('constant' in state) return entryInto(state.constant, cells)
  const { column, values } = state
  const index = cells.indexOf(column)
  const entries = new Map(Object.entries(values).map(([value, mapped]) => [value, entryInto(mapped, cells)]))
  const otherwise = state.otherwise === undefined ? undefined : entryInto(state.otherwise, cells)
  return (row, observed) => {
    const value = cells.raw(row, index)
    const entry = entries.get(value) ?? otherwise
    if (entry === undefined) throw new UnusableRow(`${column} "${value}" is no known state`)
    entry(row, observed)
  }
}

function entryInto(mapped: MappedState, cells: CellReader): Entry {
  if (mapped === 'keep') return () => {}
  if (typeof mapped === 'string') return entered({ state: mapped })
  if (Array.isArray(mapped)) return entered({ state: mapped.at(-1), through: mapped.slice(0, -1) })
  if (!('hold' in mapped)) return entered(mapped)
  const { state, hold } = mapped
  if (typeof hold === 'string') return entered({ state, hold: { reason: hold } })
  const index = cells.indexOf(hold.column)
  const reasons = new Map(Object.entries(hold.values).map(([value, reason]) => [value, { reason }]))
  return (row, observed) => {
    observed.state = state
    const value = cells.text(row, index)
    if (value === null) return
    observed.hold = reasons.get(value)
    if (observed.hold === undefined)
      throw new UnusableRow(`${hold.column} "${value}" is no known reason of a hold`)
  }
}

function entered(told: Pick<Observation, 'state' | 'hold' | 'through' | 'phase' | 'outcome'>): Entry {
  return (_, observed) => {
    Object.assign(observed, told)
  }
}

/** Everything that has no home here, and what a field here says less exactly than the source. */
function sourceReader(mapping: ImportMapping, header: readonly string[], cells: CellReader): Reader {
  const homes = new Set(homeColumns(mapping))
  const times = new Set(mapping.times)
  const kept = header
    .map((name, index) => ({ name, index, isTime: times.has(name) }))
    .filter(({ name }) => !homes.has(name))
  return (row, { fields }) => {
    for (const { name, index, isTime } of kept) {
      fields[name] = isTime ? cells.instant(row, index) : cells.text(row, index)
    }
  }
}

function* toldReaders({ told, times }: ImportMapping, cells: CellReader): Iterable<Reader> {
  for (const [name, described] of Object.entries(told)) {
    const column = typeof described === 'string' ? described : described.column
    const index = cells.indexOf(column)
    if (typeof described !== 'string') {
      const meanings = new Map(Object.entries(described.values))
      yield (row, { fields }) => {
        fields[name] = meanings.get(cells.raw(row, index)) ?? null
      }
    } else if (times.includes(column)) {
      yield (row, { fields }) => {
        fields[name] = cells.instant(row, index)
      }
    } else {
      yield (row, { fields }) => {
        fields[name] = cells.text(row, index)
      }
    }
  }
}
