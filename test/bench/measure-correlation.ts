import { REBUILD_BATCH, REBUILD_YOUNG_MEGABYTES } from '../../src/runtime/rebuilder.js'
import { copyOf, projectedLog } from './data-folders.js'
import type { FoldCorrelation, Stretch } from './fold-correlation.js'
import { FIRST_NUMBER } from './opening.js'
import type { Options } from './options.js'
import { runPaced } from './paced-run.js'
import { runProgram } from './programs.js'
import type { Figure, Report } from './report.js'
import { startLedgerdesk } from './servers.js'
import { median } from './statistics.js'

const SECTION = 'correlation'
/** Events at a time, as a rebuild reads them at most, and as they come beside a desk at work. */
const BATCHES = { rebuild: REBUILD_BATCH, usual: 4_096, beside: 60 }
/** As much memory for young objects as a rebuild has, which V8 divides into three parts. */
const FLAGS = ['--max-old-space-size=6000', `--max-semi-space-size=${REBUILD_YOUNG_MEGABYTES / 3}`]
/** Logs up to this many incidents are served as well: all read models of larger ones take hours. */
const MOST_SERVED = 100_000

/** The view of problem correlation alone, by size, and what is similar asked of it; then the same of a server. */
export async function measureCorrelation(report: Report, options: Options): Promise<void> {
  const { correlationSizes: sizes, seed, runs } = options
  const wanted = { sizes, seed, batch: BATCHES.rebuild, folder: '.tmp/bench/data/correlation' }
  await measureFold(report, runs, 'rebuild', wanted)
  const small = { ...wanted, sizes: [Math.min(...sizes)] }
  await measureFold(report, runs, `${BATCHES.usual} events at a time`, { ...small, batch: BATCHES.usual })
  await measureFold(report, runs, `${BATCHES.beside} events at a time`, { ...small, batch: BATCHES.beside })
  for (const size of sizes) if (size <= MOST_SERVED) await measureSimilar(report, options, size)
}

async function measureFold(report: Report, runs: number, how: string, given: FoldCorrelation) {
  const results: Stretch[][] = []
  for (let run = 0; run < runs; run++)
    results.push(await runProgram<Stretch[]>('fold-correlation', given, FLAGS))
  const isRebuild = how === 'rebuild'
  for (const [i, size] of given.sizes.entries()) {
    const add = (what: string, figure: keyof Stretch, unit: string, target?: Figure['target']) => {
      const values = results.map((stretches) => (stretches[i] as Stretch)[figure])
      const named = `${how}, up to ${told(size)}: ${what}`
      report.add({ section: SECTION, what: named, value: median(values), unit, runs: values, target })
    }
    add('folded', 'incidentsPerSecond', 'incidents/s', isRebuild ? { atLeast: 10_000 } : undefined)
    add('folded, of processor time', 'incidentsPerProcessorSecond', 'incidents/s')
    add('written alone, of processor time', 'incidentsPerProcessorSecondOfWriting', 'incidents/s')
    add('rows', 'rowsPerIncident', 'per incident')
    if (!isRebuild) continue
    add('memory', 'residentMegabytes', 'MB')
    add('what is similar, p50', 'similarP50', 'ms')
    add('what is similar, p99', 'similarP99', 'ms', { atMost: 50 })
  }
  if (!isRebuild) return
  const ratios = results.map((stretches) => {
    const [first, last] = [stretches[0], stretches.at(-1)] as [Stretch, Stretch]
    return first.incidentsPerProcessorSecond / last.incidentsPerProcessorSecond
  })
  const what = `${how}: processor time of an incident in the last stretch against the first`
  report.add({ section: SECTION, what, value: median(ratios), unit: 'times', runs: ratios })
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
