import type { BuildState } from '#libs/read-store'
import { planBuilds } from './build-plan.js'

const NOW = Date.UTC(2026, 0, 1)
const build = (
  version: number,
  number: number,
  status: BuildState['status'],
  leasedFor?: number,
): BuildState => ({
  projection: 'tickets',
  version,
  build: number,
  status,
  checkpoint: undefined,
  lease:
    leasedFor === undefined
      ? undefined
      : { owner: 'x', number: 1, expiresAt: new Date(NOW + leasedFor).toISOString() },
})
const plan = (version: number, ...builds: BuildState[]) => {
  const { feed, drop, freeze, ...rest } = planBuilds(version, builds, NOW)
  const told = ({ version: of, build: number }: { version: number; build: number }) => `${of}/${number}`
  return { ...rest, feed: feed.map(told), drop: drop.map(told), freeze: freeze && told(freeze) }
}
const nothing = { feed: [], create: false, freeze: undefined, drop: [], superseded: false }

describe('what a runner does about a projection', () => {
  it.each([
    ['the first build is made', plan(1), { ...nothing, create: true }],
    ['the one that answers is fed', plan(1, build(1, 1, 'live')), { ...nothing, feed: ['1/1'] }],
    [
      'a rebuild is fed beside it',
      plan(1, build(1, 1, 'live'), build(1, 2, 'building')),
      { ...nothing, feed: ['1/1', '1/2'] },
    ],
    [
      'a new version freezes the old one and is built',
      plan(2, build(1, 1, 'live')),
      { ...nothing, create: true, freeze: '1/1' },
    ],
    [
      'a new version that was prepared is fed',
      plan(2, build(1, 1, 'frozen'), build(2, 1, 'building')),
      { ...nothing, feed: ['2/1'] },
    ],
    [
      'an older release keeps away',
      plan(1, build(2, 1, 'live'), build(1, 9, 'building')),
      { ...nothing, superseded: true },
    ],
    [
      'an older release goes on while a newer one is prepared',
      plan(1, build(1, 1, 'live'), build(2, 1, 'building')),
      { ...nothing, feed: ['1/1'] },
    ],
    [
      'rebuilds that were overtaken are dropped, unless somebody is still at it',
      plan(
        2,
        build(2, 3, 'live'),
        build(2, 2, 'building'),
        build(1, 5, 'building', 1),
        build(1, 6, 'building', -1),
      ),
      { ...nothing, feed: ['2/3'], drop: ['2/2', '1/6'] },
    ],
    [
      'of two rebuilds the later one counts',
      plan(1, build(1, 1, 'live'), build(1, 2, 'building'), build(1, 3, 'building')),
      { ...nothing, feed: ['1/1', '1/3'], drop: ['1/2'] },
    ],
  ])('%s', (_, actual, expected) => {
    expect(actual).toEqual(expected)
  })
})
