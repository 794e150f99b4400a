import { type Principal, systemPrincipal } from '#libs/access'
import {
  Command,
  type CommandMetadata,
  type Decider,
  type DomainEvent,
  type Fact,
  Forbidden,
  fact,
  type RecordedEvent,
  Refused,
} from '#libs/event-sourcing'
import {
  type AppendOutcome,
  type AppendRequest,
  type EventStore,
  lastOf,
  type NumberedAppend,
  type NumberedOutcome,
} from '#libs/event-store'
import { temporaryEventStore } from '../testing/temporary-event-store.js'
import { CommandExecutor, FactSource, type RecordType, StreamCache } from './index.js'

type Added = DomainEvent<'Added', { amount: number; limit: number }>
type LimitSet = DomainEvent<'LimitSet', { limit: number }>
class Add extends Command<'Add', { amount: number }> {
  readonly type = 'Add'
}

/** A counter that may not pass a limit, which another stream says. */
const counter: Decider<number, Add, Added, { limit: Fact<number> }> = {
  streamPrefix: 'counter-',
  initial: 0,
  evolve: (total, event) => total + event.data.amount,
  facts: () => ({
    limit: fact<number, LimitSet>('settings-limit', {
      initial: 10,
      evolve: (_, event) => event.data.limit,
    }),
  }),
  decide({ data: { amount } }, total, { limit }) {
    if (total + amount > limit.value) throw new Refused('COUNTER.FULL', `at most ${limit.value}`)
    return amount === 0 ? [] : [{ type: 'Added', data: { amount, limit: limit.value } }]
  },
}

