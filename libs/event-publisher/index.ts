export * from './event-publisher.js'
export { withListedChanges, withListedFields } from './listed-fields.js'
export * from './publisher-runner.js'
export { topicStanding } from './topic-standing.js'
