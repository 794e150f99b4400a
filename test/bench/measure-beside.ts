import { copyOf, projectedLog } from './data-folders.js'
import type { Generated } from './generate.js'
import type { Load, LoadResult } from './load.js'
import type { Options } from './options.js'
import type { Poll } from './paced.js'
import { runPaced, startRebuild } from './paced-run.js'
import { runProgram } from './programs.js'
import type { Report } from './report.js'
import { type Server, startLedgerdesk } from './servers.js'
import { median } from './statistics.js'

/** Four people whose screens ask for all queues again and again. */
const QUEUES: Poll = { name: 'GET /queues', path: '/queues', clients: 4, pauseMs: 100 }

interface Setting {
  name: string
  polls?: Poll[]
  /** Under way while it is measured. */
  rebuild?: boolean
}

/** A command's p99, alone and beside others, at a fixed rate and with 64 connections at full speed. */
export async function measureBeside(report: Report, options: Options): Promise<void> {
  const largest = copyOf(await projectedLog(Math.max(...options.sizes), options.seed), 'polled')
  await compare(report, options, largest, { name: 'four clients poll GET /queues', polls: [QUEUES] })
  const rebuilt = copyOf(await projectedLog(options.rebuildSize, options.seed), 'rebuilt')
  await compare(report, options, rebuilt, { name: 'a rebuild', rebuild: true })
}

async function compare(report: Report, options: Options, base: Generated, setting: Setting): Promise<void> {
  const server = await startLedgerdesk(base)
  try {
    await server.idle()
    await runPaced(server, base, { ...options, seconds: options.warmUpSeconds })
    await compareAtRate(report, options, server, base, setting)
    await compareAtFullSpeed(report, options, server, base, setting)
  } finally {
    await server.stop()
  }
}

async function compareAtRate(
  report: Report,
  options: Options,
  server: Server,
  base: Generated,
  { name, polls, rebuild }: Setting,
): Promise<void> {
  const quiet: number[] = []
  const beside: number[] = []
  const queues: number[] = []
  for (let run = 0; run < options.runs; run++) {
    await server.idle()
    quiet.push((await runPaced(server, base, options)).commands.p99)
    if (rebuild) await startRebuild(server, base)
    const result = await runPaced(server, base, options, { polls })
    beside.push(result.commands.p99)
    if (polls) queues.push(result.polls[QUEUES.name]!.p99)
  }
  tell(report, `${options.commandsPerSecond} commands/s beside ${name}`, quiet, beside)
  if (polls)
    report.add({
      section: 'beside',
      what: 'GET /queues p99',
      value: median(queues),
      unit: 'ms',
      runs: queues,
    })
}

async function compareAtFullSpeed(
  report: Report,
  options: Options,
  server: Server,
  base: Generated,
  { name, polls, rebuild }: Setting,
): Promise<void> {
  const { seconds } = options
  const load: Load = { url: server.url, token: base.agentToken, connections: 64, seconds, keyed: false }
  const quiet: LoadResult[] = []
  const beside: LoadResult[] = []
  for (let run = 0; run < options.runs; run++) {
    await server.idle()
    quiet.push(await runProgram<LoadResult>('load', load))
    await server.idle()
    if (rebuild) await startRebuild(server, base)
    const polling =
      polls && runPaced(server, base, { ...options, commandsPerSecond: 0, warmUpSeconds: 0 }, { polls })
    beside.push(await runProgram<LoadResult>('load', load))
    await polling
  }
  const p99 = (results: LoadResult[]) => results.map((result) => result.p99)
  tell(report, `64 connections beside ${name}`, p99(quiet), p99(beside))
}

function tell(report: Report, name: string, quiet: number[], beside: number[]): void {
  const ratios = beside.map((p99, run) => p99 / quiet[run]!)
  report.add({ section: 'beside', what: `${name}: quiet p99`, value: median(quiet), unit: 'ms', runs: quiet })
  report.add({ section: 'beside', what: `${name}: p99`, value: median(beside), unit: 'ms', runs: beside })
  const value = median(ratios)
  report.add({
    section: 'beside',
    what: `${name}: ratio`,
    value,
    unit: '',
    runs: ratios,
    target: { atMost: 2 },
  })
}
