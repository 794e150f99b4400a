export * from './filter.js'
export * from './query-rules.js'
export * from './read-store.js'
