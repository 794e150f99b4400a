import { InvalidInput, RECORD_NUMBER } from '#libs/event-sourcing'
import { checkId, RESERVED_GROUP_ID } from '../directory/domain/directory-id.js'
import type { Hold, IncidentState } from '../incidents/domain/incident.events.js'
import type { ObservedIncident } from '../incidents/domain/incident.import.js'
import {
  type FlagColumn,
  type ImportMapping,
  type MappedState,
  PEOPLE_FIELDS,
  RANK_FIELDS,
  type RankColumn,
  TEXT_FIELDS,
} from './mapping.js'
import { SourceTimes, UnreadableTime } from './source-times.js'

/** Why a row can't be imported, in words for whoever mends the file. */
export class UnusableRow extends Error {}

/** What a row says, in this system's terms. */
export interface RowReading {
  /** ISO 8601 UTC. */
  readonly occurredAt: string
  /** Id of the person who made the update, by the source. */
  readonly attributedTo: string | undefined
  readonly observed: ObservedIncident
}

type Cells = readonly string[]
type Field = keyof ObservedIncident
/** Reads one field of an observation from a row. */
type Reader = (cells: Cells, observed: ObservedIncident) => void

/** The id here of a group whose id in the source no group can have. */
const INSTEAD_OF_RESERVED = `${RESERVED_GROUP_ID} (group)`

/** Ids that are known to be sound; when there are so many, all are forgotten. */
const REMEMBERED_IDS = 50_000

/** A mapping made ready for the columns of one file. Keeps nothing but ids and times that it has read. */
export class RowMapping {
  /** Groups that were met and have another id here than the mapping would give them. */
  readonly renamedGroups: Record<string, string> = {}
  readonly #missing: readonly string[]
  readonly #times: SourceTimes
  /** Namespace → the source's own id → the id here: checked once, and one text for all rows. */
  readonly #ids = new Map<string, Map<string, string>>()
  readonly #readers: readonly Reader[]
  readonly #externalId: number
  /** What an external id must look like. */
  readonly #forms: RegExp[]
  readonly #time: number
  readonly #attributedTo: number

  /**
   * @param header names of the file's columns, in its order
   * @throws InvalidInput `IMPORT.COLUMNS_MISSING`, naming every column that the mapping speaks of and the file lacks
   */
  constructor(
    private readonly mapping: ImportMapping,
    private readonly header: readonly string[],
  ) {
    requireColumns(mapping, header)
    this.#missing = mapping.format.missing
    this.#times = new SourceTimes(mapping.time)
    this.#externalId = header.indexOf(mapping.externalId)
    this.#time = header.indexOf(mapping.time.column)
    this.#attributedTo = mapping.attributedTo === undefined ? -1 : header.indexOf(mapping.attributedTo)
    const { policy, pattern } = mapping.number
    this.#forms = policy === 'keep' ? [RECORD_NUMBER] : []
    if (pattern !== undefined) this.#forms.push(new RegExp(pattern, 'u'))
    this.#readers = [...this.#fieldReaders(), this.#stateReader(), this.#sourceReader()]
  }

  /** @throws UnusableRow when there is none, or one that the mapping does not take */
  externalId(cells: Cells): string {
    const id = this.#text(cells, this.#externalId)
    if (id === null) throw new UnusableRow(`${this.mapping.externalId} is missing`)
    if (!this.#forms.every((form) => form.test(id))) {
      throw new UnusableRow(`${this.mapping.externalId} "${id}" does not have the form of a number here`)
    }
    if (this.mapping.number.policy === 'allot') requireId(this.mapping.externalId, id)
    return id
  }

  /** @throws UnusableRow */
  occurredAt(cells: Cells): string {
    const time = this.#instant(cells, this.#time)
    if (time === null) throw new UnusableRow(`${this.mapping.time.column} is missing`)
    return time
  }

