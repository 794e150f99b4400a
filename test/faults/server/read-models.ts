import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import {
  type AnyProjection,
  collectionSchemas,
  ProjectionRunner,
  type ReadModelDefinition,
} from '#libs/projections-runtime'
import { all, type ProjectionReader, type ReadStore } from '#libs/read-store'
import { openSqliteReadStore } from '#libs/read-store/sqlite'
import { projectionRegistry } from '#projections/registry'
import { eventually } from '../../../libs/testing/eventually.js'

/** A busy machine makes it late, and only what never comes is a fault. */
const LEVEL_WITHIN_MS = 120_000

/** Every document of every read model, as text, positions aside. */
export type Contents = Map<string, string>

/** What the builds that answer hold. */
export async function contentsOf(readStore: ReadStore): Promise<Contents> {
  const contents: Contents = new Map()
  for (const definition of projectionRegistry) {
    const reader = await readStore.liveReader(definition.name)
    if (!reader) throw new Error(`${definition.name} does not answer`)
    for (const { name } of collectionSchemas(definition as AnyProjection)) {
      for await (const { id, document, stale } of documents(reader, name)) {
        contents.set(`${definition.name}/${name}/${id}`, canonicalJson({ document, stale }))
      }
    }
  }
  return contents
}

async function* documents(reader: ProjectionReader, collection: string) {
  const limit = 1_000
  for (let last: string | undefined; ; ) {
    const after = last === undefined ? undefined : { values: [], id: last }
    const page = await reader.find<object>(collection, { filter: all, orderBy: [], limit, after })
    yield* page
    if (page.length < limit) return
    last = page.at(-1)!.id
  }
}

/**
 * Waits until every read model that answers, and every policy, has handled the whole log: a query waits for its own only, a
 * server that is stopped does not go on to the end, and a policy that has not handled all may write more.
 */
export async function untilAllLevel(eventStore: EventStore, readStore: ReadStore): Promise<void> {
  let late: string[] = []
  const allLevel = async () => {
    late = await behind(eventStore, readStore)
    return late.length === 0
  }
  await eventually('every read model and policy is level with the log', allLevel, LEVEL_WITHIN_MS).catch(
    (error: unknown) => {
      throw new Error(`Behind the log: ${late.join(', ') || 'none'}`, { cause: error })
    },
  )
}

/** What stands elsewhere than at the log's end, in words. */
async function behind(eventStore: EventStore, readStore: ReadStore): Promise<string[]> {
  const builds = (await readStore.builds()).filter(({ status }) => status === 'live')
  // Read last: what a policy writes is in the log before it stands where it wrote it
  const head = await eventStore.head()
  const late = builds.filter(({ checkpoint }) => checkpoint?.position !== head)
  const live = new Set(builds.map(({ projection }) => projection))
  const missing = projectionRegistry.filter(({ name }) => !live.has(name))
  return [
    ...missing.map(({ name }) => `${name} does not answer`),
    ...late.map(
      ({ projection, checkpoint, lease }) =>
        `${projection} at ${checkpoint?.position} of ${head}, fed by ${lease?.owner ?? 'nobody'}`,
    ),
  ]
}

/** What a fresh build from the whole log holds. */
export async function rebuiltContents(
  eventStore: EventStore,
  definitions: readonly ReadModelDefinition[] = projectionRegistry,
): Promise<Contents> {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-rebuilt-'))
  const readStore = openSqliteReadStore({ folder })
  const runner = new ProjectionRunner({ eventStore, readStore, definitions, owner: 'test' })
  try {
    await runner.start()
    await eventually('rebuilt', () => runner.isLevel(), 60_000)
    return await contentsOf(readStore)
  } finally {
    await runner.stop()
    await readStore.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @returns what differs, in words */
export function differences(a: Contents, b: Contents): string[] {
  const keys = new Set([...a.keys(), ...b.keys()])
  return [...keys]
    .filter((key) => a.get(key) !== b.get(key))
    .map((key) => `${key}: ${a.get(key) ?? 'nothing'} and ${b.get(key) ?? 'nothing'}`)
}

/** Checkpoints, of read models and policies, that name an event which the log does not have at that position. */
export async function foreignCheckpoints(readStore: ReadStore, eventStore: EventStore): Promise<string[]> {
  const foreign: string[] = []
  for (const { projection, checkpoint } of await readStore.builds()) {
    if (!checkpoint || checkpoint.eventId === '') continue
    const known = await eventStore.eventIdAt(checkpoint.position)
    if (checkpoint.logId !== eventStore.logId || known !== checkpoint.eventId) {
      foreign.push(
        `${projection} stands at ${checkpoint.position}, event ${checkpoint.eventId}, not ${known}`,
      )
    }
  }
  return foreign
}
