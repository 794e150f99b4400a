export { databaseName, MongodbConnection, type MongodbOptions } from './connection.js'
