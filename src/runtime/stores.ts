import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BlobStore } from '#libs/blob-store'
import { openFolderBlobStore } from '#libs/blob-store/folder'
import { makeFolder, writeOnce } from '#libs/durable-files'
import { jsonCodec, Refused, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { ForeignEvent } from '#libs/event-store/eventstoredb'
import { openSqliteEventStore } from '#libs/event-store/sqlite'
import { type Configuration, ConfigurationError } from '#libs/platform/configuration'
import type { ReadStore } from '#libs/read-store'
import { openSqliteReadStore } from '#libs/read-store/sqlite'
import { eventUpcasters } from '../event-catalog.js'

// The clients of servers are loaded only when they are needed: a process, and each of its threads, would else take a second
// longer to start.

/** The servers of a scale-out. */
interface Servers {
  namespace: string
  eventstoreUrl: string
  mongodbUrl: string
}

/** Which stores: those of servers where they are given, else of the data folder. Goes to threads as it is. */
export interface StoreSettings {
  dataDir: string
  servers?: Servers
}

/** The stores that the configuration names. @throws ConfigurationError for a connection string that can’t be read */
export async function storeSettings({
  dataDir,
  namespace,
  eventstoreUrl,
  mongodbUrl,
}: Pick<Configuration, 'dataDir' | keyof Servers>): Promise<StoreSettings> {
  if (eventstoreUrl === undefined || mongodbUrl === undefined) return { dataDir }
  const { faultOfMongodbUrl } = await import('#libs/mongodb')
  const faults = {
    LEDGERDESK_EVENTSTORE_URL: await faultOfEventStoreUrl(eventstoreUrl),
    LEDGERDESK_MONGODB_URL: faultOfMongodbUrl(mongodbUrl),
  }
  const problems = Object.entries(faults).flatMap(([name, fault]) => (fault ? [`${name}=***: ${fault}`] : []))
  if (problems.length > 0) throw new ConfigurationError(problems)
  return { dataDir, servers: { namespace, eventstoreUrl, mongodbUrl } }
}

async function faultOfEventStoreUrl(url: string): Promise<string | undefined> {
  const { readConnectionString } = await import('#libs/event-store/eventstoredb')
  try {
    readConnectionString(url)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** Where things lie in the data folder. */
export function dataPaths({ dataDir }: Pick<StoreSettings, 'dataDir'>) {
  return {
    log: join(dataDir, 'log.db'),
    readModels: join(dataDir, 'read-models'),
    blobs: join(dataDir, 'blobs'),
    pageTokenKey: join(dataDir, 'page-token.key'),
  }
}

/** Whether the stores are files of this machine, which need upkeep and are nobody else's to feed. */
export function areFiles({ servers }: StoreSettings): boolean {
  return servers === undefined
}

export interface EventStoreOptions {
  /** For threads and commands that only read. */
  readOnly?: boolean
  /** Whether a log that is not there is begun, or refused and nothing is made. Default: begun, but not by who only reads. */
  begin?: boolean
  /** Files only: told of each group commit, how many events and how many seconds until they were durable. */
  onCommit?(events: number, seconds: number): void
  /** Servers only: told when a subscription ended, before it is begun again. */
  onDropped?(error: unknown): void
  /** Servers only: told, once per stream, of events under our prefix that somebody else wrote and that are skipped. */
  onForeign?(event: ForeignEvent): void
}

/**
 * Opens the log.
 * @throws ConfigurationError when its folder can't be made; Unavailable when its server is away; UnsuitableLog when the file is no log for this release; Refused
 *   `LOG.MISSING` when there is none and none is to be begun
 */
export async function openEventStore(
  { servers, ...files }: StoreSettings,
  { readOnly, begin = !readOnly, onCommit, onDropped, onForeign }: EventStoreOptions = {},
): Promise<EventStore> {
  const codec = jsonCodec(eventUpcasters)
  if (servers) {
    const { openEventStoreDb } = await import('#libs/event-store/eventstoredb')
    const { eventstoreUrl: url, namespace } = servers
    return openEventStoreDb({ url, namespace, codec, begin, onDropped, onForeign })
  }
  const { log: file } = dataPaths(files)
  if (!begin && !existsSync(file))
    throw new Refused('LOG.MISSING', `There is no log ${file}: LEDGERDESK_DATA_DIR names another folder`)
  if (begin) requireDataFolder(files)
  return openSqliteEventStore({ file, codec, readOnly, onCommit })
}

/** Makes the data folder, unless it is there. @throws ConfigurationError */
function requireDataFolder({ dataDir }: Pick<StoreSettings, 'dataDir'>): void {
  try {
    makeFolder(dataDir)
  } catch (error) {
    throw new ConfigurationError([
      `LEDGERDESK_DATA_DIR=${dataDir}: no folder can be made there (${(error as Error).message}); name one that can be written to`,
    ])
  }
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

/** Opens a store, for ever if need be: while its server is away it is tried again, and that is told. */
export async function awaitStore<Opened>(
  open: () => Promise<Opened>,
  settings: StoreSettings,
  onAway: (error: Unavailable) => void,
): Promise<Opened> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof Unavailable) || areFiles(settings)) throw error
      onAway(error)
      await sleep(pause)
    }
  }
}

/** Opens the read models; a server is connected to when first used. */
export async function openReadStore(
  { servers, ...files }: StoreSettings,
  { readOnly = false } = {},
): Promise<ReadStore> {
  if (!servers) return openSqliteReadStore({ folder: dataPaths(files).readModels, readOnly })
  const { openMongodbReadStore } = await import('#libs/read-store/mongodb')
  const { mongodbUrl: url, namespace } = servers
  return openMongodbReadStore({ url, namespace, readOnly })
}

/** Opens the attachments; a server is connected to when first used. `readOnly`: a folder that is missing is not made. */
export async function openBlobStore(
  { servers, ...files }: StoreSettings,
  { readOnly = false } = {},
): Promise<BlobStore> {
  if (!servers) return openFolderBlobStore(dataPaths(files).blobs, { readOnly })
  const { openGridfsBlobStore } = await import('#libs/blob-store/gridfs')
  const { mongodbUrl: url, namespace } = servers
  return openGridfsBlobStore({ url, namespace })
}

const PAGE_TOKEN_KEY = 'page-token-key'

/**
 * The key that seals page tokens, one for all processes that share the stores; made once.
 * @throws Unavailable when the read store's server is away
 */
export async function pageTokenKey(settings: StoreSettings): Promise<Uint8Array> {
  const file = dataPaths(settings).pageTokenKey
  // A log that was moved to servers takes the key of its folder along.
  const fresh = existsSync(file) ? readFileSync(file) : randomBytes(32)
  if (areFiles(settings)) {
    // Readable by the owner only
    if (!existsSync(file)) writeOnce(file, fresh, 0o600)
    return readFileSync(file)
  }
  const readStore = await openReadStore(settings)
  try {
    const { key } = await readStore.addNote(PAGE_TOKEN_KEY, { key: fresh.toString('base64') })
    return Buffer.from(key, 'base64')
  } finally {
    await readStore.close()
  }
}
