export { checkThroughPort, type LogFinding } from './check-through-port.js'
export * from './event-store.js'