let ids = 0
const nextId = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`
function wish(overrides: Partial<CommandMetadata> = {}): CommandMetadata {
  return {
    actor: 'ann',
    channel: 'api',
    occurredAt: '2026-01-01T00:00:00.000Z',
    commandId: nextId(),
    keyed: false,
    correlationId: 'c',
    ...overrides,
  }
}

const ann: Principal = { id: 'ann', grants: new Map([['agent', 'grant-1']]), groups: new Set() }

function records(
  rights = (_: Principal): string | undefined => 'grant-1',
): RecordType<number, Add, Added, { limit: Fact<number> }> {
  return {
    decider: counter,
    numbers: { streamPrefix: 'counter-', format: (n) => `C${n}` },
    rights,
  }
}

describe('CommandExecutor', () => {
  let dispose: () => Promise<void>
  let store: EventStore
  const executorOn = (target: EventStore) =>
    new CommandExecutor({
      store: target,
      facts: new FactSource(target, ['settings-']),
      cache: new StreamCache(),
      schemaVersion: () => 1,
      principal: (id) => (id === 'ann' ? ann : id.startsWith('system:') ? systemPrincipal('x') : undefined),
    })
  let executor: CommandExecutor

  beforeEach(async () => {
    ;({ store, dispose } = await temporaryEventStore())
    executor = executorOn(store)
  })
  afterEach(() => dispose())

  const add = (id: string | undefined, amount: number, overrides?: Partial<CommandMetadata>, on = executor) =>
    on.execute(records(), new Add(id, { amount }, wish(overrides)))
  const amounts = async (stream = 'counter-A') =>
    (await store.readStream(stream)).map(({ data }) => (data as Added['data']).amount)

  it('answers with revision and position of what was stored, and says which grant allowed it', async () => {
    const receipt = await add('A', 3)
    const [event] = await store.readStream('counter-A')
    expect(receipt).toEqual({
      id: 'A',
      stream: 'counter-A',
      revision: 0,
      position: event!.position,
      outcome: 'appended',
    })
    expect(event!.metadata).toMatchObject({ actor: 'ann', grant: 'grant-1' })
    expect(event!.data).toEqual({ amount: 3, limit: 10 })
  })

  it('asks what the answers lead to, until nothing new comes of it', async () => {
    type Chain = Record<string, Fact<string>>
    const last = fact<string, DomainEvent<'Led', { to: string }>>('settings-', {
      initial: '',
      evolve: (_, event) => event.data.to,
    }).fold
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'c'],
    ])
      await store.append({
        stream: `settings-${from}`,
        expectedRevision: 'noStream',
        events: [
          {
            id: nextId(),
            type: 'Led',
            data: { to },
            metadata: { ...wish(), schemaVersion: 1 },
          },
        ],
      })
    const asked: string[][] = []
    const decider: Decider<number, Add, Added, Chain> = {
      ...counter,
      facts: () => ({ a: fact('settings-a', last) }),
      furtherFacts: (_, __, known) => {
        asked.push(Object.keys(known))
        const next = Object.values(known).map((answer) => answer?.value ?? '')
        return Object.fromEntries(
          next.filter((name) => name !== '').map((name) => [name, fact(`settings-${name}`, last)]),
        )
      },
      decide: (_, __, known) => [{ type: 'Added', data: { amount: Object.keys(known).length, limit: 0 } }],
    }
    await executor.execute({ ...records(), decider } as never, new Add('chain', { amount: 1 }, wish()))
    expect(asked).toEqual([['a'], ['a', 'b'], ['a', 'b', 'c']])
    expect(await amounts('counter-chain')).toEqual([3])
  })

  it('asks all questions of a round at once', async () => {
    const names = Array.from({ length: 50 }, (_, n) => `settings-${n}`)
    const read = store.readStream.bind(store)
    let underWay = 0
    let most = 0
    jest.spyOn(store, 'readStream').mockImplementation(async (...asked) => {
      most = Math.max(most, ++underWay)
      const events = await read(...asked)
      underWay--
      return events
    })
    const count = { initial: 0, evolve: (n: number) => n + 1 }
    const decider: Decider<number, Add, Added, Record<string, Fact<number>>> = {
      ...counter,
      facts: () => Object.fromEntries(names.map((name) => [name, fact(name, count)])),
      decide: (_, __, known) => [{ type: 'Added', data: { amount: Object.keys(known).length, limit: 0 } }],
    }
    await executor.execute({ ...records(), decider } as never, new Add('many', { amount: 1 }, wish()))
    expect(most).toBe(names.length)
    expect(await amounts('counter-many')).toEqual([names.length])
  })

  it('gives a repeat the first answer, also in another process, and refuses another request under the key', async () => {
    const key = { commandId: nextId(), keyed: true, requestHash: 'h1' }
    const first = await add('A', 3, key)
    await add('A', 1)
    expect(await add('A', 3, key)).toEqual({ ...first, outcome: 'repeated' })
    expect(await add('A', 3, key, executorOn(store))).toEqual({ ...first, outcome: 'repeated' })
    await expect(add('A', 3, { ...key, requestHash: 'h2' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY.REUSED',
    })
    expect(await amounts()).toEqual([3, 1])
  })

  it('creates one record for 50 parallel repeats of one key', async () => {
    const key = { commandId: nextId(), keyed: true, requestHash: 'h1' }
    const receipts = await Promise.all(Array.from({ length: 50 }, () => add(undefined, 3, key)))
    expect(new Set(receipts.map(({ id, revision, position }) => `${id} ${revision} ${position}`)).size).toBe(
      1,
    )
    expect(await amounts('counter-C1')).toEqual([3])
    expect(await store.readStream('counter-C2')).toEqual([])
  })

  it('answers a repeated create although it would be refused by now', async () => {
    const key = { commandId: nextId(), keyed: true, requestHash: 'h1' }
    const first = await add(undefined, 8, key)
    await setLimit(1)
    expect(await add(undefined, 8, key)).toEqual({ ...first, outcome: 'repeated' })
  })

  it('answers with the last number that a key was bound to', async () => {
    const key = { commandId: nextId(), keyed: true, requestHash: 'h1' }
    const first = await add(undefined, 8, key)
    const [claim] = await store.readStream(`key-${key.commandId}`)
    await store.append({
      stream: claim!.stream,
      expectedRevision: 0,
      events: [{ ...claim!, id: nextId(), data: { number: 'C7' } }],
    })
    const again = { ...(await store.readStream('counter-C1'))[0]!, id: nextId() }
    await store.append({ stream: 'counter-C7', expectedRevision: 'noStream', events: [again] })
    await setLimit(1)
    expect(first.id).toBe('C1')
    expect(await add(undefined, 8, key)).toMatchObject({ id: 'C7', outcome: 'repeated' })
  })

  describe('a create under an id of the caller’s choice', () => {
    const make = (id: string, overrides: Partial<CommandMetadata>, on = executor, amount = 1) =>
      on.execute({ ...records(), creates: 'Add' }, new Add(id, { amount }, wish(overrides)))
    const key = (requestHash: string) => ({
      commandId: `${'0'.repeat(8)}-0000-4000-9000-${keyed}`,
      keyed: true,
      requestHash,
    })
    let keyed = 100_000_000_000
    beforeEach(() => {
      keyed++
    })

    it('gives a repeat the first answer, and refuses another id or content under the key', async () => {
      const first = await make('A', key('a'))
      expect(await make('A', key('a'), executorOn(store))).toEqual({ ...first, outcome: 'repeated' })
      for (const on of [executor, executorOn(store)]) {
        await expect(make('B', key('b'), on)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY.REUSED' })
        await expect(make('A', key('c'), on)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY.REUSED' })
      }
      expect(await amounts('counter-B')).toEqual([])
    })

    it('makes one record for many requests at once under one key', async () => {
      const ids = ['A', 'B', 'C', 'A', 'B', 'C']
      const outcomes = await Promise.allSettled(ids.map((id) => make(id, key(id), executorOn(store))))
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
      expect((await Promise.all(['A', 'B', 'C'].map((id) => amounts(`counter-${id}`)))).flat()).toEqual([1])
    })

    it('goes on where a crash cut it off, and uses no key up by a refusal', async () => {
      await expect(make('A', key('a'), executor, 11)).rejects.toMatchObject({ code: 'COUNTER.FULL' })
      const cut = Object.assign(Object.create(store), {
        append: (request: AppendRequest) =>
          request.stream === 'counter-B' ? Promise.reject(new Error('cut off')) : store.append(request),
        readStream: (...args: Parameters<EventStore['readStream']>) => store.readStream(...args),
      }) as EventStore
      await expect(make('B', key('b'), executorOn(cut))).rejects.toThrow('cut off')
      await expect(make('A', key('a'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY.REUSED' })
      expect(await make('B', key('b'))).toMatchObject({ id: 'B', outcome: 'appended' })
    })
  })

  it('carries out commands on one record in order, however many come at once', async () => {
    await Promise.all(Array.from({ length: 10 }, () => add('A', 1)))
    expect(await amounts()).toEqual(Array(10).fill(1))
  })

  it('decides again after somebody else was first, and on a fresh read before it refuses', async () => {
    const other = executorOn(store)
    await add('A', 4)
    await add('A', 4, {}, other)
    // Decided on the cached 4 this would fit; the conflict shows that it does not.
    await expect(add('A', 5)).rejects.toMatchObject({ code: 'COUNTER.FULL' })
    await add('B', 9)
    await add('B', -9, {}, other)
    // Refused on the cached 9, allowed on the fresh 0.
    expect((await add('B', 5)).revision).toBe(2)
  })

  it('heeds the revision that the caller has seen', async () => {
    await add('A', 1)
    await expect(add('A', 1, { expectedRevision: 5 })).rejects.toMatchObject({ currentRevision: 0 })
    await expect(add('A', 1, { expectedRevision: 0 })).resolves.toMatchObject({ revision: 1 })
  })

  it('does nothing when there is nothing to do', async () => {
    await add('A', 1)
    expect(await add('A', 0)).toMatchObject({ revision: 0, outcome: 'unchanged' })
  })

  it('asks facts anew once their stream has moved', async () => {
    await add('A', 1)
    await setLimit(100)
    expect((await add('A', 50)).revision).toBe(1)
  })

  it('refuses strangers, and what the rights refuse', async () => {
    await expect(add('A', 1, { actor: 'eve' })).rejects.toMatchObject({ code: 'ACTOR.UNKNOWN' })
    const nobody = records(() => {
      throw new Forbidden('COUNTER.FORBIDDEN', 'no')
    })
    await expect(executor.execute(nobody, new Add('A', { amount: 1 }, wish()))).rejects.toMatchObject({
      code: 'COUNTER.FORBIDDEN',
    })
    expect(await amounts()).toEqual([])
  })

  it('repeats the very same append after an unknown outcome, and writes once', async () => {
    const doubtful = executorOn(losingAnswers(store))
    expect((await add('A', 2, {}, doubtful)).outcome).toBe('repeated')
    expect(await amounts()).toEqual([2])
  })

  it('does not repeat a create without a key, which would be given another number', async () => {
    const doubtful = executorOn(losingAnswers(store))
    await expect(add(undefined, 2, {}, doubtful)).rejects.toMatchObject({
      code: 'EVENT_STORE.OUTCOME_UNKNOWN',
    })
    expect(await amounts('counter-C1')).toEqual([2])
    expect(await store.readStream('counter-C2')).toEqual([])
  })

  it('refuses another request under the key when the store takes it for a repeat', async () => {
    const key = { commandId: nextId(), keyed: true }
    const forgetful = executorOn(knowingIdsOnly(store))
    await add('A', 1)
    await add('A', 1, {}, forgetful)
    // Both have the state before the other's command in their caches.
    const first = await add('A', 2, { ...key, requestHash: 'one' }, executorOn(store))
    await expect(add('A', 3, { ...key, requestHash: 'two' }, forgetful)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY.REUSED',
    })
    expect(await amounts()).toEqual([1, 1, 2])
    expect(await add('A', 2, { ...key, requestHash: 'one' }, forgetful)).toEqual({
      ...first,
      outcome: 'repeated',
    })
  })

  async function setLimit(limit: number): Promise<void> {
    const events = [
      { id: nextId(), type: 'LimitSet', data: { limit }, metadata: { ...wish(), schemaVersion: 1 } },
    ]
    const outcome = await store.append({ stream: 'settings-limit', expectedRevision: 'noStream', events })
    const { facts } = (executor as unknown as { options: { facts: FactSource } }).options
    if (outcome.kind === 'appended') facts.forget(outcome.events as RecordedEvent[])
  }
})

/** Takes events with known ids for what stands there, whatever they say, as EventStoreDB does. */
function knowingIdsOnly(store: EventStore): EventStore {
  return Object.assign(Object.create(store), {
    append: async (request: AppendRequest): Promise<AppendOutcome> => {
      const events = (await store.readStream(request.stream)).filter(({ id }) =>
        request.events.some((event) => event.id === id),
      )
      if (events.length < request.events.length) return store.append(request)
      return { kind: 'alreadyAppended', events, last: lastOf(events) }
    },
    readStream: (...args: Parameters<EventStore['readStream']>) => store.readStream(...args),
    logId: store.logId,
  }) as EventStore
}

/** The first answer of each append gets lost on its way back. */
function losingAnswers(store: EventStore): EventStore {
  const lost = new Set<string>()
  const lose = <O extends AppendOutcome | NumberedOutcome>(what: string, outcome: O) => {
    if (lost.has(what)) return outcome
    lost.add(what)
    return { kind: 'unknown', cause: new Error('lost') } as const
  }
  return Object.assign(Object.create(store), {
    append: async (request: AppendRequest) => lose(request.stream, await store.append(request)),
    appendNumbered: async (request: NumberedAppend) => lose('numbered', await store.appendNumbered(request)),
    readStream: (...args: Parameters<EventStore['readStream']>) => store.readStream(...args),
    logId: store.logId,
  }) as EventStore
}
