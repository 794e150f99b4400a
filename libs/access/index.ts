export * from './principal.js'
