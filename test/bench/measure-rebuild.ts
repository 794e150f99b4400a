import type { Taken } from './build-read-models.js'
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

/** What a rebuild is measured beside. */
const PEERS = [
  ['documents', 'bare read and bulk write'],
  ['sameRows', 'bare read and bulk write of the same rows'],
] as const

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
  const of = (figure: (result: RebuildResult) => number) => results.map(figure)
  add(
    'events',
    of(({ events }) => events),
    '',
  )
  add(
    'rows per event',
    of(({ rows, events }) => rows / events),
    '',
  )
  add(
    'size of the read models',
    of(({ mebibytes }) => mebibytes),
    'MiB',
  )
  add(
    'read models',
    of(({ events, rebuild }) => events / rebuild.seconds),
    'events/s',
    { atLeast: 25_000 },
  )
  add(
    'processor time',
    of(({ rebuild }) => rebuild.processorSeconds),
    's',
  )
  for (const [peer, name] of PEERS) {
    const took = (result: RebuildResult) => result[peer]
    add(
      name,
      of((result) => result.events / took(result).seconds),
      'events/s',
    )
    add(
      `${name}: processor time`,
      of((result) => took(result).processorSeconds),
      's',
    )
    const ratio = (figure: keyof Taken) => of((result) => took(result)[figure] / result.rebuild[figure])
    add(`${name}: ratio`, ratio('seconds'), '', { atLeast: 0.5 })
    add(`${name}: ratio by processor time`, ratio('processorSeconds'), '')
  }
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
