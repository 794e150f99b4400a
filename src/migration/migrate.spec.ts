import { randomInt, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { type FolderBlobStore, openFolderBlobStore } from '#libs/blob-store/folder'
import { LOG_START, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { type EventStoreDbEventStore, openEventStoreDb } from '#libs/event-store/eventstoredb'
import { openSqliteEventStore } from '#libs/event-store/sqlite'
import { randomNumbers } from '#libs/random-numbers'
import { newEvent } from '../../libs/event-store/event-store.contract.js'
import { StreamNames } from '../../libs/event-store/eventstoredb/stream-names.js'
import { type EventStoreDouble, startEventStoreDouble } from '../../libs/testing/eventstoredb/index.js'
import { giveUp, type MigrationOptions, migrate } from './migrate.js'
import { type EmbeddedLog, embeddedLog } from './migration.fixture.js'

const all = async (store: EventStore): Promise<RecordedEvent[]> =>
  (await store.readAll({ after: LOG_START, limit: 100_000 })).events
/** Given again, it repeats the interruptions of a run. */
const SEED = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31))
/** All of an event but where it stands. */
const content = ({ position: _, ...rest }: RecordedEvent) => rest

describe.each(['23.10', '26.1'] as const)('moving a log to a server of %s', (profile) => {
  let double: EventStoreDouble
  let from: EmbeddedLog
  let target: FolderBlobStore
  let folder: string
  let namespace: string
  let opened: EventStore[]

  beforeEach(async () => {
    double = await startEventStoreDouble({ profile })
    from = await embeddedLog()
    await from.grow(40)
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-migrated-'))
    target = openFolderBlobStore(folder)
    namespace = `test-${randomUUID()}`
    opened = []
  })
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()))
    await double.stop()
    from.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  const options = (more: Partial<MigrationOptions> = {}): MigrationOptions => ({
    from,
    to: { url: double.url, namespace, blobs: target },
    ...more,
  })
  const keep = <Store extends EventStore>(store: Store): Store => {
    opened.push(store)
    return store
  }
  const source = async () => keep(await openSqliteEventStore({ file: from.log, readOnly: true }))
  const copy = async (): Promise<EventStoreDbEventStore> =>
    keep(await openEventStoreDb({ url: double.url, namespace }))

  it('keeps log id, order, ids, revisions, times and content, and all attachments', async () => {
    const hash = await from.attach('a screenshot')
    const report = await migrate(options())

    const [before, after] = [await source(), await copy()]
    expect(after.logId).toBe(from.logId)
    expect((await all(after)).map(content)).toEqual((await all(before)).map(content))
    expect(report).toMatchObject({
      logId: from.logId,
      events: 79,
      streams: 7,
      findings: [],
      attachments: { blobs: 1, damaged: [] },
      repeated: false,
    })
    expect(await text(await target.get(hash))).toBe('a screenshot')
    expect((await all(after))[0]!.metadata.recordedAt).toMatch(/^2019-03-01/)
    expect(await after.readStream('incident-INC0000003')).toHaveLength(12)
  })

  it('tells earlier positions from its own, whatever their numbers, and translates them', async () => {
    await migrate(options())
    const [before, after] = [await all(await source()), await copy()]
    const events = await all(after)
    for (const [index, { position }] of before.entries())
      expect(await after.currentPosition(position)).toBe(events[index]!.position)
    for (const { position } of events) {
      expect(position > before.at(-1)!.position).toBe(true)
      expect(await after.currentPosition(position)).toBe(position)
    }
    expect(await after.currentPosition(LOG_START)).toBe(LOG_START)
    const never = '00000000000000000080'
    expect(await after.currentPosition(never)).toBe(never)
    expect(await after.eventIdAt(never)).toBeUndefined()
    await expect(after.currentPosition('12')).rejects.toMatchObject({ code: 'POSITION.MALFORMED' })
  })

  it('finds the same positions by time', async () => {
    await migrate(options())
    const [before, after] = [await source(), await copy()]
    for (const time of ['2019-03-01T08:00:00Z', '2019-03-01T08:17:30Z', '2030-01-01T00:00:00Z']) {
      expect(await after.positionAt(time)).toBe(await after.currentPosition(await before.positionAt(time)))
    }
  })

  it('takes along from where policies act, and how far they came', async () => {
    const handled = '00000000000000000030'
    const handledUpTo = async (policy: string) => (policy === 'policy-auto-close' ? handled : undefined)
    await migrate(options({ from: { ...from, handledUpTo } }))
    const [before, after] = [await source(), await copy()]
    const { startedAfter } = await before.getStreamMetadata('policy-auto-close')
    expect(await after.getStreamMetadata('policy-auto-close')).toEqual({
      startedAfter: await after.currentPosition(startedAfter as string),
      begun: true,
      handledUpTo: await after.currentPosition(handled),
    })
  })

  it(`goes on after interruptions anywhere (seed ${SEED})`, async () => {
    const random = randomNumbers(SEED)
    let interruptions = 0
    for (let finished = false; !finished; ) {
      const stop = new AbortController()
      // The first while events are copied, later ones also while they are compared; a run has about 120 steps
      const at = Math.floor(random() * (interruptions === 0 ? 12 : 160))
      let seen = 0
      const onProgress = () => {
        if (seen++ === at) stop.abort(new Error('interrupted'))
      }
      finished = await migrate(options({ signal: stop.signal, onProgress })).then(
        () => true,
        (error: Error) => {
          if (error.message !== 'interrupted') throw error
          return false
        },
      )
      interruptions++
      if (!finished) await expect(copy()).rejects.toMatchObject({ code: 'EVENT_STORE.MIGRATING' })
    }
    expect(interruptions).toBeGreaterThan(1)
    expect((await all(await copy())).map(content)).toEqual((await all(await source())).map(content))
  })

  it('goes on when the server dies with an append under way, written or not', async () => {
    const deaths: Promise<void>[] = []
    const dieAt = new Map([
      [20, 0],
      [50, 1],
    ])
    const onProgress = ({ done }: { done: number }) => {
      const [at, written] = [...dieAt].find(([events]) => done >= events) ?? []
      if (at === undefined) return
      dieAt.delete(at)
      const dies = double.faults.killWithAppendsInFlight({ inFlight: 1, written: written! })
      deaths.push(dies.then(() => double.faults.restart()))
    }
    await migrate(options({ onProgress }))
    await Promise.all(deaths)
    expect(deaths).toHaveLength(2)
    expect((await all(await copy())).map(content)).toEqual((await all(await source())).map(content))
  })

  it('brings the copy level with a log that is still written to, and then seals it', async () => {
    const server = keep(await openSqliteEventStore({ file: from.log }))
    let written = 0
    let refusal: Promise<Error> | undefined
    /** A server that goes on writing until it is refused. */
    const writing = async (): Promise<Error> => {
      for (;;) {
        try {
          await from.grow(1)
          written++
        } catch (error) {
          return error as Error
        }
      }
    }
    const onProgress = () => {
      refusal ??= writing()
    }
    const { events } = await migrate(options({ onProgress }))
    expect((await refusal)!.message).toContain('moved to EventStoreDB')
    expect(written).toBeGreaterThan(0)
    expect(events).toBe((await all(server)).length)
    expect(await all(await copy())).toHaveLength(events)
    // Neither who has it open may append, nor who opens it
    const append = server.append({
      stream: 'incident-late',
      expectedRevision: 'noStream',
      events: [newEvent('IncidentOpened')],
    })
    await expect(append).rejects.toMatchObject({
      code: 'LOG.MOVED',
      message: expect.stringContaining(`moved to EventStoreDB, namespace ${namespace}`),
    })
    const bulk = { stream: 'incident-bulk', expectedRevision: 'noStream', events: [newEvent('A')] } as const
    await expect(server.appendMany([bulk, { ...bulk, stream: 'incident-bulk2' }])).rejects.toMatchObject({
      code: 'LOG.MOVED',
    })
    await expect(openSqliteEventStore({ file: from.log })).rejects.toThrow(/takes no more events.*moved/)
    expect(await all(server)).toHaveLength(events)
  })

  it('takes the largest append there may be', async () => {
    const log = await openSqliteEventStore({ file: from.log })
    const event = newEvent('CommentAdded', { text: '' })
    const [small] = [JSON.stringify(event.data).length + JSON.stringify(event.metadata).length]
    const text = 'x'.repeat(900_000 - small - event.id.length - event.type.length)
    const request = { stream: 'incident-large', expectedRevision: 'noStream' as const }
    const outcome = await log.append({ ...request, events: [{ ...event, data: { text } }] })
    expect(outcome.kind).toBe('appended')
    await log.close()
    expect(await migrate(options())).toMatchObject({ findings: [] })
  })

  it('can be given up until it is complete', async () => {
    const handledUpTo = async () => {
      throw new Error('interrupted')
    }
    await expect(migrate(options({ from: { ...from, handledUpTo } }))).rejects.toThrow('interrupted')
    await expect(from.grow(1)).rejects.toThrow('takes no more events')
    await giveUp(options())
    await from.grow(1)
    await migrate(options())
    await expect(giveUp(options())).rejects.toMatchObject({ code: 'MIGRATION.COMPLETE' })
    await expect(from.grow(1)).rejects.toThrow('takes no more events')
  })

  it('compares again when it is run again, also when the copy is in use', async () => {
    const first = await migrate(options())
    const after = await copy()
    await after.append({
      stream: 'incident-new',
      expectedRevision: 'noStream',
      events: [newEvent('IncidentOpened')],
    })
    const again = await migrate(options())
    expect(again).toMatchObject({ repeated: true, events: first.events, digest: first.digest, findings: [] })
    expect(again.positions).toEqual(first.positions)
  })

  /** The first of these events is not written: as if the process were killed before it. */
  const killedBefore = (type: string) => {
    const { appendToStream } = EventStoreDBClient.prototype
    const spy = jest.spyOn(EventStoreDBClient.prototype, 'appendToStream')
    spy.mockImplementation(function (this: EventStoreDBClient, stream: string, events: unknown, ...rest) {
      if ((events as { type?: string }).type !== type)
        return appendToStream.call(this, stream, events as never, ...rest)
      spy.mockRestore()
      throw new RangeError('killed')
    } as typeof appendToStream)
  }

  it('knows all earlier positions after it was killed at its end, given up, and run again on a longer log', async () => {
    killedBefore('MigrationCompleted')
    await expect(migrate(options())).rejects.toThrow('killed')
    await giveUp(options())
    await from.grow(3)
    const { positions } = await migrate(options())
    const [before, after] = [await all(await source()), await copy()]
    expect(positions).toHaveLength(before.length)
    for (const [index, { position }] of before.entries())
      expect(await after.currentPosition(position)).toBe(positions[index])
  })

  it('does not take a damaged record of earlier positions for a server that is away', async () => {
    killedBefore('MigrationCompleted')
    await expect(migrate(options())).rejects.toThrow('killed')
    const client = EventStoreDBClient.connectionString(double.url)
    const completed = { count: 79, from: 0, chunks: 0, last: LOG_START }
    await client.appendToStream(
      new StreamNames(namespace).reserved('migration'),
      jsonEvent({ type: 'MigrationCompleted', data: completed }),
    )
    await client.dispose()
    await expect((await copy()).currentPosition('00000000000000000007')).rejects.toThrow(/is damaged/)
  })

  it('completes once, also when two come to the end together', async () => {
    const stop = new AbortController()
    const handledUpTo = async () => {
      stop.abort()
      await other
      return undefined
    }
    const slow = migrate(options({ from: { ...from, handledUpTo } }))
    const other = new Promise<void>((resolve, reject) => {
      stop.signal.addEventListener('abort', () => migrate(options()).then(() => resolve(), reject))
    })
    await slow
    const [before, after] = [await all(await source()), await copy()]
    const last = (await all(after)).at(-1)!
    expect(await after.currentPosition(before.at(-1)!.position)).toBe(last.position)
  })

  it('is neither given up nor repeated under another namespace, or on another server, and makes no log there', async () => {
    await migrate(options())
    const elsewhere = `test-${randomUUID()}`
    const other = { ...options(), to: { ...options().to, namespace: elsewhere } }
    await expect(giveUp(other)).rejects.toMatchObject({
      code: 'MIGRATION.OTHER_TARGET',
      message: expect.stringContaining(namespace),
    })
    await expect(migrate(other)).rejects.toMatchObject({ code: 'MIGRATION.OTHER_TARGET' })
    const empty = await startEventStoreDouble({ profile })
    const sameName = { ...options(), to: { ...options().to, url: empty.url } }
    await expect(giveUp(sameName)).rejects.toMatchObject({ code: 'MIGRATION.OTHER_TARGET' })
    for (const { url, namespace } of [other.to, sameName.to])
      await expect(openEventStoreDb({ url, namespace, begin: false })).rejects.toMatchObject({
        code: 'LOG.MISSING',
      })
    await empty.stop()
    await expect(from.grow(1)).rejects.toThrow('takes no more events')
  })

  it('does what else the new log needs when it is equal, and before anybody can open it', async () => {
    const doing: unknown[] = []
    const beforeOpening = async () => {
      doing.push(await copy().catch(({ code }) => code))
      if (doing.length === 1) throw new Unavailable('READ_STORE.UNAVAILABLE', 'away')
    }
    await expect(migrate(options({ beforeOpening }))).rejects.toThrow('away')
    await migrate(options({ beforeOpening }))
    expect(doing).toEqual(['EVENT_STORE.MIGRATING', 'EVENT_STORE.MIGRATING'])
    await copy()
  })

  it('refuses a server that holds another log in this namespace, and leaves nothing there', async () => {
    keep(await openEventStoreDb({ url: double.url, namespace }))
    const beforeOpening = jest.fn()
    await expect(migrate(options({ beforeOpening }))).rejects.toMatchObject({ code: 'LOG.FOREIGN' })
    expect(beforeOpening).not.toHaveBeenCalled()
  })

  it('refuses a copy that somebody else wrote to', async () => {
    const stop = new AbortController()
    await migrate(
      options({ signal: stop.signal, onProgress: ({ done }) => done > 10 && stop.abort() }),
    ).catch(() => {})
    const client = EventStoreDBClient.connectionString(double.url)
    await client.appendToStream(`${namespace}.incident-foreign`, [
      { ...newEvent('IncidentOpened'), contentType: 'application/json' } as never,
    ])
    await client.dispose()
    await expect(migrate(options())).rejects.toMatchObject({ code: 'MIGRATION.TARGET_DIFFERS' })
  })

  it('lets nobody open a copy that is not equal, and opens the log again', async () => {
    let truncated: Promise<unknown> | undefined
    const client = EventStoreDBClient.connectionString(double.url)
    const onProgress: MigrationOptions['onProgress'] = ({ done }) => {
      if (done > 60)
        truncated ??= client.setStreamMetadata(`${namespace}.incident-INC0000003`, {
          truncateBefore: 2,
        } as never)
    }
    await expect(migrate(options({ onProgress }))).rejects.toMatchObject({
      code: 'MIGRATION.NOT_EQUAL',
      message: expect.stringContaining('incident-INC0000003 differs'),
    })
    await truncated
    await client.dispose()
    await expect(copy()).rejects.toMatchObject({ code: 'EVENT_STORE.MIGRATING' })
    await from.grow(1)
  })

  it('tells of damaged attachments and copies the others', async () => {
    const [good, bad] = [await from.attach('good'), await from.attach('bad')]
    writeFileSync(join(from.blobs, bad.slice(0, 2), bad), 'evil')
    const { attachments } = await migrate(options())
    expect(attachments).toEqual({ blobs: 2, damaged: [bad] })
    expect([await target.has(good), await target.has(bad)]).toEqual([true, false])
  })
})
