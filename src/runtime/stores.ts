import { join } from 'node:path'
import { jsonCodec } from '#libs/event-sourcing'
import {
  openSqliteEventStore,
  type SqliteEventStore,
  type SqliteEventStoreOptions,
} from '#libs/event-store/sqlite'
import type { Configuration } from '#libs/platform'
import { openSqliteReadStore, type SqliteReadStore } from '#libs/read-store/sqlite'
import { eventUpcasters } from '../event-catalog.js'

/** Where things lie in the data folder of the embedded shape. */
export function dataPaths({ dataDir }: Pick<Configuration, 'dataDir'>) {
  return {
    log: join(dataDir, 'log.db'),
    readModels: join(dataDir, 'read-models'),
    blobs: join(dataDir, 'blobs'),
    pageTokenKey: join(dataDir, 'page-token.key'),
  }
}

export function openEventStore(
  configuration: Pick<Configuration, 'dataDir'>,
  options: Pick<SqliteEventStoreOptions, 'readOnly' | 'onCommit'> = {},
): Promise<SqliteEventStore> {
  return openSqliteEventStore({
    file: dataPaths(configuration).log,
    codec: jsonCodec(eventUpcasters),
    ...options,
  })
}

export function openReadStore(
  configuration: Pick<Configuration, 'dataDir'>,
  { readOnly = false } = {},
): SqliteReadStore {
  return openSqliteReadStore({ folder: dataPaths(configuration).readModels, readOnly })
}
