import config from './jest.config.js'

/** Fault tests need Linux tools (strace) and time, so `npm test` leaves them out. */
export default {
  ...config,
  testMatch: ['**/*.faults.ts'],
  testTimeout: 300_000,
  // They wait for what is due, for leases and for servers to come back, more than they work
  maxWorkers: 4,
}
