import { copyOf, projectedLog } from './data-folders.js'
import type { Options } from './options.js'
import { runPaced } from './paced-run.js'
import type { Report } from './report.js'
import { startLedgerdesk } from './servers.js'

/** Two runs with one log differ by as much. */
const NOT_GROWING = 1.15

/** After all kinds of work: commands, queue pages, counts, lists; and how much more of it a server with the largest log takes. */
export async function measureMemory(report: Report, options: Options): Promise<void> {
  const residents: number[] = []
  for (const size of options.sizes) {
    const base = copyOf(await projectedLog(size, options.seed), 'memory')
    const server = await startLedgerdesk(base)
    const paths = [
      '/queues',
      '/queues/{group}?pageSize=50',
      '/incidents?pageSize=50&orderBy=updatedAt%20desc',
    ]
    const polls = paths.map((path) => ({ name: path, path, clients: 1, pauseMs: 50 }))
    let most = 0
    const watching = setInterval(() => {
      most = Math.max(most, server.memory())
    }, 100)
    try {
      await server.idle()
      await runPaced(server, base, { ...options, seconds: options.seconds * options.runs }, { polls })
      clearInterval(watching)
      const value = server.memory()
      const what = `${size.toLocaleString('en-GB')} incidents: resident`
      report.add({ section: 'memory', what, value, unit: 'MiB', target: { atMost: 400 } })
      report.add({ section: 'memory', what: `${what}, most`, value: most, unit: 'MiB' })
      residents.push(value)
    } finally {
      clearInterval(watching)
      await server.stop()
    }
  }
  if (residents.length < 2) return
  report.add({
    section: 'memory',
    what: 'resident, largest log to smallest',
    value: residents.at(-1)! / residents[0]!,
    unit: '',
    target: { atMost: NOT_GROWING },
  })
}
