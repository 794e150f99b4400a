import fc from 'fast-check'
import type { DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import type { LogBatch, SubscribeOptions } from '#libs/event-store'
import { appendEvents, EventFactory, InMemoryEventStore } from '#libs/testing'
import { DIRECTORY_PREFIXES, Directory } from './directory.js'
import type { DirectoryEvent } from './domain/directory.events.js'
import { type Follower, follow } from './follow.js'

const agent: DomainEvent = { type: 'RoleGranted', data: { role: 'agent', source: 'administrator' } }

function recorder(store: InMemoryEventStore, more: { onError?: (error: unknown) => void } = {}) {
  const seen: RecordedEvent[] = []
  const follower = follow(store, {
    prefixes: ['person-'],
    apply: (event) => seen.push(event),
    retryAfter: 5,
    ...more,
  })
  return { seen, follower }
}

async function reaching(follower: Follower, position: string): Promise<void> {
  for (let waited = 0; follower.position < position; waited++) {
    if (waited > 1000) throw new Error(`stays at ${follower.position}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

it('reads what is there, then follows, its own categories only', async () => {
  const store = new InMemoryEventStore()
  await appendEvents(store, 'person-ann', [agent])
  await appendEvents(store, 'incident-INC0000001', [agent])
  const { seen, follower } = recorder(store)
  await follower.ready
  expect(seen.map(({ stream }) => stream)).toEqual(['person-ann'])
  expect(follower.position).toBe(await store.head())
  await appendEvents(store, 'incident-INC0000001', [agent])
  await appendEvents(store, 'person-bob', [agent])
  await reaching(follower, await store.head())
  expect(seen.map(({ stream }) => stream)).toEqual(['person-ann', 'person-bob'])
  await follower.stop()
})

it('is ready on an empty log', async () => {
  const { follower } = recorder(new InMemoryEventStore())
  await follower.ready
  await follower.stop()
})

it('applies own events at once, and only once', async () => {
  const store = new InMemoryEventStore()
  const { seen, follower } = recorder(store)
  await follower.ready
  const own = await appendEvents(store, 'person-ann', [agent])
  follower.applyOwn(own)
  follower.applyOwn(own)
  expect(seen).toHaveLength(1)
  await reaching(follower, await store.head())
  follower.applyOwn(own)
  follower.applyOwn(await appendEvents(store, 'incident-INC0000001', [agent]))
  expect(seen).toHaveLength(1)
  await follower.stop()
})

it('goes on where it was when the store fails or a subscription ends', async () => {
  class Shaky extends InMemoryEventStore {
    tries = 0
    override async *subscribe(options: SubscribeOptions): AsyncGenerator<LogBatch> {
      this.tries++
      if (this.tries === 2) throw new Error('away')
      for await (const batch of super.subscribe({ ...options, batchSize: 1 })) {
        yield batch
        if (this.tries < 4) return
      }
    }
  }
  const store = new Shaky()
  const errors: unknown[] = []
  const { seen, follower } = recorder(store, { onError: (error) => errors.push(error) })
  await follower.ready
  for (let n = 0; n < 5; n++) await appendEvents(store, 'person-ann', [agent])
  await reaching(follower, await store.head())
  expect(seen.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4])
  expect(errors).toEqual([new Error('away')])
  await follower.stop()
})

it('says that it was stopped before it was ready', async () => {
  class Away extends InMemoryEventStore {
    override async head(): Promise<string> {
      throw new Error('away')
    }
  }
  const { follower } = recorder(new Away())
  await follower.stop()
  await expect(follower.ready).rejects.toThrow('Stopped')
})

describe('own events ahead of those of other processes', () => {
  const histories: Record<string, readonly DirectoryEvent[]> = {
    'person-ann': [
      { type: 'RoleGranted', data: { role: 'agent', source: 'administrator' } },
      { type: 'ApiTokenIssued', data: { tokenId: 't1', hash: 'a'.repeat(64), label: 'x' } },
      { type: 'RoleRevoked', data: { role: 'agent', source: 'administrator' } },
      { type: 'PersonDeactivated', data: {} },
      { type: 'PersonReactivated', data: {} },
      { type: 'RoleGranted', data: { role: 'agent', source: 'administrator' } },
      { type: 'ApiTokenIssued', data: { tokenId: 't2', hash: 'b'.repeat(64), label: 'x' } },
    ],
    'group-network': [
      { type: 'MemberAdded', data: { person: 'ann' } },
      { type: 'MemberRemoved', data: { person: 'ann' } },
      { type: 'GroupChanged', data: { manager: 'bob' } },
      { type: 'MemberAdded', data: { person: 'ann' } },
      { type: 'GroupChanged', data: { manager: null } },
    ],
  }

  /** A log that hands out its events one by one, when told to. */
  class Gated extends InMemoryEventStore {
    private readonly batches: LogBatch[] = []
    private arrived = () => {}
    handOut(event: RecordedEvent): void {
      this.batches.push({ events: [event], position: event.position, end: false, checkedAt: 0 })
      this.arrived()
    }
    override async *subscribe({ signal }: SubscribeOptions): AsyncGenerator<LogBatch> {
      signal?.addEventListener('abort', () => this.arrived())
      while (!signal?.aborted) {
        const batch = this.batches.shift()
        if (batch) yield batch
        else await new Promise<void>((resolve) => (this.arrived = resolve))
      }
    }
  }

  /** What the directory answers, which is all that anybody sees of it. */
  const answers = (directory: Directory) => ({
    principal: directory.principal('ann'),
    tokens: ['t1', 't2'].map((id) => directory.findToken(id)),
    groups: [...directory.groupsOf('ann')],
  })

  it('end in the order of the log', async () => {
    const cut = fc.record({
      stream: fc.constantFrom('person-ann', 'group-network'),
      own: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
    })
    await fc.assert(
      fc.asyncProperty(cut, async ({ stream, own }) => {
        const factory = new EventFactory(undefined, stream)
        const log = (histories[stream] ?? []).map((event) => factory.event(event))
        const expected = new Directory()
        for (const event of log) expected.apply(event)

        const directory = new Directory()
        const store = new Gated()
        const follower = follow(store, {
          prefixes: DIRECTORY_PREFIXES,
          apply: (event) => directory.apply(event),
        })
        await follower.ready
        follower.applyOwn(log.filter((_, index) => own[index]))
        for (const event of log) {
          store.handOut(event)
          await reaching(follower, event.position)
        }
        expect(answers(directory)).toEqual(answers(expected))
        await follower.stop()
      }),
      { numRuns: 60 },
    )
  })
})
