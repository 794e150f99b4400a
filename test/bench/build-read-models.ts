import { ProjectionRunner } from '#libs/projections-runtime'
import { openSqliteReadStore } from '#libs/read-store/sqlite'
import { projectionRegistry } from '#projections/registry'
import { openEventStore } from '../../src/runtime/stores.js'

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

/** Builds all read models of a log as a rebuild does, on this thread. @returns what it took, opening and closing aside */
export async function buildReadModels(dataDir: string, folder: string): Promise<Taken> {
  const eventStore = await openEventStore({ dataDir }, { readOnly: true })
  const readStore = openSqliteReadStore({ folder })
  const runner = new ProjectionRunner({
    eventStore,
    readStore,
    owner: 'bench',
    definitions: projectionRegistry,
    only: 'building',
    notice: ({ level, message }) => level !== 'info' && console.error(message),
  })
  const names = projectionRegistry.map(({ name }) => name)
  // The first build of a projection answers at once: with it there, the next is a rebuild beside it.
  for (const name of names) await runner.rebuild(name)
  const stop = stopwatch()
  await runner.start()
  await Promise.all(names.map((name) => runner.rebuild(name)))
  const taken = stop()
  await runner.stop()
  await readStore.close()
  await eventStore.close()
  return taken
}
