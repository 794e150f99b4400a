export * from './event-publisher.js'
export * from './publisher-runner.js'
