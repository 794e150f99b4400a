import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

  describe('where the WAL has become too long', () => {
    const NEVER = 1_000_000
    const PAGES_TOO_MANY = 20
    const APPENDS = 60

    /** Bytes of the WAL after so many appends, each followed by a turn. */
    async function walAfterAppends(turn: LogWriteBack): Promise<number> {
      for (let n = 0; n < APPENDS; n++) {
        await append(`note-${n}`)
        turn.run()
      }
      turn.close()
      return statSync(`${file}-wal`).size
    }

    it('begins it anew, and it grows no further', async () => {
      store = await openSqliteEventStore({ file })
      const growing = await walAfterAppends(new LogWriteBack(file, NEVER, NEVER))
      await store.close()
      rmSync(file)

      store = await openSqliteEventStore({ file })
      const bounded = await walAfterAppends(new LogWriteBack(file, NEVER, PAGES_TOO_MANY))
      expect(bounded).toBeLessThan(growing / 3)
      expect(readFileSync(file).includes(LINE)).toBe(true)
    })

    it('waits for nobody who reads, and begins it anew when they have gone', async () => {
      store = await openSqliteEventStore({ file })
      const turn = new LogWriteBack(file, NEVER, 1)
      const reader = connect(file, { readOnly: true, synchronous: 'FULL' })
      await append('note-1')
      reader.exec('BEGIN')
      reader.prepare('SELECT count(*) FROM events').get()
      await append('note-2')
      turn.run()
      await append('note-3')
      const before = statSync(`${file}-wal`).size
      expect(readFileSync(file).includes(`${LINE} note-2`)).toBe(false)

      reader.exec('COMMIT')
      turn.run()
      await append('note-4')
      expect(statSync(`${file}-wal`).size).toBe(before)
      expect(readFileSync(file).includes(`${LINE} note-3`)).toBe(true)
      expect(await store.readStream('note-4')).toHaveLength(1)
      reader.close()
      turn.close()
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
