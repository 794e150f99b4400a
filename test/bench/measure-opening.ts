import { copyOf, projectedLog } from './data-folders.js'
import type { Load, LoadResult } from './load.js'
import type { Options } from './options.js'
import { runProgram } from './programs.js'
import type { Report } from './report.js'
import { startLedgerdesk, startPeer } from './servers.js'
import { median } from './statistics.js'

const VARIANTS = [
  { connections: 64, keyed: false },
  { connections: 64, keyed: true },
  { connections: 8, keyed: false },
  { connections: 1, keyed: false },
]

interface Run extends LoadResult {
  /** Requests a second, read models included: counted over the load and the time until they are level. */
  untilLevel: number
  /** Processor time of a request, microseconds: of the thread that answers, and of all threads. */
  main: number
  all: number
}

/** Both servers run all the time and are loaded in turn, so that what else the machine does falls on both. */
export async function measureOpening(report: Report, options: Options): Promise<void> {
  const { runs, seconds, warmUpSeconds, seed, baseSize } = options
  const base = await projectedLog(baseSize, seed)
  const ledgerdesk = await startLedgerdesk(copyOf(base, 'ledgerdesk'))
  const peer = await startPeer(copyOf(base, 'peer'))
  const fire = async (server: typeof peer, variant: (typeof VARIANTS)[number], warmUp: number) => {
    const load: Load = { url: server.url, token: base.agentToken, seconds, warmUpSeconds: warmUp, ...variant }
    const before = server.processorTime()
    const result = await runProgram<LoadResult>('load', load)
    const after = server.processorTime()
    const ended = performance.now()
    const loaded = warmUp + seconds
    const level = loaded + ((await server.idle()) - ended) / 1000
    if (result.failed > 0) throw new Error(`${result.failed} requests to ${server.url} failed`)
    const perRequest = (seconds: number) => (seconds * 1e6) / result.requests
    return {
      ...result,
      untilLevel: (result.requestsPerSecond * loaded) / level,
      main: perRequest(after.main - before.main),
      all: perRequest(after.all - before.all),
    }
  }
  try {
    await ledgerdesk.idle()
    await peer.idle()
    for (const [i, variant] of VARIANTS.entries()) {
      const ours: Run[] = []
      const limits: Run[] = []
      for (let run = 0; run < runs; run++) {
        const warmUp = i === 0 && run === 0 ? warmUpSeconds : 1
        limits.push(await fire(peer, variant, warmUp))
        ours.push(await fire(ledgerdesk, variant, warmUp))
      }
      tell(report, variant, ours, limits)
    }
  } finally {
    await ledgerdesk.stop()
    await peer.stop()
  }
}

function tell(
  report: Report,
  { connections, keyed }: (typeof VARIANTS)[number],
  ours: readonly Run[],
  limits: readonly Run[],
): void {
  const name = `${connections} connections${keyed ? ', Idempotency-Key' : ''}`
  const of = (results: readonly Run[], figure: keyof Run) => results.map((result) => result[figure])
  const add = (what: string, runs: number[], unit: string, target?: { atLeast: number }) =>
    report.add({ section: 'open', what: `${name}: ${what}`, value: median(runs), unit, runs, target })
  add('bare handler', of(limits, 'requestsPerSecond'), 'req/s')
  add('Ledgerdesk', of(ours, 'requestsPerSecond'), 'req/s')
  const ratios = (figure: keyof Run) => ours.map((result, run) => result[figure] / limits[run]![figure])
  add('ratio', ratios('requestsPerSecond'), '', connections === 64 ? { atLeast: 0.7 } : undefined)
  add('bare handler, until read models are level', of(limits, 'untilLevel'), 'req/s')
  add('Ledgerdesk, until read models are level', of(ours, 'untilLevel'), 'req/s')
  add('ratio of these', ratios('untilLevel'), '')
  add('bare handler, processor', of(limits, 'main'), 'µs/request')
  add('Ledgerdesk, processor', of(ours, 'main'), 'µs/request')
  add('bare handler, all threads', of(limits, 'all'), 'µs/request')
  add('Ledgerdesk, all threads', of(ours, 'all'), 'µs/request')
  add('bare handler p99', of(limits, 'p99'), 'ms')
  add('Ledgerdesk p99', of(ours, 'p99'), 'ms')
}
