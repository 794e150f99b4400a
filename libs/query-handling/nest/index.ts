export * from './ask-handler.js'
