import { Command } from 'commander'
import { InvalidInput, NotFound, Unavailable } from '#libs/event-sourcing'
import { readConfiguration } from '#libs/platform/configuration'
import {
  type AnyPolicy,
  PolicyRunner,
  ProjectionRunner,
  type ProjectionRunnerOptions,
  policyBuildName,
  prepareProjections,
  type RetryOutcome,
  type StoredBuildStatus,
  storedBuilds,
} from '#libs/projections-runtime'
import { leaseOwner, type ReadStore } from '#libs/read-store'
import { projectionRegistry } from '#projections/registry'
import { policyRegistry } from '../policies.js'
import { DistantProjector } from '../runtime/distant-projector.js'
import { openEventStore, openReadStore, storeSettings } from '../runtime/stores.js'
import { print, printTable } from './output.js'
import { Progress } from './progress.js'
import { seconds } from './seconds.js'

type Shared = Pick<ProjectionRunnerOptions, 'eventStore' | 'readStore' | 'definitions' | 'owner' | 'notice'>

export function projectionsCommand(): Command {
  const projections = new Command('projections').description(
    'Read models: what stands, how far, and building anew',
  )
  projections.command('list').description('Every build, with position, lag and who feeds it').action(list)
  projections
    .command('lag')
    .description('Seconds that each projection is behind the log; exits with 1 beyond the limit')
    .option('--limit <seconds>', 'most that is fine', seconds, 60)
    .action(lag)
  projections
    .command('prepare')
    .description(
      'Build this release’s new versions beside a running older release, without letting them answer',
    )
    .action(prepare)
  projections
    .command('rebuild [name]')
    .option('--all', 'every projection, and the states and timers of every policy')
    .description(
      'Build a projection anew beside the one that answers, then let it take over; or the states and timers of ' +
        '`policy_<name>`, which sends nothing again; also while the server runs',
    )
    .action(rebuild)
  projections
    .command('parked <name>')
    .description('Events that wait because one of their key could not be folded')
    .action(parked)
  projections
    .command('retry <name> [key]')
    .description(
      'Fold what is parked again, of one key or all; a running server does it when it has the lease',
    )
    .action(retry)
  return projections
}

async function list(): Promise<void> {
  await withStores(async (shared) => {
    const rows = (await storedBuilds(shared.eventStore, shared.readStore)).map(toRow)
    printTable(['projection', 'version', 'build', 'status', 'position', 'lag', 'fed by'], rows)
  })
}

function toRow({
  projection,
  version,
  build,
  status,
  position,
  lagSeconds,
  owner,
  code,
}: StoredBuildStatus): string[] {
  const place = [projection, `v${version}`, `b${build}`, status, position]
  return [...place, `${lagSeconds.toFixed(1)} s`, code ?? owner ?? 'nobody']
}

async function lag({ limit }: { limit: number }): Promise<void> {
  await withStores(async ({ eventStore, readStore }) => {
    const builds = (await storedBuilds(eventStore, readStore)).filter(({ status }) => status !== 'building')
    for (const { projection, lagSeconds } of builds) print(`${projection}\t${lagSeconds.toFixed(3)}`)
    const missing = projectionRegistry.filter(
      ({ name }) => !builds.some(({ projection }) => projection === name),
    )
    for (const { name } of missing) print(`${name}\tnot built yet`)
    if (missing.length > 0 || builds.some(({ lagSeconds }) => lagSeconds > limit)) process.exitCode = 1
  })
}

async function prepare(): Promise<void> {
  await withStores(async (shared) => {
    const progress = new Progress('prepare', 'events')
    const started = Date.now()
    const status = await prepareProjections(shared, (builds) => {
      const handled = builds.reduce((sum, build) => sum + build.handled, 0)
      progress.show(0, handled, handled / Math.max(1, (Date.now() - started) / 1000), undefined)
    })
    progress.end()
    for (const { projection, version, state, message } of status)
      print(`${projection} v${version}: ${message ?? state}`)
  })
}

