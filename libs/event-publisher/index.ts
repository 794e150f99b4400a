export * from './event-publisher.js'
export * from './publisher-runner.js'
export { topicStanding } from './topic-standing.js'
