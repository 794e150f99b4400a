export type { StoredEvent } from './event-log.js'
export { EventStoreDouble, type EventStoreDoubleOptions, startEventStoreDouble } from './eventstore-double.js'
export type { Faults } from './faults.js'
export type { Profile } from './protocol.js'
