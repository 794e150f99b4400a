import { randomUUID } from 'node:crypto'
import { type TemporaryEventStoreDb, temporaryEventStoreDb } from '../../testing/temporary-eventstoredb.js'
import { newEvent } from '../event-store.contract.js'
import type { AppendOutcome, EventStore } from '../event-store.js'

const series = { streamPrefix: 'incident-', format: (n: number) => `INC${n}` }

describe('an append under load', () => {
  let log: TemporaryEventStoreDb
  /** Streams that somebody read. */
  let reads: string[]

  beforeEach(async () => {
    log = await temporaryEventStoreDb({ profile: '23.10' }, { liveTail: { busy: 2, patienceMs: 20_000 } })
    reads = []
    const server = log.double.log
    const readable = server.readable.bind(server)
    jest.spyOn(server, 'readable').mockImplementation((stream) => {
      reads.push(stream)
      return readable(stream)
    })
  })
  afterEach(() => log.dispose())

  const opened = (n: number) => ({
    stream: `incident-${n}`,
    expectedRevision: 'noStream' as const,
    events: [newEvent('Opened', { n }), newEvent('Assigned', { n })],
  })

  /** One after the other. */
  async function appendInTurn(from: number, count: number, store: EventStore = log.store) {
    const outcomes: AppendOutcome[] = []
    for (let n = from; n < from + count; n++) outcomes.push(await store.append(opened(n)))
    return outcomes
  }

  /** From here on the log is followed: within one second, since they are sent at once. */
  async function makeBusy(): Promise<void> {
    await Promise.all(Array.from({ length: 10 }, (_, n) => log.store.append(opened(-1 - n))))
    reads.length = 0
  }

  async function expectAsStored(outcomes: readonly AppendOutcome[], from: number): Promise<void> {
    for (const [index, outcome] of outcomes.entries()) {
      expect(outcome).toMatchObject({ kind: 'appended', last: { revision: 1 } })
      const events = await log.store.readStream(`incident-${from + index}`)
      expect((outcome as { events: unknown }).events).toEqual(events)
    }
  }

  it('answers what is stored without reading it', async () => {
    await makeBusy()
    const outcomes = await appendInTurn(0, 30)
    expect(reads).toEqual([])
    await expectAsStored(outcomes, 0)
  })

  it('reads, and does not follow the log, while little is appended', async () => {
    await appendInTurn(0, 5, await log.open({ liveTail: undefined }))
    expect(reads.filter((stream) => stream.includes('incident-'))).toHaveLength(5)
  })

  it('reads when what it follows has ended, and follows anew', async () => {
    await makeBusy()
    log.double.faults.endSubscriptions()
    const outcomes = await appendInTurn(0, 3)
    expect(reads).not.toEqual([])
    await expectAsStored(outcomes, 0)
    await makeBusy()
    await appendInTurn(3, 10)
    expect(reads).toEqual([])
  })

  it('numbers keyed records without a read', async () => {
    const create = () => {
      const command = randomUUID()
      return log.store.appendNumbered({
        series,
        claim: {
          stream: `key-${command}`,
          event: (number) => ({ ...newEvent('NumberClaimed', { number }), id: command }),
        },
        events: (number) => [newEvent('Opened', { number })],
      })
    }
    await create()
    await makeBusy()
    const outcomes = [await create(), await create(), await create()]
    expect(reads).toEqual([])
    for (const outcome of outcomes) {
      const { number, events } = outcome as Extract<typeof outcome, { kind: 'appended' }>
      expect(await log.store.readStream(`incident-${number}`)).toEqual(events)
    }
  })

  it("gives the first request's events to another that comes with the same ids, at once and later", async () => {
    await makeBusy()
    const id = randomUUID()
    const request = (requestHash: string) => {
      const event = newEvent('Opened', { by: requestHash })
      const events = [{ ...event, id, metadata: { ...event.metadata, requestHash } }]
      return { stream: 'incident-keyed', expectedRevision: 'noStream' as const, events }
    }
    const other = await log.open()
    const outcomes = await Promise.all([
      ...['a', 'b', 'c'].map((hash) => log.store.append(request(hash))),
      ...['d', 'e'].map((hash) => other.append(request(hash))),
    ])
    outcomes.push(await log.store.append(request('f')))
    const stored = await log.store.readStream('incident-keyed')
    expect(stored).toHaveLength(1)
    for (const outcome of outcomes) expect((outcome as { events: unknown }).events).toEqual(stored)
    const { by } = stored[0]!.data as { by: string }
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((hash, index) =>
      hash === by ? [] : [outcomes[index]!.kind],
    )
    expect(others.flat()).toEqual(Array(5).fill('alreadyAppended'))
  })

  it('answers all callers when the store closes', async () => {
    await makeBusy()
    const under = Promise.all(Array.from({ length: 20 }, (_, n) => log.store.append(opened(100 + n))))
    await log.store.close()
    expect((await under).map(({ kind }) => kind)).toEqual(Array(20).fill('appended'))
  })
})
