import { checkId, RESERVED_GROUP_ID } from '../directory/domain/directory-id.js'
import type { DurationColumn, DurationUnit, ImportMapping } from './mapping.js'
import { SourceTimes, UnreadableTime } from './source-times.js'

/** Why a row can't be imported, in words for whoever mends the file. */
export class UnusableRow extends Error {}

/** A row's cells, in the order of the file's columns. */
export type Cells = readonly string[]

/** The id here of a group whose id in the source no group can have. */
const INSTEAD_OF_RESERVED = `${RESERVED_GROUP_ID} (group)`

/** Ids that are known to be sound; when there are so many, all are forgotten. */
const REMEMBERED_IDS = 50_000

const MILLISECONDS: Record<DurationUnit, number> = {
  milliseconds: 1,
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
}

/** A length of time, where it stands. */
export interface DurationCell {
  readonly index: number
  readonly unit: DurationUnit
}

/**
 * Reads single cells: as text, id, time, number. All throw {@link UnusableRow}, naming the column, for what they can't
 * read; null is a cell that says "not set". Keeps nothing but ids and times that it has read.
 */
export class CellReader {
  /** Groups that were met and have another id here than the mapping would give them. */
  readonly renamedGroups: Record<string, string> = {}
  readonly #missing: readonly string[]
  readonly #trimmed: ReadonlySet<number>
  readonly #times: SourceTimes
  /** Namespace → the source's own id → the id here: checked once, and one text for all rows. */
  readonly #ids = new Map<string, Map<string, string>>()

  /** @param header names of the file's columns, in its order */
  constructor(
    { format, time, trimmed }: Pick<ImportMapping, 'format' | 'time' | 'trimmed'>,
    private readonly header: readonly string[],
  ) {
    this.#missing = format.missing
    this.#trimmed = new Set(trimmed.map((column) => header.indexOf(column)))
    this.#times = new SourceTimes(time)
  }

  /** Where a column stands; -1: there is no such column, or none is named. */
  indexOf(column: string | undefined): number {
    return column === undefined ? -1 : this.header.indexOf(column)
  }

  duration({ column, unit }: DurationColumn): DurationCell {
    return { index: this.indexOf(column), unit }
  }

  /** As it stands, also when it says "not set". */
  raw(cells: Cells, index: number): string {
    const value = cells[index]!
    return this.#trimmed.has(index) ? value.trim() : value
  }

  text(cells: Cells, index: number): string | null {
    const value = this.raw(cells, index)
    return this.#missing.includes(value) ? null : value
  }

  id(cells: Cells, index: number, namespace: string): string | null {
    const value = this.text(cells, index)
    return value === null ? null : this.idOf(value, this.header[index]!, namespace)
  }

  /** @param told where the value comes from, for the reason */
  idOf(value: string, told: string, namespace: string): string {
    const known = this.#idsOf(namespace)
    let id = known.get(value)
    if (id === undefined) {
      id = namespace + value
      requireId(told, id)
      if (known.size >= REMEMBERED_IDS) known.clear()
      known.set(value, id)
    }
    return id
  }

  usableGroup(id: string | null): string | null {
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

  /** ISO 8601 UTC. */
  instant(cells: Cells, index: number): string | null {
    const value = this.text(cells, index)
    if (value === null) return null
    try {
      return this.#times.toInstant(value)
    } catch (error) {
      if (error instanceof UnreadableTime) throw new UnusableRow(`${this.header[index]} ${error.message}`)
      throw error
    }
  }

  count(cells: Cells, index: number): number | undefined {
    const value = this.text(cells, index)
    if (value === null) return undefined
    if (/^\d{1,15}$/.test(value)) return Number(value)
    throw new UnusableRow(`${this.header[index]} "${value}" is no count`)
  }

  number(cells: Cells, index: number): number | null {
    const value = this.text(cells, index)
    if (value === null) return null
    if (/^-?\d{1,15}(\.\d{1,9})?$/.test(value)) return Number(value)
    throw new UnusableRow(`${this.header[index]} "${value}" is no number`)
  }

  /** Milliseconds, whole ones; never negative. */
  milliseconds(cells: Cells, { index, unit }: DurationCell): number | null {
    const length = this.number(cells, index)
    if (length === null) return null
    const milliseconds = Math.round(length * MILLISECONDS[unit])
    // A hundred years: whatever is longer is in another unit than the mapping says, or no length of time.
    if (milliseconds >= 0 && milliseconds < 100 * 366 * MILLISECONDS.days) return milliseconds
    throw new UnusableRow(`${this.header[index]} "${length}" is no length of time in ${unit}`)
  }
}

/** @throws UnusableRow */
export function requireId(told: string, id: string): void {
  try {
    checkId(id)
  } catch (error) {
    throw new UnusableRow(`${told} ${(error as Error).message}`)
  }
}
