import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropNamespace, mongodbServers, serverName } from '../../libs/testing/mongodb-servers.js'
import { type StoreSettings, storeSettings } from '../../src/runtime/stores.js'
import { startDouble } from './event-servers.js'
import type { Tokens } from './people.js'
import { runProgram } from './programs.js'
import { type Server, startLedgerdesk } from './servers.js'

export type Shape = 'embedded' | 'scale-out'
export const SHAPES: readonly Shape[] = ['embedded', 'scale-out']

/** An empty deployment with its people, and no process yet. */
export interface Deployment extends Tokens {
  shape: Shape
  namespace: string
  stores: StoreSettings
  /** What it runs on, for the report. */
  on: string
  /** Starts one process of it. */
  start(role: string, settings?: Readonly<Record<string, string>>): Promise<Server>
  /** After its processes have been stopped. */
  dispose(): Promise<void>
}

/** Why a shape cannot be measured here; undefined when it can. */
export function missingFor(shape: Shape): string | undefined {
  if (shape === 'embedded' || mongodbServers().length > 0) return undefined
  return 'a scale-out needs MONGODB_URL, or MONGODB_PROTOCOL_URL as printed by test/servers/mongo-java-server.sh'
}

/** A folder; or the double of EventStoreDB in a process of its own, and a namespace in MongoDB. */
export async function deploy(shape: Shape): Promise<Deployment> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledgerdesk-bench-'))
  const namespace = `bench-${randomBytes(4).toString('hex')}`
  const double = shape === 'scale-out' ? await startDouble({ profile: '26.1' }) : undefined
  const [mongodb] = mongodbServers()
  const servers = double && mongodb && { EVENTSTORE_URL: double.url, MONGODB_URL: mongodb.url }
  const stores = await storeSettings({
    dataDir,
    namespace,
    eventstoreUrl: servers?.EVENTSTORE_URL,
    mongodbUrl: servers?.MONGODB_URL,
  })
  const tokens = await runProgram<Tokens>('enrol', stores)
  return {
    ...tokens,
    shape,
    namespace,
    stores,
    on: servers ? `the double of KurrentDB 26.1; ${await serverName(mongodb!)}` : 'SQLite files',
    start: (role, settings) =>
      startLedgerdesk(
        { dataDir, administratorToken: tokens.administratorToken },
        { NAMESPACE: namespace, ROLE: role, ...servers, ...settings },
      ),
    async dispose() {
      await double?.stop()
      if (servers) await dropNamespace(mongodb!, namespace)
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
