import { viewedEstate } from './data-folders.js'
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
/** Walks for each figure; as of items, the first ones are those of a process that still compiles. */
const WALKS = 60
const WALKS_WARM_UP = 40
/** Items that walks begin at in turn: the one that the estate names and those after it, below which hang as many. */
const ROOTS = 30

type Point = Readonly<Record<string, string>>

/** Reading the configuration at points of both time axes, by versions per item. */
export async function measureCmdb(report: Report, options: Options): Promise<void> {
  const middles: number[] = []
  for (const versions of options.ciVersions) {
    const estate = await viewedEstate(options.items, versions, options.seed)
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
      const { past, difference } = estate
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
      for (const [name, point] of Object.entries(pointsOf(estate))) {
        const walks = await repeated(options.runs, () => asking.timed(() => asking.walk(point)))
        const what = `impact walk of ${walks[0]!.result.reached} items at (${name})`
        add(
          `${what}: p50`,
          'ms',
          walks.map(({ result }) => result.p50),
          { target: { atMost: 20 } },
        )
        add(
          `${what}: processor of one, all threads`,
          'ms',
          walks.map(({ processor }) => (processor * 1_000) / (WALKS_WARM_UP + WALKS)),
        )
      }
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

  /** Milliseconds until the last byte of the answer, from one root after another; whoever asks parses it in its own time. */
  async walk(point: Point): Promise<{ reached: number; p50: number }> {
    const times: number[] = []
    const first = Number(this.estate.root.slice('CI'.length))
    const reached = new Set<number>()
    for (let n = 0; n < WALKS_WARM_UP + WALKS; n++) {
      const began = performance.now()
      const path = `/configuration-items/CI${first + (n % ROOTS)}/impact`
      const answer = await (await this.#ask(path, { depth: '3', ...point })).arrayBuffer()
      if (n >= WALKS_WARM_UP) times.push(performance.now() - began)
      reached.add(differentItems(answer))
    }
    const [count, ...others] = reached
    if (!count || others.length > 0) throw new Error(`The walks came to ${[...reached].join(' and ')} items`)
    return { reached: count, p50: latencies(times).p50 }
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

function differentItems(answer: ArrayBuffer): number {
  const { items } = JSON.parse(Buffer.from(answer).toString()) as { items: { number: string }[] }
  return new Set(items.map(({ number }) => number)).size
}
