import config from './jest.config.js'

/** Checks of the HTTP contract by tools from outside (npm, PyPI, Debian), so `npm test` leaves them out. */
export default {
  ...config,
  roots: ['<rootDir>/test'],
  testMatch: ['**/contract/*.verify.ts'],
  testTimeout: 600_000,
}
