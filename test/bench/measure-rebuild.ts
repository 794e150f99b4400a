import { generatedLog, projectedLog } from './data-folders.js'
import type { Options } from './options.js'
import { runPaced } from './paced-run.js'
import { runProgram } from './programs.js'
import type { Rebuild, RebuildResult } from './rebuild.js'
import type { Report } from './report.js'
import { startLedgerdesk } from './servers.js'
import { median } from './statistics.js'

/** What a desk sees of its incidents, now and before: read models that came first, beside all that there are by now. */
const OF_INCIDENTS = ['work_queue', 'queue_history', 'incident_details', 'incident_facts']

export async function measureRebuild(report: Report, options: Options): Promise<void> {
  await measureBuilds('those of incidents', report, options, OF_INCIDENTS)
  await measureBuilds('all', report, options)
  await measureHistory(report, options)
}

async function measureBuilds(
  which: string,
  report: Report,
  options: Options,
  readModels?: readonly string[],
): Promise<void> {
  const { dataDir } = await generatedLog(options.rebuildSize, options.seed)
  const results: RebuildResult[] = []
  for (let run = 0; run < options.runs; run++) {
    const rebuild: Rebuild = { dataDir, folder: '.tmp/bench/data/rebuilt-read-models', readModels }
    results.push(await runProgram<RebuildResult>('rebuild', rebuild, ['--max-old-space-size=6000']))
  }
  const add = (what: string, runs: number[], unit: string, target?: { atLeast: number }) =>
    report.add({
      section: 'rebuild',
      what: `${which}: ${what}`,
      value: median(runs),
      unit,
      runs,
      target,
    })
  const of = (figure: keyof RebuildResult) => results.map((result) => result[figure])
  add('events', of('events'), '')
  add('read models', of('eventsPerSecond'), 'events/s', { atLeast: 25_000 })
  add('bare read and bulk write', of('bareEventsPerSecond'), 'events/s')
  add(
    'ratio',
    results.map((result) => result.bareSeconds / result.seconds),
    '',
    { atLeast: 0.5 },
  )
  add('processor time', of('processorSeconds'), 's')
  add('bare processor time', of('bareProcessorSeconds'), 's')
  add('rows per event', of('rowsPerEvent'), '')
  add('size of the read models', of('mebibytes'), 'MiB')
}

async function measureHistory(report: Report, options: Options): Promise<void> {
  const base = await projectedLog(options.baseSize, options.seed)
  const server = await startLedgerdesk(base)
  const runs: number[] = []
  const name = 'history'
  const polls = [{ name, path: `/incidents/${base.longHistory}/history`, clients: 1, pauseMs: 1 }]
  try {
    await server.idle()
    for (let run = 0; run < options.runs; run++) {
      const result = await runPaced(server, base, { ...options, commandsPerSecond: 0 }, { polls })
      runs.push(result.polls[name]!.p99)
    }
  } finally {
    await server.stop()
  }
  const what = 'a history of 100 events: p99'
  report.add({ section: 'rebuild', what, value: median(runs), unit: 'ms', runs, target: { atMost: 5 } })
}
