import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { ReadStore } from '#libs/read-store'
import { openEventStore, openReadStore } from '../../../src/runtime/stores.js'

/** A data folder of a server, at which a test may look from outside. */
export class DataFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'ledgerdesk-data-'))

  /** Runs `work` with the log open, beside a running server or not. */
  async withLog<Result>(work: (store: EventStore) => Promise<Result>): Promise<Result> {
    const store = await openEventStore({ dataDir: this.path })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  async withReadModels<Result>(work: (store: ReadStore) => Promise<Result>): Promise<Result> {
    const store = await openReadStore({ dataDir: this.path })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  /** The whole log. */
  events(): Promise<readonly RecordedEvent[]> {
    return this.withLog(async (store) => (await store.readAll({ after: LOG_START, limit: 1e7 })).events)
  }

  dispose(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
