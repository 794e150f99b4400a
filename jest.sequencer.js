import Sequencer from '@jest/test-sequencer'

/** What takes a minute or more, longest first: begun last, it would keep one processor waiting for the other. */
const LONG = [
  /figures\//,
  /schemathesis\.verify|alertmanager\.verify/,
  /faults\/scale-out-.*\.faults|power-loss\.faults|kills\.faults/,
  /e2e\/(canary|change-year|live-queue|demo|scale-out)\.spec/,
  /mongodb-read-store\.spec/,
  /broker-away\.spec|publishing\.spec/,
  /test\/(imports|migration|publishing)\//,
  /e2e\//,
]

/** Jest's own order, by what it remembers of earlier runs or else by size, but the long ones first. */
export default class LongFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const found = LONG.findIndex((pattern) => pattern.test(path))
      return found === -1 ? LONG.length : found
    }
    return super.sort(tests).sort((one, other) => rank(one) - rank(other))
  }
}
