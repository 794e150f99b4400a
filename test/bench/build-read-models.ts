import pino from 'pino'
import { ProjectionRunner } from '#libs/projections-runtime'
import { leaseOwner } from '#libs/read-store/sqlite'
import { projectionRegistry } from '#projections/registry'
import { Rebuilder } from '../../src/runtime/rebuilder.js'
import { openEventStore, openReadStore } from '../../src/runtime/stores.js'
import { SupervisedThread } from '../../src/runtime/threads.js'

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
  const rebuilder = new Rebuilder(data, logger)
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
