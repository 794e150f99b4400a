export { leaseOwner } from '../lease-owner.js'
export { MongodbReadStore, type MongodbReadStoreOptions, openMongodbReadStore } from './mongodb-read-store.js'
