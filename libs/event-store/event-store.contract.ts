import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { type EventMetadata, LOG_START, type NewEvent, type RecordedEvent } from '#libs/event-sourcing'
import { recordSuite } from '../testing/suite-record.js'
import { type EventStore, type LogBatch, type LogFilter, MAX_APPEND_BYTES } from './event-store.js'

/** A store of its own for each test, what it runs on (with the version), and how to be rid of it. */
export type MakeEventStore = () => Promise<{ store: EventStore; server: string; dispose(): Promise<void> }>

/** An event to append; metadata may be given in part. */
export function newEvent(
  type: string,
  data: unknown = {},
  metadata: Partial<Omit<EventMetadata, 'recordedAt'>> = {},
): NewEvent {
  return {
    id: randomUUID(),
    type,
    data,
    metadata: {
      actor: 'user-anna',
      channel: 'api',
      occurredAt: '2026-01-31T09:00:00.000Z',
      commandId: randomUUID(),
      correlationId: randomUUID(),
      schemaVersion: 1,
      ...metadata,
    },
  }
}

const incidents = { streamPrefix: 'incident-', format: (n: number) => `INC${String(n).padStart(7, '0')}` }

/** What the port promises, of whatever adapter. */
export function eventStoreContract(name: string, makeStore: MakeEventStore): void {
  const title = `${name} keeps the event store's contract`
  describe(title, () => {
    let store: EventStore
    let server: string
    let dispose: () => Promise<void>
    beforeEach(async () => {
      ;({ store, server, dispose } = await makeStore())
    })
    afterEach(() => dispose())
    recordSuite(title, () => ({ adapter: store, server }))

    const open = (stream: string, ...types: string[]) =>
      store.append({ stream, expectedRevision: 'noStream', events: types.map((type) => newEvent(type)) })

    describe('appending', () => {
      it('records the events with place and time, as every reader finds them', async () => {
        const events = [
          newEvent('IncidentOpened', { title: 'Drucker brennt – 火', tags: ['a', 'b'], gone: undefined }),
          newEvent('IncidentAssigned', { group: 'network' }, { reason: 'on call', causationId: 'c' }),
        ]
        const before = Date.now()
        const outcome = await store.append({ stream: 'incident-1', expectedRevision: 'noStream', events })
        if (outcome.kind !== 'appended') throw new Error(outcome.kind)

        expect(
          outcome.events.map(({ id, type, stream, revision }) => ({ id, type, stream, revision })),
        ).toEqual(events.map(({ id, type }, revision) => ({ id, type, stream: 'incident-1', revision })))
        expect(outcome.events[0]!.data).toEqual({ title: 'Drucker brennt – 火', tags: ['a', 'b'] })
        expect(outcome.events[1]!.metadata).toMatchObject(events[1]!.metadata)
        for (const { position, metadata } of outcome.events) {
          expect(position).toMatch(/^\d{20}$/)
          expect(Date.parse(metadata.recordedAt)).toBeGreaterThanOrEqual(before)
        }
        expect(await store.readStream('incident-1')).toEqual(outcome.events)
        expect((await store.readAll({ after: LOG_START, limit: 10 })).events).toEqual(outcome.events)
        expect(await store.head()).toBe(outcome.events[1]!.position)
        expect(await store.eventIdAt(outcome.events[1]!.position)).toBe(events[1]!.id)
      })

      it('goes on from the expected revision only', async () => {
        await open('incident-1', 'A', 'B')
        const at = (expectedRevision: number | 'noStream') =>
          store.append({ stream: 'incident-1', expectedRevision, events: [newEvent('C')] })
        expect(await at('noStream')).toEqual({ kind: 'conflict', actual: 1 })
        expect(await at(0)).toEqual({ kind: 'conflict', actual: 1 })
        expect(await at(2)).toEqual({ kind: 'conflict', actual: 1 })
        expect((await at(1)).kind).toBe('appended')
        expect(await store.readStream('incident-1')).toHaveLength(3)
      })

      it('says that a stream does not exist', async () => {
        const outcome = await store.append({
          stream: 'incident-1',
          expectedRevision: 0,
          events: [newEvent('A')],
        })
        expect(outcome).toEqual({ kind: 'conflict', actual: -1 })
        expect(await store.head()).toBe(LOG_START)
      })

      it('answers a repeated append with the original events, also after later ones', async () => {
        const first = {
          stream: 'incident-1',
          expectedRevision: 'noStream' as const,
          events: [newEvent('A'), newEvent('B')],
        }
        const original = await store.append(first)
        if (original.kind !== 'appended') throw new Error(original.kind)
        const second = { stream: 'incident-1', expectedRevision: 1, events: [newEvent('C')] }
        await store.append(second)

        const repeated = await store.append(first)
        expect(repeated).toMatchObject({ kind: expect.stringMatching(/^(alreadyAppended|appended)$/) })
        expect(repeated).toMatchObject({ events: original.events })
        expect(await store.readStream('incident-1')).toHaveLength(3)
      })

      it('takes a known event followed by a new one for a conflict', async () => {
        const known = newEvent('A')
        await store.append({ stream: 'incident-1', expectedRevision: 'noStream', events: [known] })
        const outcome = await store.append({
          stream: 'incident-1',
          expectedRevision: 'noStream',
          events: [known, newEvent('B')],
        })
        expect(outcome).toEqual({ kind: 'conflict', actual: 0 })
      })

      it('lets exactly one of many win that expect the same revision', async () => {
        const outcomes = await Promise.all(Array.from({ length: 20 }, () => open('incident-1', 'A')))
        expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(1)
        expect(outcomes.filter(({ kind }) => kind === 'conflict')).toHaveLength(19)
        expect(await store.readStream('incident-1')).toHaveLength(1)
      })

      it('does not let a bad append fail its neighbours', async () => {
        const settled = await Promise.allSettled([
          open('incident-1', 'A'),
          store.append({
            stream: 'incident-2',
            expectedRevision: 'noStream',
            events: [newEvent('A'), newEvent('')],
          }),
          store.append({ stream: 'incident-3', expectedRevision: 7, events: [newEvent('A')] }),
          open('incident-4', 'A'),
        ])
        expect(settled.map((one) => (one.status === 'fulfilled' ? one.value.kind : one.reason.code))).toEqual(
          ['appended', 'APPEND.INVALID', 'conflict', 'appended'],
        )
        expect((await store.readAll({ after: LOG_START, limit: 9 })).events).toHaveLength(2)
      })

      it.each<[string, { stream?: string; expectedRevision?: number; events?: NewEvent[] }]>([
        ['an id that is no UUID', { events: [{ ...newEvent('A'), id: 'abc' }] }],
        ['an empty type', { events: [newEvent('')] }],
        ['a reserved stream', { stream: '$incident-1' }],
        ['a stream without a kind', { stream: 'incident' }],
        ['no events', { events: [] }],
        ['a negative revision', { expectedRevision: -1 }],
        ['a broken revision', { expectedRevision: 0.5 }],
      ])('refuses %s', async (_what, part) => {
        const request = { stream: 'incident-1', expectedRevision: 0, events: [newEvent('A')], ...part }
        await expect(store.append(request)).rejects.toMatchObject({
          name: 'InvalidInput',
          code: 'APPEND.INVALID',
        })
        expect(await store.head()).toBe(LOG_START)
      })

      it('refuses what is too large, naming the field, and takes what is just not', async () => {
        const sized = (length: number) => [
          newEvent('CommentAdded', { short: 'x', text: 'ä'.repeat(length / 2) }),
        ]
        const append = (stream: string, length: number) =>
          store.append({ stream, expectedRevision: 'noStream', events: sized(length) })
        await expect(append('incident-1', MAX_APPEND_BYTES)).rejects.toMatchObject({
          name: 'TooLarge',
          code: 'APPEND.TOO_LARGE',
          message: expect.stringContaining('"text" of CommentAdded'),
        })
        expect((await append('incident-1', MAX_APPEND_BYTES - 1_000)).kind).toBe('appended')
      })

      it('appends many requests, each by itself', async () => {
        const outcomes = await store.appendMany([
          { stream: 'incident-1', expectedRevision: 'noStream', events: [newEvent('A')] },
          { stream: 'incident-1', expectedRevision: 0, events: [newEvent('B'), newEvent('C')] },
          { stream: 'incident-1', expectedRevision: 0, events: [newEvent('D')] },
          { stream: 'incident-1', expectedRevision: 2, events: [newEvent('E')] },
        ])
        expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'appended', 'conflict', 'appended'])
        expect((await store.readStream('incident-1')).map(({ type }) => type)).toEqual(['A', 'B', 'C', 'E'])
      })

      it('appends many requests in the order of the log, when that is asked for', async () => {
        const streams = Array.from({ length: 40 }, (_, n) => `incident-${n}`)
        const request = (stream: string) =>
          ({ stream, expectedRevision: 'noStream', events: [newEvent('A')] }) as const
        await store.appendMany(streams.map(request), 'log')
        const { events } = await store.readAll({ after: LOG_START, limit: 100 })
        expect(events.map(({ stream }) => stream)).toEqual(streams)
      })
    })

    describe('numbered appends', () => {
      const number = (claim?: string) =>
        store.appendNumbered({
          series: incidents,
          claim: claim === undefined ? undefined : claimOf(claim),
          events: (given) => [newEvent('IncidentOpened', { number: given })],
        })
      const claimOf = (stream: string) => ({
        stream,
        event: (given: string) => newEvent('NumberClaimed', { number: given }),
      })
      const numberOf = (outcome: Awaited<ReturnType<typeof number>>) => {
        if (outcome.kind === 'unknown') throw outcome.cause
        return outcome.number
      }

      it('gives each its own number, which its events and its stream bear', async () => {
        const outcomes = await Promise.all(Array.from({ length: 30 }, () => number()))
        const numbers = outcomes.map(numberOf)
        expect(new Set(numbers).size).toBe(30)
        for (const given of numbers) {
          expect((await store.readStream(`incident-${given}`)).map(({ data }) => data)).toEqual([
            { number: given },
          ])
        }
      })

      it('skips a number whose stream exists', async () => {
        const first = numberOf(await number())
        const digits = Number(first.slice(3))
        for (const taken of [digits + 1, digits + 2])
          await open(`incident-${incidents.format(taken)}`, 'Imported')
        const next = numberOf(await number())
        expect([first, incidents.format(digits + 1), incidents.format(digits + 2)]).not.toContain(next)
        expect(await store.readStream(`incident-${next}`)).toHaveLength(1)
      })

      it('gives the same claim the same number, however often it is asked at once', async () => {
        const outcomes = await Promise.all(Array.from({ length: 20 }, () => number('key-1')))
        expect(new Set(outcomes.map(numberOf)).size).toBe(1)
        expect(outcomes.filter(({ kind }) => kind === 'appended').length).toBeLessThanOrEqual(1)
        expect((await store.readStream('key-1')).map(({ type }) => type)).toEqual(['NumberClaimed'])
        const other = await number('key-2')
        expect(numberOf(other)).not.toBe(numberOf(outcomes[0]!))
      })

      it('writes nothing when its events cannot be built', async () => {
        const build = () => {
          throw new Error('no such group')
        }
        await expect(
          store.appendNumbered({ series: incidents, claim: claimOf('key-3'), events: build }),
        ).rejects.toThrow('no such group')
        expect((await number('key-3')).kind).toBe('appended')
      })
    })

    describe('reading a stream', () => {
      const revisions = async (options?: Parameters<EventStore['readStream']>[1]) =>
        (await store.readStream('incident-1', options)).map(({ revision }) => revision)

      it('goes both ways, from anywhere, in part', async () => {
        await open('incident-1', 'A', 'B', 'C', 'D')
        expect(await revisions()).toEqual([0, 1, 2, 3])
        expect(await revisions({ from: 2 })).toEqual([2, 3])
        expect(await revisions({ from: 1, limit: 2 })).toEqual([1, 2])
        expect(await revisions({ from: 9 })).toEqual([])
        expect(await revisions({ direction: 'backwards' })).toEqual([3, 2, 1, 0])
        expect(await revisions({ direction: 'backwards', from: 2, limit: 2 })).toEqual([2, 1])
        expect(await revisions({ limit: 0 })).toEqual([])
      })

      it('finds nothing in a stream that does not exist', async () => {
        expect(await revisions()).toEqual([])
        expect(await revisions({ direction: 'backwards' })).toEqual([])
      })

      it('gives back streams longer than any page', async () => {
        const events = Array.from({ length: 2_500 }, (_, n) => newEvent('Counted', { n }))
        await store.append({ stream: 'incident-1', expectedRevision: 'noStream', events })
        const all = await revisions()
        expect(all).toEqual(events.map((_, n) => n))
        expect(await revisions({ direction: 'backwards' })).toEqual([...all].reverse())
      })
    })

    describe('reading the log', () => {
      const streams = ['incident-INC0000010', 'incident-INC0000020', 'problem-PRB1', 'key-1', 'incidental-1']
      const types = ['Opened', 'Assigned', 'Closed']
      let everything: RecordedEvent[]
      beforeEach(async () => {
        const revisions = new Map<string, number>()
        for (let n = 0; n < 60; n++) {
          const stream = streams[(n * 7) % streams.length]!
          const revision = revisions.get(stream)
          await store.append({
            stream,
            expectedRevision: revision ?? 'noStream',
            events: [newEvent(types[(n * 5) % types.length]!, { n })],
          })
          revisions.set(stream, (revision ?? -1) + 1)
        }
        everything = (await store.readAll({ after: LOG_START, limit: 1_000 })).events
      })

      it('rises in position, and never falls in recordedAt', () => {
        expect(everything).toHaveLength(60)
        for (const [i, event] of everything.entries()) {
          const before = everything[i - 1]
          if (!before) continue
          expect(event.position > before.position).toBe(true)
          expect(event.metadata.recordedAt >= before.metadata.recordedAt).toBe(true)
        }
      })

      it('reads the same in pages of any size, with any filter, as the filter of everything', async () => {
        const prefix = fc.constantFrom(
          'incident-',
          'problem-',
          'key-',
          'asset-',
          'incident-INC00000',
          'incident-INC0000010',
        )
        await fc.assert(
          fc.asyncProperty(
            fc.option(fc.uniqueArray(prefix, { maxLength: 4 }), { nil: undefined }),
            fc.option(fc.uniqueArray(fc.constantFrom(...types, 'Reopened')), { nil: undefined }),
            fc.integer({ min: 1, max: 70 }),
            fc.integer({ min: -1, max: 59 }),
            fc.option(fc.integer({ min: 0, max: 59 }), { nil: undefined }),
            async (prefixes, wanted, limit, start, stop) => {
              const after = everything[start]?.position ?? LOG_START
              const upTo = stop === undefined ? undefined : everything[stop]!.position
              const expected = everything.filter(
                (event) =>
                  event.position > after &&
                  event.position <= (upTo ?? event.position) &&
                  (prefixes?.some((one) => event.stream.startsWith(one)) ?? true) &&
                  (wanted?.includes(event.type) ?? true),
              )
              const read = await readPages({ prefixes, types: wanted }, after, limit, upTo)
              expect(read).toEqual(expected)
            },
          ),
          { numRuns: 60 },
        )
      })

      async function readPages(filter: LogFilter, start: string, limit: number, upTo?: string) {
        const read: RecordedEvent[] = []
        for (let after = start, end = false; !end; ) {
          const page = await store.readAll({ ...filter, after, limit, upTo })
          expect(page.events.length).toBeLessThanOrEqual(limit)
          expect(page.position >= (page.events.at(-1)?.position ?? after)).toBe(true)
          read.push(...page.events)
          after = page.position
          end = page.end
        }
        return read
      }

      it('refuses a position it never gave', async () => {
        const unknown = `9${(await store.head()).slice(1)}`
        await expect(store.readAll({ after: unknown, limit: 1 })).rejects.toMatchObject({
          name: 'InvalidInput',
          code: 'POSITION.UNKNOWN',
        })
        await expect(store.readAll({ after: 'yesterday', limit: 1 })).rejects.toMatchObject({
          code: 'POSITION.MALFORMED',
        })
        expect(await store.eventIdAt(unknown)).toBeUndefined()
      })

      it('tells when what follows a position was recorded', async () => {
        for (const position of [LOG_START, everything[30]!.position, everything.at(-1)!.position])
          for (const prefixes of [undefined, ['problem-'], ['nobody-']]) {
            const isNext = (event: RecordedEvent) =>
              event.position > position &&
              (!prefixes || prefixes.some((prefix) => event.stream.startsWith(prefix)))
            const next = everything.find(isNext)
            expect(await store.recordedAfter(position, prefixes)).toBe(next?.metadata.recordedAt)
          }
        const unknown = `9${(await store.head()).slice(1)}`
        await expect(store.recordedAfter(unknown)).rejects.toMatchObject({ code: 'POSITION.UNKNOWN' })
      })

      it('finds the last position not later than a time', async () => {
        const last = everything.at(-1)!
        expect(await store.positionAt(last.metadata.recordedAt)).toBe(last.position)
        expect(await store.positionAt('2000-01-01T00:00:00Z')).toBe(LOG_START)
        const middle = everything[30]!.metadata.recordedAt
        const expected = everything.filter(({ metadata }) => metadata.recordedAt <= middle).at(-1)!
        expect(await store.positionAt(middle)).toBe(expected.position)
        await expect(store.positionAt('teatime')).rejects.toMatchObject({ code: 'TIME.MALFORMED' })
      })
    })

    describe('subscriptions', () => {
      it('give what is there and then what comes, with the filter, until the signal', async () => {
        await open('incident-1', 'A')
        await open('problem-1', 'A')
        const abort = new AbortController()
        const seen: RecordedEvent[] = []
        const following = (async () => {
          for await (const batch of store.subscribe({
            after: LOG_START,
            prefixes: ['incident-'],
            signal: abort.signal,
          })) {
            seen.push(...batch.events)
            if (seen.length === 3) abort.abort()
          }
        })()
        await until(() => seen.length === 1)
        await open('incident-2', 'A')
        await open('problem-2', 'A')
        await open('incident-3', 'A')
        await following
        expect(seen.map(({ stream }) => stream)).toEqual(['incident-1', 'incident-2', 'incident-3'])
      })

      it('say that they have caught up, and move on over events that the filter leaves out', async () => {
        const abort = new AbortController()
        const batches: LogBatch[] = []
        const following = (async () => {
          const started = Date.now()
          for await (const batch of store.subscribe({
            after: LOG_START,
            prefixes: ['incident-'],
            signal: abort.signal,
          })) {
            expect(batch.checkedAt).toBeGreaterThanOrEqual(started)
            batches.push(batch)
          }
        })()
        await until(() => batches.at(-1)?.end === true)
        await open('problem-1', 'A')
        const head = await store.head()
        await until(() => batches.at(-1)?.position === head)
        expect(batches.flatMap(({ events }) => events)).toEqual([])
        abort.abort()
        await following
      })

      it('fetch only when asked, and then lose and double nothing', async () => {
        const abort = new AbortController()
        const seen: number[] = []
        const following = (async () => {
          for await (const { events } of store.subscribe({
            after: LOG_START,
            batchSize: 7,
            signal: abort.signal,
          })) {
            expect(events.length).toBeLessThanOrEqual(7)
            await new Promise((resolve) => setTimeout(resolve, 2))
            seen.push(...events.map(({ data }) => (data as { n: number }).n))
            if (seen.length >= 200) abort.abort()
          }
        })()
        for (let n = 0; n < 200; n++) {
          await store.append({
            stream: `incident-${n}`,
            expectedRevision: 'noStream',
            events: [newEvent('A', { n })],
          })
        }
        await following
        expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => n))
      })
    })

    describe('the rest', () => {
      it('keeps metadata of streams', async () => {
        expect(await store.getStreamMetadata('incident-1')).toEqual({})
        await store.setStreamMetadata('incident-1', { retention: 'P7Y' })
        await store.setStreamMetadata('incident-1', { retention: 'P10Y', audience: ['auditors'] })
        expect(await store.getStreamMetadata('incident-1')).toEqual({
          retention: 'P10Y',
          audience: ['auditors'],
        })
        expect(await store.readStream('incident-1')).toEqual([])
      })

      it('has an id of its own', async () => {
        expect(store.logId).toMatch(/^[0-9a-f-]{36}$/)
        const other = await makeStore()
        expect(other.store.logId).not.toBe(store.logId)
        await other.dispose()
      })

      it('finishes what is under way before it closes', async () => {
        const pending = Promise.all([open('incident-1', 'A'), open('incident-2', 'A')])
        await store.close()
        expect((await pending).map(({ kind }) => kind)).toEqual(['appended', 'appended'])
        await expect(open('incident-3', 'A')).rejects.toMatchObject({ name: 'Unavailable' })
      })
    })
  })
}

/** Waits until something holds; the test's own time-out ends it otherwise. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1))
}