async function rebuild(given: string | undefined, { all = false }: { all?: boolean }): Promise<void> {
  if ((given === undefined) !== all) {
    throw new InvalidInput('PROJECTION.NOT_NAMED', 'Name one projection, or give --all')
  }
  for (const name of given === undefined ? everyName() : [given]) {
    const policy = policyRegistry.find((definition) => policyBuildName(definition) === name)
    await (policy ? rebuildPolicy(policy) : rebuildProjection(name))
    print(`${name} is rebuilt`)
  }
}

function everyName(): string[] {
  return [...projectionRegistry.map(({ name }) => name), ...policyRegistry.map(policyBuildName)]
}

async function rebuildPolicy(policy: AnyPolicy): Promise<void> {
  await withStores(
    async ({ definitions: _, ...shared }) => {
      const runner = new PolicyRunner({
        ...shared,
        policies: [policy],
        dispatch: async () => ({ outcome: 'retry', reason: 'the server sends commands' }),
      })
      await runner.start()
      try {
        await runner.rebuild(policy.name)
      } finally {
        await runner.stop()
      }
    },
    // Where a policy begins is kept beside the log.
    { readOnly: false },
  )
}

async function rebuildProjection(name: string): Promise<void> {
  await withStores(async (shared) => {
    const definitions = projectionRegistry.filter((definition) => definition.name === name)
    if (definitions.length === 0) throw unknownProjection(name)
    const runner = new ProjectionRunner({ ...shared, definitions, only: 'building' })
    const progress = new Progress(`rebuild ${name}`, 'events')
    await runner.start()
    try {
      await runner.rebuild(name, ({ share, events, eventsPerSecond, secondsLeft }) =>
        progress.show(share, events, eventsPerSecond, secondsLeft),
      )
    } finally {
      progress.end()
      await runner.stop()
    }
  })
}

async function parked(name: string): Promise<void> {
  await withRunner(name, async (runner) => {
    const events = await runner.parked(name)
    if (events.length === 0) return print(`nothing is parked in ${name}`)
    for (const event of events) print(JSON.stringify(event))
  })
}

async function retry(name: string, key?: string): Promise<void> {
  await withRunner(name, async (runner, { readStore }) => {
    await runner.start()
    try {
      const { replayed, stillParked } = await runner
        .retryParked(name, key)
        .catch((error: unknown) => askProjector(error, readStore, name, key))
      const left = stillParked.map((parked) => parked.key).join(', ') || 'nothing'
      print(`${replayed} events folded; still parked: ${left}`)
      if (stillParked.length > 0) process.exitCode = 1
    } finally {
      await runner.stop()
    }
  })
}

/** A running server has the lease: it does the work. */
function askProjector(
  error: unknown,
  readStore: ReadStore,
  name: string,
  key?: string,
): Promise<RetryOutcome> {
  if (!(error instanceof Unavailable) || error.code !== 'PROJECTION.NOT_HERE') throw error
  return new DistantProjector(readStore).retryParked(name, key)
}

function withRunner(
  name: string,
  work: (runner: ProjectionRunner, shared: Shared) => Promise<void>,
): Promise<void> {
  return withStores((shared) => {
    const definitions = projectionRegistry.filter((definition) => definition.name === name)
    if (definitions.length === 0) throw unknownProjection(name)
    return work(new ProjectionRunner({ ...shared, definitions, only: 'live' }), shared)
  })
}

async function withStores(work: (shared: Shared) => Promise<void>, { readOnly = true } = {}): Promise<void> {
  const stores = await storeSettings(readConfiguration(process.env))
  const eventStore = await openEventStore(stores, { readOnly, begin: false })
  const readStore = await openReadStore(stores)
  try {
    await work({
      eventStore,
      readStore,
      definitions: projectionRegistry,
      owner: leaseOwner('command-line'),
      notice: ({ level, message }) => level !== 'info' && console.error(message),
    })
  } finally {
    await readStore.close()
    await eventStore.close()
  }
}

function unknownProjection(name: string): NotFound {
  return new NotFound(
    'PROJECTION.UNKNOWN',
    `There is no projection "${name}"; there are: ${everyName().join(', ')}`,
  )
}
