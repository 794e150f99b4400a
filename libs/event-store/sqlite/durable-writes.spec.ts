import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LOG_START } from '#libs/event-sourcing'
import { type TemporaryEventStore, temporaryEventStore } from '../../testing/temporary-event-store.js'
import { newEvent, until } from '../event-store.contract.js'
import { whileBusy } from './busy.js'
import { SqliteConnection } from './driver.js'
import { checkLog, openSqliteEventStore } from './index.js'
import { connect } from './schema.js'

const request = (stream: string, data: unknown = {}) => ({
  stream,
  expectedRevision: 'noStream' as const,
  events: [newEvent('A', data)],
})

/** A connection whose statements a test may watch and break. */
class WatchedConnection extends SqliteConnection {
  commits = 0
  onCommit: (commit: () => void) => void = (commit) => commit()

  override repeat(sql: string): void {
    const execute = () => super.repeat(sql)
    if (sql === 'COMMIT') {
      this.commits++
      this.onCommit(execute)
    } else execute()
  }
}

/** What SQLite says when a write or sync fails, as either driver words it. */
const ioError = () => Object.assign(new Error('disk I/O error'), { rawCode: 10, errcode: 10 })

describe('writing durably', () => {
  let temporary: TemporaryEventStore
  let watched: WatchedConnection[]
  beforeEach(async () => {
    watched = []
    temporary = await temporaryEventStore({
      connect: (file) => {
        const connection = new WatchedConnection(file)
        connection.exec('PRAGMA journal_mode = WAL')
        watched.push(connection)
        return connection
      },
    })
  })
  afterEach(() => temporary.dispose())

  it('syncs every commit, and refuses to run when it would not', () => {
    const levels = (['FULL', 'NORMAL', 'OFF'] as const).map((synchronous) => {
      const connection = connect(temporary.file, { readOnly: false, synchronous })
      expect(connection.pragma('journal_mode')).toBe('wal')
      const level = connection.pragma('synchronous')
      connection.close()
      return level
    })
    expect(levels).toEqual([2, 1, 0])

    const pragma = jest.spyOn(SqliteConnection.prototype, 'pragma')
    pragma.mockImplementation((name) => (name === 'synchronous' ? 1 : 'wal'))
    expect(() => connect(temporary.file, { readOnly: false, synchronous: 'FULL' })).toThrow(
      /loses acknowledged/,
    )
    pragma.mockRestore()
  })

  it('commits what is appended at the same time together', async () => {
    const { store } = temporary
    const before = watched[0]!.commits
    await Promise.all(Array.from({ length: 64 }, (_, n) => store.append(request(`incident-${n}`))))
    expect(watched[0]!.commits - before).toBeLessThanOrEqual(2)
  })

  it('bounds a group', async () => {
    const { store } = temporary
    const before = watched[0]!.commits
    await store.appendMany(Array.from({ length: 2_000 }, (_, n) => request(`incident-${n}`)))
    expect(watched[0]!.commits - before).toBeGreaterThanOrEqual(3)
  })

  it('repeats a group without the one that SQLite refuses', async () => {
    const { store, file } = temporary
    const saboteur = connect(file, { readOnly: false, synchronous: 'FULL' })
    saboteur.exec(`CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.data LIKE '%poison%'
      BEGIN SELECT RAISE(ABORT, 'poisoned'); END`)
    saboteur.close()
    const settled = await Promise.allSettled([
      store.append(request('incident-1')),
      store.append(request('incident-2', { text: 'poison' })),
      store.append(request('incident-3')),
    ])
    expect(settled.map((one) => (one.status === 'fulfilled' ? one.value.kind : one.reason.code))).toEqual([
      'appended',
      'EVENT_STORE.UNAVAILABLE',
      'appended',
    ])
    expect((await store.readAll({ after: LOG_START, limit: 9 })).events).toHaveLength(2)
    expect(await checkLog(file)).toEqual([])
  })

  it('says that nothing was written when the storage is full, and goes on when there is room', async () => {
    const { store, file } = temporary
    await store.append(request('incident-1'))
    watched[0]!.exec('PRAGMA max_page_count = 1')
    const large = request('incident-2', { text: 'x'.repeat(100_000) })
    await expect(store.append(large)).rejects.toMatchObject({
      name: 'Unavailable',
      code: 'EVENT_STORE.UNAVAILABLE',
      message: expect.stringContaining('disk is full'),
    })
    expect(await store.appendMany([large])).toMatchObject([{ kind: 'unknown' }])
    expect(await store.readStream('incident-2')).toEqual([])
    watched[0]!.exec('PRAGMA max_page_count = 4294967294')
    expect((await store.append(large)).kind).toBe('appended')
    expect(await checkLog(file)).toEqual([])
  })

  it.each([
    ['and the events are there', (commit: () => void) => commit(), 'alreadyAppended'],
    ['and the events are not there', () => {}, 'appended'],
  ])('does not know when COMMIT fails %s; the repeat tells', async (_what, act, repeated) => {
    const { store } = temporary
    await store.append(request('incident-1'))
    watched[0]!.onCommit = (commit) => {
      act(commit)
      throw ioError()
    }
    const doubtful = request('incident-2')
    expect(await store.append(doubtful)).toMatchObject({
      kind: 'unknown',
      cause: { message: 'disk I/O error' },
    })
    expect(await store.append(doubtful)).toMatchObject({ kind: repeated, events: [{ revision: 0 }] })
    expect(watched).toHaveLength(2)
    expect(await store.readStream('incident-2')).toHaveLength(1)
  })

  it('waits for the lock without blocking the thread', async () => {
    const { store, file } = temporary
    const holder = connect(file, { readOnly: false, synchronous: 'FULL' })
    holder.exec('BEGIN IMMEDIATE')
    let done = false
    const pending = store.append(request('incident-1')).then((outcome) => {
      done = true
      return outcome
    })
    // It says so once it has met the lock; that this is seen at all takes a thread that is not blocked.
    await until(() => existsSync(`${file}-waiting`))
    for (let turn = 0; turn < 25; turn++) await sleep(1)
    expect(done).toBe(false)
    holder.exec('COMMIT')
    holder.close()
    expect((await pending).kind).toBe('appended')
  })

  it('gives up waiting some time', async () => {
    const holder = connect(temporary.file, { readOnly: false, synchronous: 'FULL' })
    const other = connect(temporary.file, { readOnly: false, synchronous: 'FULL' })
    holder.exec('BEGIN IMMEDIATE')
    await expect(whileBusy(() => other.exec('BEGIN IMMEDIATE'), { timeoutMs: 20 })).rejects.toMatchObject({
      name: 'Unavailable',
    })
    holder.exec('ROLLBACK')
    holder.close()
    other.close()
  })

  it('remembers numbers over a restart, and leaves no gap', async () => {
    const number = async (store: typeof temporary.store) => {
      const outcome = await store.appendNumbered({
        series: { streamPrefix: 'incident-', format: String },
        events: () => [newEvent('A')],
      })
      return outcome.kind === 'appended' ? outcome.number : outcome.kind
    }
    await Promise.all(Array.from({ length: 7 }, () => number(temporary.store)))
    await temporary.store.close()
    const again = await openSqliteEventStore({ file: temporary.file })
    expect(await number(again)).toBe('8')
    await again.close()
  })
})

describe('recordedAt', () => {
  it('never falls along the log, whatever the clocks of its writers say', async () => {
    let now = Date.parse('2026-01-31T09:00:00Z')
    const { store, file, dispose } = await temporaryEventStore({ clock: () => now })
    const slow = await openSqliteEventStore({ file, clock: () => Date.parse('2025-01-01T00:00:00Z') })
    await store.append(request('incident-1'))
    now -= 60_000
    await store.append(request('incident-2'))
    await slow.append(request('incident-3'))
    now += 120_000
    await store.append(request('incident-4'))
    const { events } = await store.readAll({ after: LOG_START, limit: 9 })
    expect(events.map(({ metadata }) => metadata.recordedAt.slice(11, 16))).toEqual([
      '09:00',
      '09:00',
      '09:00',
      '09:01',
    ])
    expect(await store.positionAt('2026-01-31T09:00:30Z')).toBe(events[2]!.position)
    await slow.close()
    await dispose()
  })
})
