export { databaseName, faultOfMongodbUrl, MongodbConnection, type MongodbOptions } from './connection.js'
