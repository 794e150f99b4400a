import { projectedEstate } from './data-folders.js'
import type { Estate } from './generate-estate.js'
import { measureCiChanges } from './measure-ci-changes.js'
import { seeded } from './opening.js'
import type { Options } from './options.js'
import type { Report } from './report.js'
import { type Server, startLedgerdesk } from './servers.js'
import { latencies, median } from './statistics.js'

/** Items that are read one after another for each figure. */
const READS = 1_000
const WARM_UP = 200

type Point = Readonly<Record<string, string>>

/** Reading the configuration at points of both time axes, by versions per item. */
export async function measureCmdb(report: Report, options: Options): Promise<void> {
  const middles: number[] = []
  for (const versions of options.ciVersions) {
    const estate = await projectedEstate(options.items, versions, options.seed)
    const server = await startLedgerdesk(estate)
    try {
      await server.idle()
      const of = `${options.items.toLocaleString('en-GB')} items, ${versions} versions`
      const add = (what: string, unit: string, runs: readonly number[], target?: object) =>
        report.add({ section: 'cmdb', what: `${of}: ${what}`, value: median(runs), unit, runs, ...target })
      const asking = new Asking(server, estate)
      // A server that has just started compiles what it is asked: whichever point comes first would have three times the p99 of the others
      await asking.oneByOne({})
      for (const [name, point] of Object.entries(pointsOf(estate))) {
        const times = await repeated(options.runs, () => asking.oneByOne(point))
        add(
          `one item at (${name}): p50`,
          'ms',
          times.map(({ p50 }) => p50),
        )
        const p99 = times.map((time) => time.p99)
        add(`one item at (${name}): p99`, 'ms', p99, { target: { atMost: 10 } })
        middles.push(median(times.map(({ p50 }) => p50)))
      }
      const { past, difference, root } = estate
      const processor = (what: string, times: readonly { processor: number }[]) =>
        add(
          `${what}: processor, all threads`,
          'ms',
          times.map((time) => time.processor * 1_000),
        )
      const streams = await repeated(options.runs, () => asking.timed(() => asking.stream(past)))
      const rates = streams.map(({ result }) => result)
      add('the whole at a past point', 'items/s', rates, { target: { atLeast: 50_000 } })
      processor('the whole at a past point', streams)
      const walks = await repeated(options.runs, () => asking.walk(root))
      add(
        `impact walk of ${walks[0]!.reached} items: p50`,
        'ms',
        walks.map(({ p50 }) => p50),
        { target: { atMost: 20 } },
      )
      const diffs = await repeated(options.runs, () => asking.timed(() => asking.difference(difference)))
      const compared = `difference of ${diffs[0]!.result.differing} items`
      add(
        compared,
        's',
        diffs.map(({ result }) => result.seconds),
        { target: { atMost: 1 } },
      )
      processor(compared, diffs)
    } finally {
      await server.stop()
    }
  }
  await measureCiChanges(report, options)
  const value = Math.max(...middles) / Math.min(...middles)
  const what = 'one item, the slowest of all points to the quickest, p50'
  report.add({ section: 'cmdb', what, value, unit: '', target: { atMost: 1.5 } })
}

function pointsOf({ past: { validAt, asOf } }: Estate): Record<string, Point> {
  return { 'now, now': {}, 'past, now': { validAt }, 'past, past': { validAt, asOf } }
}

async function repeated<Result>(runs: number, measure: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let run = 0; run < runs; run++) results.push(await measure())
  return results
}

class Asking {
  readonly #random: () => number

  constructor(
    private readonly server: Server,
    private readonly estate: Estate,
  ) {
    this.#random = seeded(estate.seed)
  }

  /** With the processor time of all threads of the server meanwhile, seconds: what else the machine does is not in it. */
  async timed<Result>(ask: () => Promise<Result>): Promise<{ result: Result; processor: number }> {
    const before = this.server.processorTime().all
    const result = await ask()
    return { result, processor: this.server.processorTime().all - before }
  }

  /** Milliseconds of one item after another, each another one. */
  async oneByOne(point: Point): Promise<{ p50: number; p99: number }> {
    const times: number[] = []
    for (let n = 0; n < WARM_UP + READS; n++) {
      const number = `CI${5_000_000 + (this.#random() % this.estate.items)}`
      const began = performance.now()
      await this.#get(`/configuration-items/${number}`, point)
      if (n >= WARM_UP) times.push(performance.now() - began)
    }
    return latencies(times)
  }

  /** Items a second; relations follow them in the same answer, and are not counted. */
  async stream(point: Point): Promise<number> {
    const began = performance.now()
    const response = await this.#ask('/configuration/graph', point)
    let items = 0
    let rest = ''
    for await (const bytes of response.body!) {
      const lines = (rest + Buffer.from(bytes).toString()).split('\n')
      rest = lines.pop() as string
      const found = lines.filter((line) => line.startsWith('{"kind":"item"')).length
      items += found
      if (items >= this.estate.items) break
    }
    if (items < this.estate.items) throw new Error(`Only ${items} items came`)
    return Math.round(items / ((performance.now() - began) / 1_000))
  }

  async walk(root: string): Promise<{ reached: number; p50: number }> {
    const times: number[] = []
    let reached = 0
    for (let n = 0; n < 20; n++) {
      const began = performance.now()
      const { items } = await this.#get(`/configuration-items/${root}/impact`, { depth: '3' })
      times.push(performance.now() - began)
      reached = (items as unknown[]).length
    }
    return { reached, p50: latencies(times).p50 }
  }

  async difference(between: Point): Promise<{ differing: number; seconds: number }> {
    const began = performance.now()
    const { items } = await this.#get('/configuration/diff', between)
    return {
      differing: (items as { changed: unknown[] }).changed.length,
      seconds: (performance.now() - began) / 1_000,
    }
  }

  async #get(path: string, query: Point): Promise<Record<string, unknown>> {
    return (await (await this.#ask(path, query)).json()) as Record<string, unknown>
  }

  async #ask(path: string, query: Point): Promise<Response> {
    const headers = { authorization: `Bearer ${this.estate.agentToken}` }
    const response = await fetch(`${this.server.url}${path}?${new URLSearchParams(query)}`, { headers })
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
    return response
  }
}
