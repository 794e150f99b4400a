/** Fakes intervals and nothing else: a store looks by itself for what others write on one, and all the rest goes on. */
export function fakeIntervals(): void {
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setTimeout'],
  })
}
