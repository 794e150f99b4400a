export * from './excerpt.js'
export { HitCollector, hitCursor } from './hit-collector.js'
export * from './search-schema.js'
export { LONGEST_SEARCH, parseSearch, type SearchTerm } from './search-terms.js'
