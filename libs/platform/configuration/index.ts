export * from './configuration.js'
