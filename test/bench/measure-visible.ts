import { copyOf, projectedLog } from './data-folders.js'
import type { Options } from './options.js'
import type { PacedResult } from './paced.js'
import { runPaced, startRebuild } from './paced-run.js'
import type { Report } from './report.js'
import { startLedgerdesk } from './servers.js'
import { median } from './statistics.js'

/** One in so many commands is followed to its queue. */
const EVERY = 10

/** After the 201 the queue is asked with the answer's position as `minPosition`; what it takes to answer is the figure. */
export async function measureVisible(report: Report, options: Options): Promise<void> {
  const base = copyOf(await projectedLog(options.rebuildSize, options.seed), 'visible')
  const server = await startLedgerdesk(base)
  const quiet: PacedResult[] = []
  const rebuilding: PacedResult[] = []
  try {
    await server.idle()
    for (let run = 0; run < options.runs; run++)
      quiet.push(await runPaced(server, base, options, { visibleEvery: EVERY }))
    for (let run = 0; run < options.runs; run++) {
      await server.idle()
      await startRebuild(server, base)
      rebuilding.push(await runPaced(server, base, options, { visibleEvery: EVERY }))
    }
    await server.idle()
  } finally {
    await server.stop()
  }
  const tell = (name: string, results: PacedResult[], p99: number, p50?: number) => {
    for (const [figure, most] of [
      ['p50', p50],
      ['p99', p99],
    ] as const) {
      const runs = results.map(({ visible }) => visible![figure])
      const target = most === undefined ? undefined : { atMost: most }
      report.add({
        section: 'visible',
        what: `${name}: ${figure}`,
        value: median(runs),
        unit: 'ms',
        runs,
        target,
      })
    }
    const perSecond = results.map(({ commands }) => commands.perSecond)
    report.add({
      section: 'visible',
      what: `${name}: commands`,
      value: median(perSecond),
      unit: '/s',
      runs: perSecond,
    })
  }
  tell('acknowledged to visible', quiet, 50, 10)
  tell('the same during a rebuild', rebuilding, 250)
}