  /** @throws UnusableRow naming the column that can't be read */
  read(cells: Cells): RowReading {
    const observed: ObservedIncident = { fields: {} }
    for (const reader of this.#readers) reader(cells, observed)
    return {
      occurredAt: this.occurredAt(cells),
      attributedTo:
        this.#attributedTo < 0
          ? undefined
          : (this.#id(cells, this.#attributedTo, this.mapping.namespaces.people) ?? undefined),
      observed,
    }
  }

  *#fieldReaders(): Iterable<Reader> {
    const { fields, namespaces, updateCounter } = this.mapping
    for (const field of TEXT_FIELDS) {
      const column = fields[field]
      if (column === undefined || field === 'resolutionCode' || field === 'resolutionNotes') continue
      yield this.#set(field, column, (cells, index) => this.#text(cells, index))
    }
    for (const field of PEOPLE_FIELDS) {
      const column = fields[field]
      if (column === undefined || field === 'resolvedBy') continue
      yield this.#set(field, column, (cells, index) => this.#id(cells, index, namespaces.people))
    }
    if (fields.assignmentGroup !== undefined) {
      const read = (cells: Cells, index: number) => this.#groupId(cells, index, namespaces.groups)
      yield this.#set('assignmentGroup', fields.assignmentGroup, read)
    }
    if (fields.openedAt !== undefined) {
      const read = (cells: Cells, index: number) => this.#instant(cells, index) ?? undefined
      yield this.#set('openedAt', fields.openedAt, read)
    }
    for (const field of RANK_FIELDS) {
      const column = fields[field]
      if (column !== undefined) yield this.#rankReader(field, column)
    }
    if (fields.knowledgeUsed !== undefined) yield this.#flagReader(fields.knowledgeUsed)
    if (updateCounter !== undefined) {
      yield this.#set('updateCounter', updateCounter, (cells, index) => this.#counter(cells, index))
    }
    yield* this.#resolutionReader()
  }

  #set(field: Field, column: string, read: (cells: Cells, index: number) => unknown): Reader {
    const index = this.header.indexOf(column)
    return (cells, observed) => {
      observed[field] = read(cells, index) as never
    }
  }

  #rankReader(field: (typeof RANK_FIELDS)[number], described: RankColumn): Reader {
    const { column, ranks } =
      typeof described === 'string' ? { column: described, ranks: undefined } : described
    const known = ranks && new Map(Object.entries(ranks))
    return this.#set(field, column, (cells, index) => {
      const label = this.#text(cells, index)
      // Only a priority can be unset: an incident without one stands in no queue's order, which the source may well mean.
      if (label === null) return field === 'priority' ? null : undefined
      const rank = known === undefined ? leadingNumber(label) : known.get(label)
      if (rank === undefined) throw new UnusableRow(`${column} "${label}" is no known rank`)
      return rank
    })
  }

  #flagReader(described: FlagColumn): Reader {
    const { column, yes, no } =
      typeof described === 'string' ? { column: described, yes: ['true'], no: ['false'] } : described
    return this.#set('knowledgeUsed', column, (cells, index) => {
      const value = this.#text(cells, index)
      if (value === null) return undefined
      if (yes.includes(value)) return true
      if (no.includes(value)) return false
      throw new UnusableRow(`${column} "${value}" is neither ${yes.join(', ')} nor ${no.join(', ')}`)
    })
  }

  *#resolutionReader(): Iterable<Reader> {
    const { resolutionCode, resolutionNotes, resolvedBy } = this.mapping.fields
    if (resolutionCode === undefined && resolutionNotes === undefined && resolvedBy === undefined) return
    const at = (column: string | undefined) => (column === undefined ? -1 : this.header.indexOf(column))
    const [code, notes, by] = [at(resolutionCode), at(resolutionNotes), at(resolvedBy)]
    const { people } = this.mapping.namespaces
    yield (cells, observed) => {
      observed.resolution = {
        code: code < 0 ? null : this.#text(cells, code),
        notes: notes < 0 ? null : this.#text(cells, notes),
        resolvedBy: by < 0 ? null : this.#id(cells, by, people),
      }
    }
  }

  #stateReader(): Reader {
    const { column, values } = this.mapping.state
    const index = this.header.indexOf(column)
    const states = new Map(Object.entries(values).map(([value, mapped]) => [value, stateOf(mapped)]))
    return (cells, observed) => {
      const value = cells[index]!
      const mapped = states.get(value)
      if (mapped === undefined) throw new UnusableRow(`${column} "${value}" is no known state`)
      observed.state = mapped.state
      if (mapped.hold !== undefined) observed.hold = mapped.hold
    }
  }

  /** Everything that has no home here, and what a field here says less exactly than the source. */
  #sourceReader(): Reader {
    const homes = new Set(homeColumns(this.mapping))
    const times = new Set(this.mapping.times)
    const kept = this.header
      .map((name, index) => ({ name, index, isTime: times.has(name) }))
      .filter(({ name }) => !homes.has(name))
    return (cells, observed) => {
      const fields = observed.fields
      for (const { name, index, isTime } of kept) {
        fields[name] = isTime ? this.#instant(cells, index) : this.#text(cells, index)
      }
    }
  }

  #text(cells: Cells, index: number): string | null {
    const value = cells[index]!
    return this.#missing.includes(value) ? null : value
  }

  #id(cells: Cells, index: number, namespace: string): string | null {
    const value = this.#text(cells, index)
    if (value === null) return null
    const known = this.#idsOf(namespace)
    let id = known.get(value)
    if (id === undefined) {
      id = namespace + value
      requireId(this.header[index]!, id)
      if (known.size >= REMEMBERED_IDS) known.clear()
      known.set(value, id)
    }
    return id
  }

  #groupId(cells: Cells, index: number, namespace: string): string | null {
    const id = this.#id(cells, index, namespace)
    if (id !== RESERVED_GROUP_ID) return id
    this.renamedGroups[id] = INSTEAD_OF_RESERVED
    return INSTEAD_OF_RESERVED
  }

  #idsOf(namespace: string): Map<string, string> {
    let ids = this.#ids.get(namespace)
    if (ids === undefined) {
      ids = new Map()
      this.#ids.set(namespace, ids)
    }
    return ids
  }

  #instant(cells: Cells, index: number): string | null {
    const value = this.#text(cells, index)
    if (value === null) return null
    try {
      return this.#times.toInstant(value)
    } catch (error) {
      if (error instanceof UnreadableTime) throw new UnusableRow(`${this.header[index]} ${error.message}`)
      throw error
    }
  }

  #counter(cells: Cells, index: number): number | undefined {
    const value = this.#text(cells, index)
    if (value === null) return undefined
    if (/^\d{1,15}$/.test(value)) return Number(value)
    throw new UnusableRow(`${this.header[index]} "${value}" is no count`)
  }
}

