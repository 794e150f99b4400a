import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { forkEventStoreDouble } from '../../libs/testing/eventstoredb/fork-double.js'
import { dropNamespace, freshNamespace, mongodbServers } from '../../libs/testing/mongodb-servers.js'

const ROOT = resolve(__dirname, '../..')
const DOUBLE = join(ROOT, 'dist/libs/testing/eventstoredb/double-process.js')

/** What a deployment under test consists of. */
export interface Deployment {
  /** Of this test alone; empty in a scale-out. */
  readonly dataDir: string
  /** Variables that name the stores, with their prefix. */
  readonly environment: Readonly<Record<string, string>>
  /** Roles of its processes, the one that serves the API last. */
  readonly roles: readonly string[]
  /** Process of the EventStoreDB double, when there is one: to be frozen by signals. */
  readonly double?: { readonly pid: number }
  dispose(): Promise<void>
}

export type Shape = 'embedded' | 'scale-out'

/** The shape that `E2E_SHAPE` asks for: `embedded` (default) or `scale-out`. */
export function wantedShape(): Shape {
  const shape = process.env.E2E_SHAPE || 'embedded'
  if (shape !== 'embedded' && shape !== 'scale-out')
    throw new Error(`E2E_SHAPE=${shape}: there are embedded and scale-out`)
  return shape
}

/** An empty deployment: a folder, or a namespace of its own on the servers of a scale-out. */
export function deploy(shape: Shape = wantedShape()): Promise<Deployment> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledgerdesk-test-'))
  return shape === 'embedded' ? embedded(dataDir) : scaleOut(dataDir)
}

async function embedded(dataDir: string): Promise<Deployment> {
  return {
    dataDir,
    environment: { LEDGERDESK_DATA_DIR: dataDir },
    roles: ['all'],
    dispose: async () => rmSync(dataDir, { recursive: true, force: true }),
  }
}

/**
 * EventStoreDB: the server of `EVENTSTORE_URL`, else a double in a process of its own. MongoDB: the server of
 * `MONGODB_URL`, else the protocol server of `MONGODB_PROTOCOL_URL`.
 */
async function scaleOut(dataDir: string): Promise<Deployment> {
  const [mongodb] = mongodbServers()
  if (!mongodb)
    throw new Error(
      'A scale-out needs MONGODB_URL, or MONGODB_PROTOCOL_URL as printed by test/servers/mongo-java-server.sh',
    )
  if (!existsSync(DOUBLE)) throw new Error('There is no dist: run `npm run build` first')
  const { EVENTSTORE_URL } = process.env
  const double = EVENTSTORE_URL ? undefined : await forkEventStoreDouble(DOUBLE, { profile: '23.10' })
  const namespace = freshNamespace()
  return {
    dataDir,
    environment: {
      LEDGERDESK_DATA_DIR: dataDir,
      LEDGERDESK_NAMESPACE: namespace,
      LEDGERDESK_EVENTSTORE_URL: EVENTSTORE_URL || double!.url,
      LEDGERDESK_MONGODB_URL: mongodb.url,
      // The protocol server is slow: a burst takes the projector longer than a person would wait
      LEDGERDESK_PROJECTION_WAIT_MS: '30000',
    },
    roles: ['projector', 'api'],
    double,
    async dispose() {
      await double?.stop()
      // The protocol server can crash when a database goes that somebody has just read, and its data go with it anyway
      if (mongodb.atomic) await dropNamespace(mongodb, namespace)
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
