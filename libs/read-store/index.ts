export * from './filter.js'
export * from './read-store.js'
