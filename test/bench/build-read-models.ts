import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { laterPosition, toPosition } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { ProjectionRunner } from '#libs/projections-runtime'
import { leaseOwner } from '#libs/read-store/sqlite'
import { projectionRegistry } from '#projections/registry'
import { Projector } from '../../src/runtime/projector.js'
import { Rebuilder } from '../../src/runtime/rebuilder.js'
import { openEventStore, openReadStore } from '../../src/runtime/stores.js'
import { SupervisedThread } from '../../src/runtime/threads.js'

const LEVEL_POLL_MS = 100

export interface Taken {
  seconds: number
  /** Of all threads; what else the machine does is not in it. */
  processorSeconds: number
}

export function stopwatch(): () => Taken {
  const start = performance.now()
  const used = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(used)
    return { seconds: (performance.now() - start) / 1_000, processorSeconds: (user + system) / 1e6 }
  }
}

/**
 * Builds read models of a log as a running server does, on its rebuild threads.
 * @param names of projections and views; default: all there are
 * @returns what it took, the start of the threads included
 */
export async function buildReadModels(
  dataDir: string,
  names: readonly string[] = projectionRegistry.map(({ name }) => name),
): Promise<Taken> {
  const eventStore = await openEventStore({ dataDir }, { readOnly: true })
  const readStore = await openReadStore({ dataDir })
  const runner = new ProjectionRunner({
    eventStore,
    readStore,
    owner: 'bench',
    definitions: projectionRegistry,
    only: 'building',
    notice: ({ level, message }) => level !== 'info' && console.error(message),
  })
  // The first build of a projection answers at once: with it there, the next is a rebuild beside it.
  for (const name of names) await runner.rebuild(name)
  const data = (name: string) => ({ stores: { dataDir }, owner: leaseOwner(name) })
  const stop = stopwatch()
  const logger = pino({ level: 'warn' })
  const rebuilder = new Rebuilder(data, logger, () => {})
  const upkeepScript = new URL('../../src/runtime/upkeep-thread.js', import.meta.url)
  const upkeep = new SupervisedThread(upkeepScript, data('upkeep'), logger)
  const rebuilt = Promise.all(names.map((name) => runner.rebuild(name)))
  rebuilder.start(names)
  await rebuilt
  const taken = stop()
  await rebuilder.stop()
  await upkeep.stop()
  await runner.stop()
  await readStore.close()
  await eventStore.close()
  return taken
}

/**
 * Lets all read models and policies that are not built yet begin with the last event of the log, as if those before were no concern
 * of theirs: a server then has nothing to build beside what is measured. What such a read model answers is worth nothing.
 */
export async function beginOthersAtTheEnd(dataDir: string): Promise<void> {
  const eventStore = await openEventStore({ dataDir })
  const readStore = await openReadStore({ dataDir })
  const projector = new Projector({
    eventStore: await withoutAllButTheLast(eventStore),
    readStore,
    owner: 'bench',
    dispatch: async () => ({ outcome: 'done' }),
    notice: ({ level, message }) => level !== 'info' && console.error(message),
  })
  await projector.start()
  const head = await eventStore.head()
  const isLevel = async () => {
    const { projections, policies } = await projector.status()
    return [...projections, ...policies].every(({ position }) => position >= head)
  }
  while (!(await isLevel())) await sleep(LEVEL_POLL_MS)
  await projector.stop()
  await readStore.close()
  await eventStore.close()
}

async function withoutAllButTheLast(eventStore: EventStore): Promise<EventStore> {
  const before = toPosition(BigInt(await eventStore.head()) - 1n)
  const { readAll } = eventStore
  eventStore.readAll = (options) =>
    readAll.call(eventStore, { ...options, after: laterPosition(options.after, before) })
  return eventStore
}
