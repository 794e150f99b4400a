import { copyOf, projectedLog } from './data-folders.js'
import type { FoldCorrelation, Stretch } from './fold-correlation.js'
import { FIRST_NUMBER } from './opening.js'
import type { Options } from './options.js'
import { runPaced } from './paced-run.js'
import { runProgram } from './programs.js'
import type { Report } from './report.js'
import { startLedgerdesk } from './servers.js'
import { median } from './statistics.js'

const SECTION = 'correlation'
/** As a rebuild reads them, and as they come beside a desk at work. */
const BATCHES = { rebuild: 4_096, beside: 60 }

/** The view of problem correlation alone, by size; then questions for what is similar. */
export async function measureCorrelation(report: Report, options: Options): Promise<void> {
  const { correlationSizes: sizes, seed, runs } = options
  const wanted = { sizes, seed, batch: BATCHES.rebuild }
  const folder = '.tmp/bench/data/correlation'
  await measureFold(report, runs, 'in memory', wanted)
  await measureFold(report, runs, 'SQLite', { ...wanted, folder })
  const small = { ...wanted, sizes: [Math.min(...sizes)], batch: BATCHES.beside, folder }
  await measureFold(report, runs, `SQLite, ${BATCHES.beside} events at a time`, small)
  for (const size of sizes) await measureSimilar(report, options, size)
}

async function measureFold(report: Report, runs: number, where: string, given: FoldCorrelation) {
  const results: Stretch[][] = []
  for (let run = 0; run < runs; run++)
    results.push(await runProgram<Stretch[]>('fold-correlation', given, ['--max-old-space-size=6000']))
  const target = where === 'SQLite' ? { atLeast: 10_000 } : undefined
  for (const [i, size] of given.sizes.entries()) {
    const add = (what: string, figure: keyof Stretch, unit: string, wanted?: typeof target) => {
      const values = results.map((stretches) => (stretches[i] as Stretch)[figure])
      const named = `${where}, up to ${told(size)}: ${what}`
      report.add({ section: SECTION, what: named, value: median(values), unit, runs: values, target: wanted })
    }
    add('folded', 'incidentsPerSecond', 'incidents/s', target)
    add('folded, of processor time', 'incidentsPerProcessorSecond', 'incidents/s')
    add('rows', 'rowsPerIncident', 'per incident')
  }
}

async function measureSimilar(report: Report, options: Options, size: number): Promise<void> {
  const base = copyOf(await projectedLog(size, options.seed), SECTION)
  const server = await startLedgerdesk(base)
  const name = 'similar'
  const path = `/incidents/INC${FIRST_NUMBER + size - 1}/similar`
  const times: { p50: number; p99: number }[] = []
  try {
    await server.idle()
    for (let run = 0; run < options.runs; run++) {
      const polls = [{ name, path, clients: 1, pauseMs: 5 }]
      const result = await runPaced(server, base, { ...options, commandsPerSecond: 0 }, { polls })
      times.push(result.polls[name]!)
    }
  } finally {
    await server.stop()
  }
  for (const figure of ['p50', 'p99'] as const) {
    const runs = times.map((time) => time[figure])
    const what = `${told(size)} incidents, what is similar: ${figure}`
    report.add({ section: SECTION, what, value: median(runs), unit: 'ms', runs })
  }
}

function told(size: number): string {
  return size.toLocaleString('en-GB')
}
