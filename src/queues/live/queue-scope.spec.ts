import { EventFactory } from '#libs/testing'
import { keysOf, numberOf } from './queue-scope.js'

const event = (stream: string, type: string, data: object = {}) =>
  new EventFactory().event({ type, data }, {}, stream)

it('an event of a record touches its entry', () => {
  expect(keysOf(event('incident-INC0000001', 'WorkStarted'))).toEqual(['incident-INC0000001'])
  expect(keysOf(event('problem-PRB0000001', 'ProblemFixStarted'))).toEqual(['problem-PRB0000001'])
})

it('one of a task touches that of the task as well, by the number that its row has', () => {
  const keys = keysOf(event('problem-PRB0000001', 'ProblemTaskStarted', { task: 'T2' }))
  expect(keys.map(numberOf)).toEqual(['PRB0000001', 'PRB0000001/T2'])
})
