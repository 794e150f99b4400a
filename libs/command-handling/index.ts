export * from './command-executor.js'
export * from './fact-source.js'
export * from './rights.js'
export * from './stream-cache.js'
