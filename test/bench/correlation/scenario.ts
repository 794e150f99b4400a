import { USUAL_SETTINGS } from '#projections/problem-correlation/linking'
import type { Traits } from '#projections/problem-correlation/traits'
import { FoldedView } from '../../../projections/problem-correlation/folded-view.fixture.js'
import {
  madeUpScenario,
  PLANTED_SIGNALS,
  type Scenario,
} from '../../../projections/problem-correlation/scenario.fixture.js'
import { seeded } from '../opening.js'

const SEED = 7
const SIZE = { noise: 4_000, groups: 25, items: 400 }

/** What a view is fed with when a signal is taken away. */
const WITHOUT: Readonly<Record<string, (stream: string, type: string) => boolean>> = {
  'without relations': (stream) => stream.startsWith('relation-'),
  'without changes': (_, type) => type === 'CiChanged',
}

/** How well planted causes are found by the signals that the export does not have; and when a signal is taken away. */
export function scenarioReport(): readonly string[] {
  const scenario = madeUpScenario(seeded(SEED), SIZE)
  const lines = [['everything', () => false] as const, ...Object.entries(WITHOUT)].map(
    ([name, isLeftOut]) => {
      const events = scenario.events.filter(({ stream, event }) => !isLeftOut(stream, event.type))
      return `  ${name.padEnd(20)}${foundBySignal({ ...scenario, events }).join('')}`
    },
  )
  return [
    `synthetic: ${SIZE.noise} unrelated incidents and ${SIZE.groups} planted groups of four for each signal (seed ${SEED})`,
    'of the three others of a group, asked of its last: share among the first three; and groups of which three or more are one candidate',
    `  ${''.padEnd(20)}${PLANTED_SIGNALS.map((signal) => signal.padStart(20)).join('')}`,
    ...lines,
  ]
}

function foundBySignal({ events, planted }: Scenario): string[] {
  const view = new FoldedView(USUAL_SETTINGS).foldAll(events)
  return PLANTED_SIGNALS.map((signal) => {
    const groups = planted.filter((group) => group.signal === signal)
    let [found, candidates] = [0, 0]
    for (const { incidents } of groups) {
      const members = incidents.flatMap((number) => view.incident(number) ?? [])
      const asked = members.reduce((a, b) => (b.traits.time > a.traits.time ? b : a)).traits as Traits
      const first = view.ranked(asked, view.listedWith(asked)).slice(0, 3)
      found += first.filter((number) => incidents.includes(number)).length / (incidents.length - 1)
      const counts = new Map<string, number>()
      for (const { candidate } of members)
        if (candidate !== undefined) counts.set(candidate, (counts.get(candidate) ?? 0) + 1)
      if (Math.max(0, ...counts.values()) >= 3) candidates++
    }
    return `${(found / groups.length).toFixed(2)}, ${candidates}/${groups.length}`.padStart(20)
  })
}
