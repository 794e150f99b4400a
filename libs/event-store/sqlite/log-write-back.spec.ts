import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteConnection } from './driver.js'
import { LogWriteBack } from './log-write-back.js'
import { connect } from './schema.js'
import { openSqliteEventStore, type SqliteEventStore } from './sqlite-event-store.js'

const LINE = 'a line that is found in the file it was written back to'

describe('Writing the log back', () => {
  let folder: string
  let file: string
  let store: SqliteEventStore
  let writeBack: LogWriteBack

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-log-write-back-'))
    file = join(folder, 'log.db')
    writeBack = new LogWriteBack(file, 1)
  })

  afterEach(async () => {
    writeBack.close()
    await store?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const append = (stream: string) =>
    store.append({
      stream,
      expectedRevision: 'noStream',
      events: [
        {
          id: randomUUID(),
          type: 'Noted',
          data: { text: `${LINE} ${stream}` },
          metadata: {
            actor: 'person-a',
            channel: 'api',
            occurredAt: '2026-01-01T00:00:00.000Z',
            commandId: randomUUID(),
            correlationId: randomUUID(),
            schemaVersion: 1,
          },
        },
      ],
    })

  it('moves what was appended into the log’s file, again and again, and others read on', async () => {
    store = await openSqliteEventStore({ file })
    for (const stream of ['note-1', 'note-2']) {
      await append(stream)
      expect(readFileSync(file, 'utf8')).not.toContain(`${LINE} ${stream}`)
      writeBack.run()
      expect(readFileSync(file, 'utf8')).toContain(`${LINE} ${stream}`)
      expect(await store.readStream(stream)).toHaveLength(1)
    }
  })

  it('leaves a little in the WAL, until it is worth it', async () => {
    store = await openSqliteEventStore({ file })
    const later = new LogWriteBack(file, 50)
    const writtenBack = () => readFileSync(file, 'utf8').includes(LINE)
    let appends = 0
    for (; !writtenBack(); appends++) {
      await append(`note-${appends}`)
      later.run()
    }
    later.close()
    // An append writes a few pages
    expect(appends).toBeGreaterThan(2)
    expect(appends).toBeLessThanOrEqual(50)
  })

  describe('while others append', () => {
    const NEVER = 1_000_000
    const PAGES_TOO_MANY = 20
    const TURNS = 60

    /** Bytes of the WAL after so many turns, during each of which somebody reads and somebody appends. */
    async function walAfterTurns(pagesTooMany: number): Promise<number> {
      store = await openSqliteEventStore({ file })
      const reader = connect(file, { readOnly: true, synchronous: 'FULL' })
      const other = connect(file, { readOnly: false, synchronous: 'FULL' })
      const pragma = SqliteConnection.prototype.pragma
      jest.spyOn(SqliteConnection.prototype, 'pragma').mockImplementation(function (
        this: SqliteConnection,
        name,
      ) {
        if (name !== 'wal_checkpoint(PASSIVE)') return pragma.call(this, name)
        reader.exec('BEGIN')
        reader.prepare('SELECT count(*) FROM events').get()
        const answer = pragma.call(this, name)
        other.exec("INSERT OR REPLACE INTO stream_metadata VALUES ('note-0', '{}')")
        reader.exec('COMMIT')
        return answer
      })
      const turns = new LogWriteBack(file, 1, pagesTooMany)
      for (let n = 0; n < TURNS; n++) {
        await append(`note-${n}`)
        turns.run()
      }
      jest.restoreAllMocks()
      turns.close()
      other.close()
      reader.close()
      return statSync(`${file}-wal`).size
    }

    it('begins a WAL anew that has become too long, and it grows no further', async () => {
      const bounded = await walAfterTurns(PAGES_TOO_MANY)
      expect(readFileSync(file).includes(LINE)).toBe(true)
      await store.close()
      rmSync(file)
      expect(bounded).toBeLessThan((await walAfterTurns(NEVER)) / 3)
    })

    it('waits for nobody who reads, and begins it anew when they have gone', async () => {
      store = await openSqliteEventStore({ file })
      const turns = new LogWriteBack(file, 1, 1)
      const reader = connect(file, { readOnly: true, synchronous: 'FULL' })
      await append('note-1')
      reader.exec('BEGIN')
      reader.prepare('SELECT count(*) FROM events').get()
      await append('note-2')
      turns.run()
      await append('note-3')
      const before = statSync(`${file}-wal`).size
      expect(readFileSync(file).includes(`${LINE} note-2`)).toBe(false)

      reader.exec('COMMIT')
      turns.run()
      await append('note-4')
      expect(statSync(`${file}-wal`).size).toBe(before)
      expect(readFileSync(file).includes(`${LINE} note-3`)).toBe(true)
      expect(await store.readStream('note-4')).toHaveLength(1)
      reader.close()
      turns.close()
    })
  })

  it('makes no file where there is no log yet', async () => {
    writeBack.run()
    store = await openSqliteEventStore({ file })
    await append('note-1')
    writeBack.run()
    expect(await store.readStream('note-1')).toHaveLength(1)
  })
})
