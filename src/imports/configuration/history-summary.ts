import type { DomainEvent } from '#libs/event-sourcing'
import type { ImportCounts } from '../domain/imports.events.js'

/** Rejected rows that a summary tells; the run's stream tells all. */
const TOLD_REJECTIONS = 20
/** Records that a summary names for each kind of irregularity. */
const TOLD_RECORDS = 10

export interface HistorySummary extends ImportCounts {
  readonly run: string
  /** Nothing was written. */
  readonly dryRun: boolean
  /** It was stopped before the end; the next run goes on from there. */
  readonly stopped: boolean
  readonly people: number
  /** Events by type. */
  readonly types: Readonly<Record<string, number>>
  readonly rejections: readonly { file: string; row: number; reason: string }[]
  /** Events that a live command would have been refused, by the code of the refusal, with the rows they came from. */
  readonly irregular: Readonly<Record<string, { count: number; rows: readonly string[] }>>
  readonly seconds: number
  readonly rowsPerSecond: number
  readonly eventsPerSecond: number
}

/** Counts what a run does. */
export class HistoryTally implements ImportCounts {
  rows = 0
  applied = 0
  known = 0
  rejected = 0
  later = 0
  events = 0
  people = 0
  readonly #types = new Map<string, number>()
  readonly #rejections: HistorySummary['rejections'][number][] = []
  readonly #irregular = new Map<string, { count: number; rows: string[] }>()

  /** A row has become events. */
  applies(file: string, row: number, events: readonly DomainEvent[]): void {
    this.applied++
    for (const event of events) this.wrote(event, `${file}:${row}`)
  }

  wrote({ type, data }: DomainEvent, from: string): void {
    this.events++
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1)
    const { irregular } = data as { irregular?: string }
    if (irregular === undefined) return
    const found = this.#irregular.get(irregular) ?? { count: 0, rows: [] }
    this.#irregular.set(irregular, found)
    found.count++
    if (found.rows.length < TOLD_RECORDS) found.rows.push(from)
  }

  reject(file: string, row: number, reason: string): void {
    this.rejected++
    if (this.#rejections.length < TOLD_REJECTIONS) this.#rejections.push({ file, row, reason })
  }

  counts(): ImportCounts {
    const { rows, applied, known, rejected, later, events } = this
    return { rows, applied, known, rejected, later, events }
  }

  summary(rest: Pick<HistorySummary, 'run' | 'dryRun' | 'stopped' | 'seconds'>): HistorySummary {
    return {
      ...this.counts(),
      ...rest,
      people: this.people,
      types: Object.fromEntries([...this.#types].sort()),
      rejections: this.#rejections,
      irregular: Object.fromEntries(this.#irregular),
      rowsPerSecond: Math.round(this.rows / rest.seconds),
      eventsPerSecond: Math.round(this.events / rest.seconds),
    }
  }
}

/** A summary as lines for people. */
export function toldHistory(summary: HistorySummary): string[] {
  const { rows, applied, known, later, rejected, events, people, dryRun, stopped, run } = summary
  const outcome = dryRun ? 'Nothing was written. What would have happened:' : 'Imported.'
  return [
    stopped ? 'Stopped; start it again to go on.' : outcome,
    `  ${rows} rows: ${applied} applied, ${known} known already, ${rejected} rejected${later > 0 ? '; the rest is later than --until' : ''}`,
    `  ${events} events, ${people} people registered: ${Object.entries(summary.types)
      .map(([type, count]) => `${count} ${type}`)
      .join(', ')}`,
    ...summary.rejections.map(({ file, row, reason }) => `  ${file}, row ${row}: ${reason}`),
    ...Object.entries(summary.irregular).map(
      ([code, { count, rows: from }]) =>
        `  irregular: ${count} × ${code} in ${from.join(', ')}${count > from.length ? ` and ${count - from.length} more` : ''}`,
    ),
    `  ${summary.seconds.toFixed(1)} s, ${summary.rowsPerSecond} rows/s, ${summary.eventsPerSecond} events/s; run ${run}`,
  ]
}
