export { MongodbReadStore, type MongodbReadStoreOptions, openMongodbReadStore } from './mongodb-read-store.js'
