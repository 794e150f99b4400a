export * from './assert-answer.js'
export * from './same-verdict.js'
