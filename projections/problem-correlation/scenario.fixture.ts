import type { DomainEvent } from '#libs/event-sourcing'
import type { IncidentFields } from '../../src/incidents/domain/incident.events.js'

/** An event as it is to be recorded. */
export interface ScenarioEvent {
  stream: string
  event: DomainEvent
  /** Milliseconds since 1970. */
  at: number
}

/** Planted groups of incidents with one cause, by the signal that alone tells them from the others. */
export const PLANTED_SIGNALS = ['ci', 'upstream', 'change', 'words'] as const
export type PlantedSignal = (typeof PLANTED_SIGNALS)[number]

export interface Scenario {
  /** In the order of time. */
  events: readonly ScenarioEvent[]
  /** Numbers of incidents with one cause. */
  planted: readonly { signal: PlantedSignal; incidents: readonly string[] }[]
}

const START = Date.UTC(2026, 0, 5)
const DAY = 86_400_000
const THINGS = ['printer', 'mail client', 'laptop', 'telephone', 'badge reader', 'screen', 'dock', 'browser']
const TROUBLES = ['does not start', 'is slow', 'shows an error', 'forgets settings', 'is too loud', 'freezes']
const RARE = [
  'quokka',
  'turbine',
  'ledger',
  'viaduct',
  'saffron',
  'kiln',
  'tidal',
  'gantry',
  'mosaic',
  'pylon',
]

/**
 * A made-up estate and its incidents over sixty days, the same for the same random numbers: `noise` of them have nothing to do with
 * each other, and for each signal there are `groups` groups of four that have one cause.
 * @param random 32-bit numbers
 */
export function madeUpScenario(
  random: () => number,
  { noise, groups, items }: { noise: number; groups: number; items: number },
): Scenario {
  const events: ScenarioEvent[] = []
  const planted: { signal: PlantedSignal; incidents: readonly string[] }[] = []
  const pick = <Item>(list: readonly Item[]) => list[random() % list.length] as Item
  const item = (n: number) => `CI${String(n).padStart(7, '0')}`
  const within = () => START + DAY + (random() % (60 * DAY))
  let count = 0
  const open = (at: number, fields: Partial<IncidentFields>) => {
    const number = `INC${String(++count).padStart(7, '0')}`
    const title = `${pick(THINGS)} ${pick(TROUBLES)}`
    const data = { title, category: `category-${random() % 12}`, ...fields, audience: { kind: 'public' } }
    events.push({ stream: `incident-${number}`, event: { type: 'IncidentOpened', data }, at })
    return number
  }
  const relate = (source: number, target: number) => {
    const data = { type: 'depends-on', source: { ci: item(source) }, target: { ci: item(target) } }
    events.push({
      stream: `relation-${source}-${target}`,
      event: { type: 'CiRelated', data },
      at: START,
    })
  }
  for (let n = 0; n < noise; n++) open(within(), { primaryCi: item(1 + (random() % items)) })
  for (let g = 0; g < groups; g++) {
    const own = (place: number) => items + 1 + g * 20 + place
    const at = within()
    const soon = () => at + (random() % (2 * DAY))
    const four = (fieldsOf: (n: number) => Partial<IncidentFields>) =>
      [0, 1, 2, 3].map((n) => open(soon(), fieldsOf(n)))
    planted.push({ signal: 'ci', incidents: four(() => ({ primaryCi: item(own(0)) })) })
    for (let n = 0; n < 4; n++) relate(own(1 + n), own(5))
    planted.push({ signal: 'upstream', incidents: four((n) => ({ primaryCi: item(own(1 + n)) })) })
    const change = `CHG${String(g + 1).padStart(7, '0')}`
    for (let n = 0; n < 4; n++) {
      const touched = { changes: {}, change }
      events.push({
        stream: `ci-${item(own(6 + n))}`,
        event: { type: 'CiChanged', data: touched },
        at: at - 3_600_000,
      })
    }
    planted.push({ signal: 'change', incidents: four((n) => ({ primaryCi: item(own(6 + n)) })) })
    const words = `${RARE[g % RARE.length]} ${RARE[(g * 3 + 1) % RARE.length]} ${pick(TROUBLES)} ${g}x${g}`
    planted.push({ signal: 'words', incidents: four(() => ({ title: words })) })
  }
  return { events: events.sort((a, b) => a.at - b.at), planted }
}
