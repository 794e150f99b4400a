import type { Load, LoadResult } from './load.js'
import type { Options } from './options.js'
import { runProgram } from './programs.js'
import type { Report } from './report.js'
import { type Server, startPeer, startProgram } from './servers.js'
import { type Deployment, deploy, missingFor, SHAPES } from './shapes.js'
import { median } from './statistics.js'

const VARIANTS = [
  { connections: 64, keyed: false },
  { connections: 64, keyed: true },
  { connections: 8, keyed: false },
  { connections: 1, keyed: false },
]

/** What is loaded: Ledgerdesk in a shape, or what it is compared with. */
interface Target {
  name: string
  server: Server
  token: string
  limit?: string
}

/**
 * Commands in both shapes. Everything runs all the time and is loaded in turn, so that what else the machine does falls
 * on all. A scale-out runs its API without a projector beside it: no speed is claimed for its read store.
 */
export async function measureShapes(report: Report, options: Options): Promise<void> {
  const deployments: Deployment[] = []
  const targets: Target[] = []
  try {
    for (const shape of SHAPES) {
      const missing = missingFor(shape)
      if (missing) {
        console.error(`  ${shape} is left out: ${missing}`)
        continue
      }
      const deployment = await deploy(shape)
      deployments.push(deployment)
      console.error(`  ${shape} on ${deployment.on}`)
      targets.push(...(await start(deployment)))
    }
    for (const variant of VARIANTS) tell(report, variant, await measure(targets, variant, options))
  } finally {
    for (const { server } of targets) await server.stop()
    for (const deployment of deployments) await deployment.dispose()
  }
}

async function start(deployment: Deployment): Promise<Target[]> {
  const { shape, namespace, agentToken: token, stores } = deployment
  const scaleOut = shape === 'scale-out'
  const limit = scaleOut ? 'bare client' : 'bare handler on SQLite'
  const bare = scaleOut
    ? await startProgram('client-peer', {
        url: stores.servers!.eventstoreUrl,
        namespace: `${namespace}-bare`,
      })
    : await bareEmbedded()
  const server = await deployment.start(scaleOut ? 'api' : 'all')
  if (!scaleOut) await server.ready()
  return [
    { name: limit, server: bare, token },
    { name: shape, server, token, limit },
  ]
}

/** On a folder of its own: two processes would take each other's turns on one file. */
async function bareEmbedded(): Promise<Server> {
  const { stores, dispose } = await deploy('embedded')
  const server = await startPeer(stores)
  return { ...server, stop: () => server.stop().then(dispose) }
}

async function measure(
  targets: readonly Target[],
  variant: (typeof VARIANTS)[number],
  { runs, seconds, warmUpSeconds }: Options,
): Promise<Map<Target, LoadResult[]>> {
  const results = new Map<Target, LoadResult[]>(targets.map((target) => [target, []]))
  for (let run = 0; run < runs; run++) {
    for (const [{ server, token }, collected] of results) {
      const load: Load = {
        url: server.url,
        token,
        seconds,
        warmUpSeconds: run === 0 ? warmUpSeconds : 1,
        ...variant,
      }
      const result = await runProgram<LoadResult>('load', load)
      if (result.failed > 0) throw new Error(`${result.failed} requests to ${server.url} failed`)
      collected.push(result)
    }
  }
  return results
}

function tell(
  report: Report,
  { connections, keyed }: (typeof VARIANTS)[number],
  results: ReadonlyMap<Target, readonly LoadResult[]>,
): void {
  const variant = `${connections} connections${keyed ? ', Idempotency-Key' : ''}`
  const add = (what: string, runs: number[], unit: string) =>
    report.add({ section: 'shapes', what: `${variant}: ${what}`, value: median(runs), unit, runs })
  for (const [{ name, limit }, collected] of results) {
    const rates = collected.map(({ requestsPerSecond }) => requestsPerSecond)
    add(name, rates, 'commands/s')
    add(
      `${name} p99`,
      collected.map(({ p99 }) => p99),
      'ms',
    )
    const [, bare] = [...results].find(([target]) => target.name === limit) ?? []
    if (bare)
      add(
        `${name}, ratio`,
        rates.map((rate, run) => rate / bare[run]!.requestsPerSecond),
        '',
      )
  }
}
