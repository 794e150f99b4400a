export { leaseOwner } from '../lease-owner.js'
export { BuildWriteBack } from './build-write-back.js'
export { openSqliteReadStore, SqliteReadStore, type SqliteReadStoreOptions } from './sqlite-read-store.js'
