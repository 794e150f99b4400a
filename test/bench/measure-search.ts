import { copyOf, projectedLog } from './data-folders.js'
import type { Generated } from './generate.js'
import { openingBody, seeded } from './opening.js'
import type { Options } from './options.js'
import type { Poll } from './paced.js'
import { runPaced } from './paced-run.js'
import type { Report } from './report.js'
import { type Server, startLedgerdesk } from './servers.js'
import { median } from './statistics.js'

/** Stands in a handful of incidents that are opened for it. */
const RARE = 'quokka'
const RARE_ONES = 5

const QUESTIONS: Readonly<Record<string, string>> = {
  'one frequent word': 'printer',
  'two frequent words': 'printer settings',
  'half a frequent word': 'rint',
  'three letters, frequent': 'rin',
  'two letters, frequent': 'pr',
  'a phrase': '"prints blank pages"',
  'a number': 'INC5001234',
  'a rare word': RARE,
  'a rare word and a frequent one': `${RARE} printer`,
  'a word that is nowhere': 'xylophone',
}

type Times = Record<string, { p50: number; p99: number }>

/** An agent's searches, by size of the log; then the same beside commands. */
export async function measureSearch(report: Report, options: Options): Promise<void> {
  const polls = Object.entries(QUESTIONS).map(
    ([name, q]): Poll => ({ name, path: `/search?${new URLSearchParams({ q })}`, clients: 1, pauseMs: 5 }),
  )
  for (const size of options.sizes) {
    const base = copyOf(await projectedLog(size, options.seed), 'search')
    const server = await startLedgerdesk(base)
    const quiet: Times[] = []
    const beside: Times[] = []
    try {
      await openRare(server, base.agentToken)
      await server.idle()
      for (let run = 0; run < options.runs; run++) {
        quiet.push(await inTurn(server, base, options, polls))
        beside.push((await runPaced(server, base, options, { polls: polls.slice(0, 1) })).polls)
      }
    } finally {
      await server.stop()
    }
    tell(report, `${size.toLocaleString('en-GB')} incidents`, quiet, 50)
    tell(
      report,
      `${size.toLocaleString('en-GB')} incidents, beside ${options.commandsPerSecond} commands/s`,
      beside,
    )
  }
}

/** One question after another: a query thread answers one at a time, and they would wait for each other. */
async function inTurn(
  server: Server,
  base: Generated,
  options: Options,
  polls: readonly Poll[],
): Promise<Times> {
  const times: Times = {}
  const short = { ...options, commandsPerSecond: 0, seconds: Math.min(2, options.seconds), warmUpSeconds: 1 }
  for (const poll of polls)
    Object.assign(times, (await runPaced(server, base, short, { polls: [poll] })).polls)
  return times
}

async function openRare({ url }: Server, token: string): Promise<void> {
  const random = seeded(5)
  for (let n = 0; n < RARE_ONES; n++) {
    const { title, ...body } = openingBody(random)
    const response = await fetch(`${url}/incidents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, title: `${title}, says the ${RARE}` }),
    })
    if (!response.ok) throw new Error(`POST /incidents: ${response.status} ${await response.text()}`)
  }
}

function tell(report: Report, of: string, results: readonly Times[], atMost?: number): void {
  for (const name of Object.keys(results[0] ?? {}))
    for (const figure of ['p50', 'p99'] as const) {
      const runs = results.map((result) => result[name]![figure])
      const target = figure === 'p99' && atMost !== undefined ? { atMost } : undefined
      const what = `${of}, ${name}: ${figure}`
      report.add({ section: 'search', what, value: median(runs), unit: 'ms', runs, target })
    }
}
