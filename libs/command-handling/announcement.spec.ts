import type { Principal } from '#libs/access'
import {
  Command,
  type CommandMetadata,
  type Decider,
  type DomainEvent,
  type Fact,
  fact,
  Refused,
} from '#libs/event-sourcing'
import { InMemoryEventStore } from '#libs/testing'
import { CommandExecutor, FactSource, type RecordType, StreamCache } from './index.js'

type Ended = DomainEvent<'Ended', { survivor: string }>
type Announced = DomainEvent<'Announced', object>
class End extends Command<'End', { survivor: string }> {
  readonly type = 'End'
}

type Seen = { own: Fact<string>; other: Fact<string>; survivor: Fact<boolean> }
const announcedAt = (id: string) =>
  fact<string, Announced>(`announced-${id}`, { initial: '', evolve: (_, { position }) => position })

/** Ends in favour of another, which must not be ended. */
const decider: Decider<boolean, End, Ended, Seen> = {
  streamPrefix: 'thing-',
  initial: false,
  evolve: () => true,
  facts: ({ id = '', data: { survivor } }) => ({
    own: announcedAt(id),
    other: announcedAt(survivor),
    survivor: fact<boolean, Ended>(`thing-${survivor}`, { initial: false, evolve: () => true }),
  }),
  decide({ data }, ended, { own, other, survivor }) {
    if (ended) return []
    if (survivor.value) throw new Refused('THING.ENDED', 'It has ended')
    if (other.value !== '' && (own.value === '' || other.value < own.value))
      throw new Refused('THING.ENDING', 'It is about to end')
    return [{ type: 'Ended', data }]
  },
}

const ann: Principal = { id: 'ann', grants: new Map([['agent', 'g']]), groups: new Set() }
let ids = 0
const metadata = (): CommandMetadata => ({
  actor: 'ann',
  channel: 'api',
  occurredAt: '2026-01-01T00:00:00.000Z',
  commandId: `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
  keyed: false,
  correlationId: 'c',
})

describe('What a command announces', () => {
  let store: InMemoryEventStore
  let executor: CommandExecutor
  beforeEach(() => {
    store = new InMemoryEventStore()
    executor = new CommandExecutor({
      store,
      facts: new FactSource(store, []),
      cache: new StreamCache(),
      schemaVersion: () => 1,
      principal: () => ann,
    })
  })

  const records = (announces: boolean): RecordType<boolean, End, Ended, Seen> => ({
    decider,
    rights: () => 'g',
    ...(announces && {
      announces: ({ id }: End) => ({
        stream: `announced-${id}`,
        event: { type: 'Announced', data: {} } satisfies Announced,
      }),
    }),
  })
  const end = (id: string, survivor: string, announces = true) =>
    executor.execute(records(announces), new End(id, { survivor }, metadata()))
  const hasEnded = async (id: string) => (await store.readStream(`thing-${id}`)).length > 0
  const announced = async (id: string) => (await store.readStream(`announced-${id}`)).length

  /** All at the same moment, each in favour of the next. @returns how many have ended */
  async function circle(names: readonly string[], announces: boolean): Promise<number> {
    await Promise.allSettled(names.map((name, n) => end(name, names[(n + 1) % names.length]!, announces)))
    const ended = await Promise.all(names.map(hasEnded))
    return ended.filter(Boolean).length
  }

  it('is met by whoever decides at the same time: of a circle one is left, and one has ended', async () => {
    for (let size = 2; size <= 5; size++) {
      const names = Array.from({ length: size }, (_, n) => `${size}-${n}`)
      const count = await circle(names, true)
      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(size)
    }
  })

  it('is needed: without it all of them end (counter-proof)', async () => {
    expect(await circle(['a', 'b'], false)).toBe(2)
  })

  it('is not written of what is refused or done already', async () => {
    await end('a', 'b')
    expect(await announced('a')).toBe(1)
    await end('a', 'b')
    await expect(end('b', 'a')).rejects.toMatchObject({ code: 'THING.ENDED' })
    expect([await announced('a'), await announced('b')]).toEqual([1, 0])
  })
})
