import { RECORD_NUMBER } from '#libs/event-sourcing'
import { CellReader, type Cells, type DurationCell, requireId, UnusableRow } from './cells.js'
import type { ImportMapping } from './mapping.js'
import { requireColumns } from './mapping-columns.js'
import type { Observation } from './observation.js'
import type { IdentityOfRow } from './row-identity.js'
import { type Reader, rowReaders } from './row-readers.js'

export { UnusableRow } from './cells.js'

/** What a row says, in this system's terms. */
export interface RowReading {
  /** ISO 8601 UTC. */
  readonly occurredAt: string
  /** Id of the person who made the update, by the source. */
  readonly attributedTo: string | undefined
  readonly observed: Observation
}

/** A mapping made ready for the columns of one file. Keeps nothing but ids and times that it has read. */
export class RowMapping {
  readonly #cells: CellReader
  readonly #readers: readonly Reader[]
  /** -1: it is made from the row. */
  readonly #externalId: number
  /** What an external id must look like. */
  readonly #forms: RegExp[]
  readonly #time: number
  readonly #constantTime: string | undefined
  readonly #laterBy: DurationCell | undefined
  readonly #attributedTo: number

  /**
   * @param header names of the file's columns, in its order
   * @throws InvalidInput `IMPORT.COLUMNS_MISSING`, naming every column that the mapping speaks of and the file lacks;
   *   `IMPORT.COLUMN_NAMED_TWICE`
   */
  constructor(
    private readonly mapping: ImportMapping,
    header: readonly string[],
  ) {
    requireColumns(mapping, header)
    const { externalId, time, attributedTo, number } = mapping
    const cells = new CellReader(mapping, header)
    this.#cells = cells
    this.#externalId = typeof externalId === 'string' ? cells.indexOf(externalId) : -1
    this.#time = cells.indexOf(time.column)
    this.#constantTime = time.constant === undefined ? undefined : new Date(time.constant).toISOString()
    this.#laterBy = time.laterBy && cells.duration(time.laterBy)
    this.#attributedTo = cells.indexOf(attributedTo)
    this.#forms = number.policy === 'keep' ? [RECORD_NUMBER] : []
    if (number.pattern !== undefined) this.#forms.push(new RegExp(number.pattern, 'u'))
    this.#readers = [...rowReaders(mapping, header, cells)]
  }

  /** Groups that were met and have another id here than the mapping would give them. */
  get renamedGroups(): Readonly<Record<string, string>> {
    return this.#cells.renamedGroups
  }

  /** @throws UnusableRow when there is none, or one that the mapping does not take */
  externalId(cells: Cells, identity: IdentityOfRow): string {
    const { externalId: column, number } = this.mapping
    if (typeof column !== 'string') return madeFrom(identity)
    const id = this.#cells.text(cells, this.#externalId)
    if (id === null) throw new UnusableRow(`${column} is missing`)
    if (!this.#forms.every((form) => form.test(id))) {
      throw new UnusableRow(`${column} "${id}" does not have the form of a number here`)
    }
    if (number.policy === 'allot') requireId(column, id)
    return id
  }

  /** @throws UnusableRow */
  occurredAt(cells: Cells): string {
    const time = this.#constantTime ?? this.#cells.instant(cells, this.#time)
    if (time === null) throw new UnusableRow(`${this.mapping.time.column} is missing`)
    if (this.#laterBy === undefined) return time
    const later = this.#cells.milliseconds(cells, this.#laterBy)
    // Without it the row has no time; the one that it is counted from would be a wrong one.
    if (later === null) throw new UnusableRow(`${this.mapping.time.laterBy?.column} is missing`)
    return new Date(Date.parse(time) + later).toISOString()
  }

  /** @throws UnusableRow naming the column that can't be read */
  read(cells: Cells): RowReading {
    const observed: Observation = { fields: {} }
    const occurredAt = this.occurredAt(cells)
    for (const reader of this.#readers) reader(cells, observed, occurredAt)
    return {
      occurredAt,
      attributedTo:
        this.#attributedTo < 0
          ? undefined
          : (this.#cells.id(cells, this.#attributedTo, this.mapping.namespaces.people) ?? undefined),
      observed,
    }
  }
}

/** 64 bits tell a hundred million rows apart; equal rows are told by how many stand before them. */
function madeFrom({ hash, ordinal }: IdentityOfRow): string {
  const name = hash.slice(0, 16)
  return ordinal === 0 ? name : `${name}-${ordinal + 1}`
}
