import type { DomainEvent } from '#libs/event-sourcing'
import type { Imported, PriorityOverridden } from '../incidents/domain/incident.events.js'
import type { ImportCounts } from './domain/imports.events.js'
import type { RowRecordType } from './mapping.js'

/** Rejected rows that a summary tells; the run's stream tells all. */
const TOLD_REJECTIONS = 20
/** Records that a summary names for each kind of irregularity. */
const TOLD_RECORDS = 10

export interface ImportSummary extends ImportCounts {
  readonly recordType: RowRecordType
  readonly run: string
  /** Nothing was written. */
  readonly dryRun: boolean
  /** It was stopped before the file's end; the next run goes on from there. */
  readonly stopped: boolean
  /** Records that came to be. */
  readonly records: number
  readonly people: number
  readonly groups: number
  /** The first ones. */
  readonly rejections: readonly { row: number; reason: string }[]
  /** Events that a live command would have been refused, by the code of the refusal. */
  readonly irregular: Readonly<Record<string, number>>
  /** In which records they are, by the same code: the numbers of the first ones, and how many more there are. */
  readonly irregularRecords: Readonly<Record<string, { numbers: readonly string[]; more: number }>>
  /** Updates that the source counted and does not tell. */
  readonly updatesNotInSource: number
  /** Priorities that the source's matrix does not give; they are kept as overrides. */
  readonly prioritiesNotDerived: number
  /** Pairs of impact and urgency for which the matrix has no priority, with the number of times they were met. */
  readonly emptyCells: Readonly<Record<string, number>>
  /** Ids of groups that no group can have here, each with the id that was given instead. */
  readonly renamedGroups: Readonly<Record<string, string>>
  /** Version of the priority matrix by which priorities were derived. */
  readonly matrixVersion: number | null
  /** The version that it took the place of in this run, 0 the built-in one; null: it was there, or the mapping has none. */
  readonly matrixReplaced: number | null
  readonly activated: number
  readonly seconds: number
  readonly rowsPerSecond: number
  readonly eventsPerSecond: number
}

/** 0: every row is imported; 2: some were rejected, the others are imported. */
export function exitCode({ rejected }: Pick<ImportSummary, 'rejected'>): 0 | 2 {
  return rejected > 0 ? 2 : 0
}

/** Counts what a run does. */
export class ImportTally implements ImportCounts {
  rows = 0
  applied = 0
  known = 0
  rejected = 0
  later = 0
  events = 0
  records = 0
  people = 0
  groups = 0
  activated = 0
  readonly rejections: { row: number; reason: string }[] = []
  readonly #irregular = new Map<string, number>()
  readonly #irregularRecords = new Map<string, Set<string>>()
  readonly #emptyCells = new Map<string, number>()
  #updatesNotInSource = 0
  #prioritiesNotDerived = 0

  /** @param opened type of a record's first event */
  constructor(
    private readonly recordType: RowRecordType,
    private readonly opened: string,
  ) {}

  /** The events of one row have become part of a record, whose number it is. */
  imported(number: string, events: readonly DomainEvent[]): void {
    this.applied++
    this.events += events.length
    for (const { type, data } of events) {
      const { source, irregular } = data as Imported
      if (type === this.opened) this.records++
      if (irregular !== undefined) this.#isIrregular(number, irregular)
      this.#updatesNotInSource += source?.updatesMissing ?? 0
      if (type === 'PriorityOverridden') this.#notDerived(data as PriorityOverridden['data'])
    }
  }

  registered(people: number, groups: number): void {
    this.people += people
    this.groups += groups
    this.events += people + groups
  }

  reject(row: number, reason: string): void {
    this.rejected++
    if (this.rejections.length < TOLD_REJECTIONS) this.rejections.push({ row, reason })
  }

  counts(): ImportCounts {
    const { rows, applied, known, rejected, later, events } = this
    return { rows, applied, known, rejected, later, events }
  }

  summary(
    rest: Pick<
      ImportSummary,
      'run' | 'dryRun' | 'stopped' | 'matrixVersion' | 'matrixReplaced' | 'renamedGroups' | 'seconds'
    >,
  ): ImportSummary {
    const { recordType, records, people, groups, activated, rejections } = this
    return {
      ...this.counts(),
      ...rest,
      recordType,
      records,
      people,
      groups,
      activated,
      rejections,
      irregular: Object.fromEntries(this.#irregular),
      irregularRecords: Object.fromEntries(
        [...this.#irregularRecords].map(([code, records]) => [code, firstOf([...records])]),
      ),
      updatesNotInSource: this.#updatesNotInSource,
      prioritiesNotDerived: this.#prioritiesNotDerived,
      emptyCells: Object.fromEntries(this.#emptyCells),
      rowsPerSecond: Math.round(this.rows / rest.seconds),
      eventsPerSecond: Math.round(this.events / rest.seconds),
    }
  }

  #isIrregular(number: string, code: string): void {
    increase(this.#irregular, code)
    const records = this.#irregularRecords.get(code)
    if (records) records.add(number)
    else this.#irregularRecords.set(code, new Set([number]))
  }

  #notDerived({ impact, urgency, derived }: PriorityOverridden['data']): void {
    this.#prioritiesNotDerived++
    if (impact !== null && urgency !== null && derived === null) {
      increase(this.#emptyCells, `impact ${impact}, urgency ${urgency}`)
    }
  }
}

function firstOf(records: readonly string[]): { numbers: string[]; more: number } {
  return { numbers: records.slice(0, TOLD_RECORDS), more: Math.max(0, records.length - TOLD_RECORDS) }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