function stateOf(mapped: MappedState): { state?: IncidentState; hold?: Hold } {
  if (mapped === 'keep') return {}
  if (typeof mapped === 'string') return { state: mapped }
  return { state: mapped.state, hold: { reason: mapped.hold } }
}

/** `1 - High` → 1 */
function leadingNumber(label: string): number | undefined {
  const digits = /^\s*(\d{1,2})(?!\d)/.exec(label)?.[1]
  return digits === undefined || Number(digits) === 0 ? undefined : Number(digits)
}

function requireId(column: string, id: string): void {
  try {
    checkId(id)
  } catch (error) {
    throw new UnusableRow(`${column} ${(error as Error).message}`)
  }
}

/** Columns whose content is wholly kept elsewhere: in a field, in the event's metadata, or in its time. */
function homeColumns(mapping: ImportMapping): string[] {
  const { externalId, time, attributedTo, updateCounter, fields, backFilled, priorityMatrix } = mapping
  const exact = Object.entries(fields).flatMap(([field, column]) => {
    // A rank's label is told by the matrix; without one only the column tells it.
    if ((RANK_FIELDS as readonly string[]).includes(field) && priorityMatrix === undefined) return []
    return [columnOf(column)]
  })
  return [externalId, time.column, attributedTo, updateCounter, ...exact].filter(
    (column): column is string => column !== undefined && !backFilled.includes(column),
  )
}

function columnOf(described: RankColumn | FlagColumn): string {
  return typeof described === 'string' ? described : described.column
}

function requireColumns(mapping: ImportMapping, header: readonly string[]): void {
  const wanted: [string, string | undefined][] = [
    ['/externalId', mapping.externalId],
    ['/time/column', mapping.time.column],
    ['/attributedTo', mapping.attributedTo],
    ['/updateCounter', mapping.updateCounter],
    ['/state/column', mapping.state.column],
    ...Object.entries(mapping.fields).map(([field, column]): [string, string] => [
      `/fields/${field}`,
      columnOf(column),
    ]),
    ...mapping.backFilled.map((column, index): [string, string] => [`/backFilled/${index}`, column]),
    ...mapping.times.map((column, index): [string, string] => [`/times/${index}`, column]),
  ]
  const errors = wanted
    .filter(([, column]) => column !== undefined && !header.includes(column))
    .map(([pointer, column]) => ({ pointer, message: `the file has no column "${column}"` }))
  if (errors.length === 0) return
  throw new InvalidInput(
    'IMPORT.COLUMNS_MISSING',
    `The file does not have the columns of the mapping:\n  ${errors
      .map(({ pointer, message }) => `${pointer}: ${message}`)
      .join('\n  ')}`,
    errors,
  )
}
