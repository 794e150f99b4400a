export * from './definitions.js'
