export * from './decider-handlers.js'
