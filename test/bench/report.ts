import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { type OpeningBody, openingBody, openingEvents, seeded, stored } from './opening.js'
import type { Options } from './options.js'

/** One figure as it stands in the table. */
export interface Figure {
  section: string
  what: string
  value: number
  unit: string
  /** What is wanted of it. Nothing is asserted: whoever runs this judges. */
  target?: { atLeast: number } | { atMost: number }
  /** What the median is of. */
  runs?: readonly number[]
}

/** Collects figures; tells each as it comes. */
export class Report {
  readonly figures: Figure[] = []
  readonly #loadAtStart = loadavg()

  constructor(private readonly options: Options) {}

  add(figure: Figure): void {
    this.figures.push(figure)
    console.error(`  ${line(figure).join('  ')}`)
  }

  table(): string {
    const rows = [['section', 'what', 'value', 'target', ''], ...this.figures.map(line)]
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
    return rows
      .map((row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')
  }

  write(file: string): void {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      `${JSON.stringify(
        {
          at: new Date().toISOString(),
          machine: {
            cpus: cpus().length,
            model: cpus()[0]?.model,
            memoryMebibytes: Math.round(totalmem() / 2 ** 20),
            kernel: release(),
            node: process.version,
            loadAverage: { atStart: this.#loadAtStart, atEnd: loadavg() },
          },
          payload: payload(),
          durability: {
            log: 'SQLite WAL, synchronous=FULL, group commit: an answer follows its fsync',
            readModels: 'SQLite WAL, synchronous=NORMAL: rebuilt from the log',
            eventStoreDb: 'its double, in memory: the figures are the client’s side, not the server’s',
          },
          options: this.options,
          figures: this.figures,
        },
        null,
        2,
      )}\n`,
    )
  }
}

function payload() {
  const body: OpeningBody = openingBody(seeded(7))
  const events = stored(openingEvents(body), {
    commandId: '00000000-0000-4000-8000-000000000000',
    occurredAt: '2026-01-01T00:00:00.000Z',
    newId: () => '00000000-0000-4000-8000-000000000000',
  })
  const bytes = events.map(
    ({ data, metadata }) => JSON.stringify(data).length + JSON.stringify(metadata).length,
  )
  return { fields: Object.keys(body).length, bodyBytes: JSON.stringify(body).length, eventBytes: bytes }
}

function line({ section, what, value, unit, target, runs }: Figure): string[] {
  const wanted = target && ('atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`)
  const met = target && ('atLeast' in target ? value >= target.atLeast : value <= target.atMost)
  const spread = runs && runs.length > 1 ? ` (${runs.map(rounded).join(', ')})` : ''
  return [
    section,
    what,
    `${rounded(value)} ${unit}${spread}`,
    wanted ?? '',
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]
}

function rounded(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: value >= 1_000 ? 5 : 3 })
}
