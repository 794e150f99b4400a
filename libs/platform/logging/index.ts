export * from './logging.js'
