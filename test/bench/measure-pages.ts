import { copyOf, projectedLog } from './data-folders.js'
import type { Options } from './options.js'
import type { Poll } from './paced.js'
import { runPaced } from './paced-run.js'
import type { Report } from './report.js'
import { startLedgerdesk } from './servers.js'
import { median } from './statistics.js'

const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString()
const ONCE = { clients: 1, pauseMs: 20 }

const POLLS: readonly Poll[] = [
  { ...ONCE, name: 'queue page of 50', path: '/queues/{group}?pageSize=50' },
  {
    ...ONCE,
    name: 'filtered, sorted list',
    path: `/incidents?${query({ filter: 'state = "New" AND priority <= 2', orderBy: 'openedAt desc', pageSize: '50' })}`,
  },
  {
    ...ONCE,
    name: 'filtered, sorted queue',
    path: `/queues/{group}?${query({ filter: 'priority = 1', orderBy: 'updatedAt desc', pageSize: '50' })}`,
  },
]

export async function measurePages(report: Report, options: Options): Promise<void> {
  for (const size of options.sizes) {
    const base = copyOf(await projectedLog(size, options.seed), 'pages')
    const server = await startLedgerdesk(base)
    const times = POLLS.map((): { p50: number; p99: number }[] => [])
    try {
      await server.idle()
      for (let run = 0; run < options.runs; run++) {
        const { polls } = await runPaced(server, base, options, { polls: [...POLLS] })
        for (const [i, { name }] of POLLS.entries()) times[i]!.push(polls[name]!)
      }
    } finally {
      await server.stop()
    }
    for (const [i, { name }] of POLLS.entries())
      for (const figure of ['p50', 'p99'] as const) {
        const runs = times[i]!.map((time) => time[figure])
        const target = figure === 'p99' ? { atMost: 10 } : undefined
        const what = `${size.toLocaleString('en-GB')} incidents, ${name}: ${figure}`
        report.add({ section: 'pages', what, value: median(runs), unit: 'ms', runs, target })
      }
  }
}
