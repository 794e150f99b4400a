import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson, type Position } from '#libs/event-sourcing'
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
 * Waits until every read model that answers has handled the whole log, also what policies write meanwhile: a query waits for
 * its own only, and a server that is stopped does not go on to the end.
 */
export async function untilAllLevel(eventStore: EventStore, readStore: ReadStore): Promise<void> {
  await eventually(
    'every read model is level with the log',
    async () => (await behind(readStore, await eventStore.head())).length === 0,
    30_000,
  )
}

async function behind(readStore: ReadStore, head: Position): Promise<string[]> {
  const builds = await readStore.builds()
  const level = builds.filter(({ status, checkpoint }) => status === 'live' && checkpoint?.position === head)
  const names = new Set(level.map(({ projection }) => projection))
  return projectionRegistry.map(({ name }) => name).filter((name) => !names.has(name))
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
