export { leaseOwner } from '../lease-owner.js'
export { openSqliteReadStore, SqliteReadStore, type SqliteReadStoreOptions } from './sqlite-read-store.js'
export { WriteBack } from './write-back.js'
