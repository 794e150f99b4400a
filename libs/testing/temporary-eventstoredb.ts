import { randomUUID } from 'node:crypto'
import {
  type EventStoreDbEventStore,
  type EventStoreDbOptions,
  openEventStoreDb,
} from '#libs/event-store/eventstoredb'
import {
  type EventStoreDouble,
  type EventStoreDoubleOptions,
  startEventStoreDouble,
} from './eventstoredb/index.js'

export interface TemporaryEventStoreDb {
  readonly double: EventStoreDouble
  readonly store: EventStoreDbEventStore
  readonly namespace: string
  /** The log once more, as another process would open it. */
  open(options?: Partial<EventStoreDbOptions>): Promise<EventStoreDbEventStore>
  /** Closes all stores, then the double. */
  dispose(): Promise<void>
}

/** An empty log in a namespace of its own, on a double of its own. */
export async function temporaryEventStoreDb(
  server: EventStoreDoubleOptions,
  options: Partial<EventStoreDbOptions> = {},
): Promise<TemporaryEventStoreDb> {
  const double = await startEventStoreDouble(server)
  const namespace = `test-${randomUUID()}`
  const stores: EventStoreDbEventStore[] = []
  const open = async (more: Partial<EventStoreDbOptions> = {}) => {
    const store = await openEventStoreDb({ url: double.url, namespace, ...options, ...more })
    stores.push(store)
    return store
  }
  return {
    double,
    store: await open(),
    namespace,
    open,
    async dispose() {
      await Promise.all(stores.map((store) => store.close()))
      await double.stop()
    },
  }
}
