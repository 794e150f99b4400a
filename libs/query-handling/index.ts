export * from './query.js'
