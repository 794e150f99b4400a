import { openEventStoreDb } from '#libs/event-store/eventstoredb'
import type { CatchUp, CatchUpResult } from './catch-up.js'
import { fill, startDouble } from './event-servers.js'
import type { Options } from './options.js'
import { runProgram } from './programs.js'
import type { Report } from './report.js'
import { median } from './statistics.js'

const NAMESPACE = 'bench'
const READERS = ['readAll', 'subscription', 'runner'] as const

/** All readers in turn, run by run, so that what else the machine does falls on all. */
export async function measureCatchUp(report: Report, options: Options): Promise<void> {
  const plain = await startDouble({ profile: '26.1', compress: false })
  const compressing = await startDouble({ profile: '26.1', compress: true })
  try {
    let events = 0
    for (const { url } of [plain, compressing])
      events = await fill(
        await openEventStoreDb({ url, namespace: NAMESPACE }),
        options.catchUpSize,
        options.seed,
      )
    const results: Record<string, CatchUpResult[]> = {}
    for (let run = 0; run < options.runs; run++) {
      for (const [name, { url }] of [
        ['plain', plain],
        ['compressing', compressing],
      ] as const) {
        for (const reader of READERS) {
          const given: CatchUp = { url, namespace: NAMESPACE, reader }
          const result = await runProgram<CatchUpResult>('catch-up', given)
          // The whole log holds the server's own records too; of ours, all must have come.
          if (result.events < events) throw new Error(`${reader} saw ${result.events} of ${events} events`)
          results[`${name} ${reader}`] = [...(results[`${name} ${reader}`] ?? []), result]
        }
      }
    }
    const per = (time: 'seconds' | 'processorSeconds') =>
      Object.fromEntries(
        Object.entries(results).map(([name, runs]) => [name, runs.map((run) => run.events / run[time])]),
      )
    tell(report, per('seconds'), '')
    // What else the machine does is not in it.
    tell(report, per('processorSeconds'), ', by processor time')
  } finally {
    await plain.stop()
    await compressing.stop()
  }
}

function tell(report: Report, rates: Record<string, number[]>, by: string): void {
  const section = 'catch-up'
  const add = (what: string, runs: number[], unit: string, target?: { atLeast: number }) =>
    report.add({ section, what: what + by, value: median(runs), unit, runs, target })
  const bare = rates['plain readAll']!.map((rate, run) => Math.max(rate, rates['plain subscription']![run]!))
  const ratio = (name: string) => rates[name]!.map((rate, run) => rate / bare[run]!)
  add('bare client, readAll', rates['plain readAll']!, 'events/s')
  add('bare client, filtered subscription', rates['plain subscription']!, 'events/s')
  add('adapter and runner', rates['plain runner']!, 'events/s')
  add('ratio to the faster bare one', ratio('plain runner'), '', { atLeast: 0.5 })
  add('compressing server: bare client, readAll', rates['compressing readAll']!, 'events/s')
  add('compressing server: bare client, subscription', rates['compressing subscription']!, 'events/s')
  add('compressing server: adapter and runner', rates['compressing runner']!, 'events/s')
  add('compressing server: ratio to the uncompressed bare one', ratio('compressing runner'), '', {
    atLeast: 1 / 3,
  })
}
