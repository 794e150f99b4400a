import { comparable, differences } from './comparison.js'
import { type Json, recordedConversations } from './conversations.js'
import { type EventStoreDouble, type Profile, startEventStoreDouble } from './index.js'
import { PositionMap } from './position-map.js'
import { eventIdsOf, Replay, type ReplayedScenario } from './replay.js'

/** What is not sent as it was recorded; everything else is, byte by byte save for positions and deadlines. */
const NOT_SENT = {
  'append-too-large': ['Streams/BatchAppend: 6 requests whose bodies were not recorded (stand-ins sent)'],
  'persistent-subscription': [
    'PersistentSubscriptions/Create: the double has no such service',
    'PersistentSubscriptions/Create: the double has no such service',
    'PersistentSubscriptions/Read: the double has no such service',
    'PersistentSubscriptions/GetInfo: the double has no such service',
    'PersistentSubscriptions/Read: the double has no such service',
    'PersistentSubscriptions/Delete: the double has no such service',
    'PersistentSubscriptions/Delete: the double has no such service',
  ],
  deadline: ['Streams/BatchAppend: 1 requests whose bodies were not recorded (stand-ins sent)'],
}

/** Appends and other calls of all scenarios together that were sent and answered. */
const EXCHANGES = 119

const names: Record<Profile, string> = { '23.10': 'EventStoreDB 23.10.8', '26.1': 'KurrentDB 26.1.0' }

describe.each<Profile>(['23.10', '26.1'])('the double beside what a real server answered: %s', (profile) => {
  const recorded = recordedConversations(profile)
  const sentIds = new Set(
    recorded.flatMap(({ calls }) =>
      calls.flatMap(({ requests }) => requests.flatMap(({ message }) => eventIdsOf(message))),
    ),
  )
  let double: EventStoreDouble
  let replay: Replay
  const replayed = new Map<string, ReplayedScenario>()

  beforeAll(async () => {
    double = await startEventStoreDouble({ profile })
    replay = new Replay(`127.0.0.1:${double.port}`)
    for (const scenario of recorded) replayed.set(scenario.scenario, await replay.play(scenario))
  })

  afterAll(async () => {
    replay.close()
    await double.stop()
  })

  const sides = (scenario: string) => comparable(replayed.get(scenario)!, replay.positions, sentIds)

  it.each(recorded.map(({ scenario }) => scenario))(`${names[profile]}: %s`, (scenario) => {
    const { recorded, actual } = sides(scenario)
    expect(actual.length).toBeGreaterThan(0)
    expect(actual).toEqual(recorded)
  })

  it('gives positions in the recorded order', () => {
    expect(replay.positions.size).toBeGreaterThan(50)
    expect(replay.positions.disorder()).toEqual([])
    expect(replay.positions.moved()).toEqual([]) // records are as long as the real ones
  })

  it('was sent everything but what is named here', () => {
    const notSent = [...replayed].filter(([, { notSent }]) => notSent.length > 0)
    expect(Object.fromEntries(notSent.map(([scenario, { notSent }]) => [scenario, notSent]))).toEqual(
      NOT_SENT,
    )
    const exchanged = [...replayed.values()].flatMap(({ exchanges }) => exchanges)
    expect(exchanged.length).toBe(EXCHANGES)
  })

  describe('notices a planted difference', () => {
    const planted: [string, string, (recorded: Json) => void][] = [
      ['a revision', 'idempotent-prefix-only', (scenario) => set(scenario, 'currentRevision', '7')],
      ['a position out of order', 'read-stream', (scenario) => set(scenario, 'commitPosition', '9')],
      ['data', 'read-stream', (scenario) => set(scenario, 'data', 'e30=')],
      ['an event type', 'read-all', (scenario) => set(scenario, 'metadataMap', [['type', 'Other']])],
      ['an event id that a client sent', 'read-all', (scenario) => set(scenario, 'id', { string: 'x' }, 2)],
      ['the text of a status', 'delete-and-tombstone', (scenario) => set(scenario, 'details', 'Other.')],
      ['a trailer', 'delete-and-tombstone', (scenario) => set(scenario, 'exception', 'other')],
      ['a missing checkpoint', 'subscribe-all-prefix', (scenario) => set(scenario, 'checkpoint', undefined)],
      ['an error in a batch', 'append-too-large', (scenario) => set(scenario, 'streamIdentifier', {})],
    ]

    it.each(planted)('%s', (_what, scenario, plant) => {
      const { recorded, actual } = sides(scenario)
      const changed = copy(recorded)
      expect(differences({ recorded: changed, actual })).toEqual([])
      plant(changed as unknown as Json)
      expect(differences({ recorded: changed, actual }).length).toBeGreaterThan(0)
    })

    it('an answer too few and an answer too many', () => {
      const { recorded, actual } = sides('read-stream')
      const fewer = copy(recorded)
      fewer[1]!.responses.pop()
      expect(differences({ recorded: fewer, actual })).toEqual(['1 Streams/Read'])
      expect(differences({ recorded, actual: fewer })).toEqual(['1 Streams/Read'])
    })

    it('positions in another order', () => {
      const positions = new PositionMap()
      const at = (commitPosition: string): Json => ({ commitPosition })
      positions.learn([at('10'), at('20')], [at('2'), at('1')])
      expect(positions.disorder()).toEqual([[20n, 1n]])
    })
  })

  it('is told from the other release', async () => {
    const other = recordedConversations(profile === '23.10' ? '26.1' : '23.10')
    const reads = other.slice(
      0,
      other.findIndex(({ scenario }) => scenario === 'subscribe-stream'),
    )
    const fresh = await startEventStoreDouble({ profile })
    const replay = new Replay(`127.0.0.1:${fresh.port}`)
    const differing: string[] = []
    for (const scenario of reads) {
      const both = comparable(await replay.play(scenario), replay.positions, sentIds)
      if (differences(both).length > 0) differing.push(scenario.scenario)
    }
    replay.close()
    await fresh.stop()
    expect(differing).toEqual([
      'server-features-and-first-append',
      'append-too-large',
      'append-binary-and-odd-names',
      'read-stream',
      'read-all',
    ])
  })
})

const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value))

/** Changes the nth field of a name, wherever it is. */
function set(value: Json, name: string, to: Json | undefined, nth = 1): void {
  let left = nth
  const visit = (one: Json): void => {
    if (one === null || typeof one !== 'object') return
    for (const [key, field] of Object.entries(one)) {
      if (key === name && --left === 0) Object.assign(one, { [key]: to })
      else visit(field)
    }
  }
  visit(value)
}
