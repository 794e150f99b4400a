export { readConnectionString } from './connection-string.js'
export {
  EventStoreDbEventStore,
  type EventStoreDbOptions,
  type MigratedEvent,
  openEventStoreDb,
} from './eventstoredb-event-store.js'
export type { NumberBlockReserved } from './number-blocks.js'
export type { ForeignEvent } from './stored-events.js'
