export { backupLog } from './backup-log.js'
export { checkLog, type LogFinding } from './check-log.js'
export { UnsuitableLog } from './schema.js'
export { openSqliteEventStore, SqliteEventStore, type SqliteEventStoreOptions } from './sqlite-event-store.js'
