export { BuildWriteBack } from './build-write-back.js'
export { leaseOwner } from './lease-owner.js'
export { openSqliteReadStore, SqliteReadStore, type SqliteReadStoreOptions } from './sqlite-read-store.js'
