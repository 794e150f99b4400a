import config from './jest.config.js'

/** Checks of the HTTP contract by tools from outside (npm, PyPI, Debian), so `npm test` leaves them out. */
export default {
  ...config,
  roots: ['<rootDir>/test'],
  testMatch: ['**/contract/*.verify.ts'],
  // They share two processors with all other tests of a run: Schemathesis takes four minutes alone, and was seen to take ten
  testTimeout: 1_800_000,
}
