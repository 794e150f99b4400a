import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jsonCodec, LOG_START, toPosition } from '#libs/event-sourcing'
import { newEvent } from '../event-store.contract.js'
import type { LogFilter } from '../event-store.js'
import { SqliteConnection } from './driver.js'
import { backupLog, checkLog, openSqliteEventStore, type SqliteEventStore, UnsuitableLog } from './index.js'
import { LogFile } from './log-file.js'
import { filteredQuery } from './log-filter.js'
import { LogReader } from './log-reader.js'

describe('the log as a file', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-log-'))
    file = join(folder, 'log.sqlite')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  async function withStore<T>(work: (store: SqliteEventStore) => Promise<T>): Promise<T> {
    const store = await openSqliteEventStore({ file })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  /** A log with a few events of a few streams. */
  const filled = () =>
    withStore(async (store) => {
      for (const stream of ['incident-1', 'incident-2', 'problem-1']) {
        const events = [newEvent('Opened', { stream }), newEvent('Closed', { stream })]
        await store.append({ stream, expectedRevision: 'noStream', events })
      }
    })

  function tamper(...statements: string[]): void {
    const connection = new SqliteConnection(file)
    for (const statement of statements) connection.exec(statement)
    connection.close()
  }

  describe('format', () => {
    it('is set up once, also when several open a new log at the same time', async () => {
      const stores = await Promise.all(Array.from({ length: 5 }, () => openSqliteEventStore({ file })))
      expect(new Set(stores.map(({ logId }) => logId)).size).toBe(1)
      for (const store of stores) await store.close()
      expect(await withStore(async ({ logId }) => logId)).toBe(stores[0]!.logId)
    })

    it('of a later release is refused, saying what to do', async () => {
      await filled()
      tamper("UPDATE meta SET value = '99' WHERE key = 'format'")
      await expect(openSqliteEventStore({ file })).rejects.toThrow(/log format 99.*newer release.*backup/)
      await expect(checkLog(file)).rejects.toThrow(UnsuitableLog)
    })

    it('of another application is refused and left alone', async () => {
      tamper('CREATE TABLE recipes (name TEXT)')
      await expect(openSqliteEventStore({ file })).rejects.toThrow(/no Ledgerdesk log/)
      await expect(backupLog(file, join(folder, 'copy.sqlite'))).rejects.toThrow(/no Ledgerdesk log/)
    })
  })

  describe('opened to be read only', () => {
    it('reads what others write, and refuses to write', async () => {
      await withStore(async (store) => {
        const reader = await openSqliteEventStore({ file, readOnly: true })
        const append = {
          stream: 'incident-1',
          expectedRevision: 'noStream' as const,
          events: [newEvent('A')],
        }
        await store.append(append)
        expect(await reader.readStream('incident-1')).toEqual(await store.readStream('incident-1'))
        expect(await reader.head()).toBe(await store.head())
        await expect(reader.append(append)).rejects.toThrow(/read only/)
        await expect(reader.setStreamMetadata('incident-1', {})).rejects.toThrow(/read only/)
        await reader.close()
      })
    })

    it('does not make a file', async () => {
      await expect(openSqliteEventStore({ file, readOnly: true })).rejects.toThrow(/There is no log/)
      expect(existsSync(file)).toBe(false)
    })
  })

  describe('filters', () => {
    const filters: LogFilter[] = [
      { prefixes: ['incident-'] },
      { prefixes: ['incident-', 'problem-'], types: ['Opened'] },
      { prefixes: ['incident-INC1', 'problem-'] },
      { types: ['Opened', 'Closed'] },
    ]

    function planOf(log: LogFile, filter: LogFilter): string[] {
      const { sql } = filteredQuery(log, filter)!
      return log.connection
        .prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => detail)
    }

    it.each(filters)('%j walks along the index of categories', async (filter) => {
      await filled()
      await withStore(async (store) => {
        await store.append({ stream: 'key-1', expectedRevision: 'noStream', events: [newEvent('Claimed')] })
      })
      const connection = new SqliteConnection(file)
      const plan = planOf(new LogFile(connection, jsonCodec()), filter)
      const log = plan.filter((step) => / (events|e|i)( |$)/.test(step))
      expect(plan.filter((step) => step.includes('events_by_category')).length).toBeGreaterThan(0)
      for (const step of log) {
        expect(step).toMatch(
          /^SEARCH (i USING COVERING INDEX events_by_category \(category=\? AND position>\? AND position<\?\)|e USING INTEGER PRIMARY KEY)/,
        )
      }
      connection.close()
    })

    it('do not work without the index', async () => {
      await filled()
      tamper('DROP INDEX events_by_category')
      const connection = new SqliteConnection(file)
      const log = new LogFile(connection, jsonCodec())
      expect(() => planOf(log, filters[0]!)).toThrow(/no such index/)
      connection.close()
    })

    async function longLog() {
      await filled()
      const connection = new SqliteConnection(file)
      connection.exec(`WITH RECURSIVE n(i) AS (SELECT 7 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)
        INSERT INTO events SELECT i, 1, i, 1, 2, 4102444800000, '', '{}', '{}' FROM n`)
      return { connection, reader: new LogReader(new LogFile(connection, jsonCodec())) }
    }

    it('give a page of thousands without a gap, up to its limit or to the end of the log', async () => {
      const { connection, reader } = await longLog()
      for (const [after, limit, found, end] of [
        [0, 5_000, 5_000, false],
        [0, 4_096, 4_096, false],
        [114_000, 8_192, 6_000, true],
        [115_904, 4_096, 4_096, true],
      ] as const) {
        const page = reader.readAll({ after: toPosition(after), limit })
        const positions = Array.from({ length: found }, (_, n) => toPosition(after + n + 1))
        expect(page.events.map(({ position }) => position)).toEqual(positions)
        expect(page).toMatchObject({ position: toPosition(after + found), end })
      }
      connection.close()
    })

    it('search a long log for a rare type in bounded steps', async () => {
      const { connection, reader } = await longLog()
      const pages: { found: number; end: boolean }[] = []
      for (let after = LOG_START, end = false; !end; ) {
        const page = reader.readAll({ after, limit: 10, types: ['Opened'] })
        pages.push({ found: page.events.length, end: page.end })
        after = page.position
        end = page.end
      }
      expect(pages).toEqual([
        { found: 3, end: false },
        { found: 0, end: false },
        { found: 0, end: true },
      ])
      connection.close()
    })
  })

  describe('checkLog', () => {
    it('finds nothing in a sound log', async () => {
      await filled()
      expect(await checkLog(file)).toEqual([])
    })

    it.each([
      ['POSITION.GAP', 'DELETE FROM events WHERE position = 4'],
      ['RECORDED_AT.FALLS', 'UPDATE events SET recorded_at = 5 WHERE position = 4'],
      ['STREAM.REVISIONS', 'UPDATE events SET revision = 7 WHERE position = 4'],
      [
        'STREAM.ORDER',
        'UPDATE events SET revision = 9 WHERE position = 1; UPDATE events SET revision = 0 WHERE position = 2; UPDATE events SET revision = 1 WHERE position = 1',
      ],
      ['STREAM.EMPTY', "INSERT INTO streams VALUES (9, 'incident-9', 1)"],
      ['STREAM.UNKNOWN', 'DELETE FROM streams WHERE id = 3'],
      ['CATEGORY.WRONG', 'UPDATE streams SET category = 2 WHERE id = 1'],
      ['CATEGORY.OF_EVENT', 'UPDATE events SET category = 2 WHERE position = 1'],
      ['TYPE.UNKNOWN', 'UPDATE events SET type = 99 WHERE position = 1'],
      [
        'EVENT.ID_DOUBLED',
        'UPDATE events SET id = (SELECT id FROM events WHERE position = 1) WHERE position = 6',
      ],
      ['EVENT.UNDECODABLE', `UPDATE events SET data = '{"stream":' WHERE position = 5`],
    ])('finds %s', async (rule, statement) => {
      await filled()
      tamper(statement)
      const findings = await checkLog(file)
      expect(findings.map((finding) => finding.rule)).toContain(rule)
      expect(findings.find((finding) => finding.rule === rule)!.message).not.toBe('')
    })

    it('finds FILE.DAMAGED', async () => {
      await filled()
      const connection = new SqliteConnection(file)
      connection.pragma('wal_checkpoint(TRUNCATE)')
      const size = Number(connection.pragma('page_size'))
      const { page } = connection
        .prepare<{ page: number }>(
          "SELECT rootpage AS page FROM sqlite_schema WHERE name = 'events_by_stream'",
        )
        .get()!
      connection.close()
      const descriptor = openSync(file, 'r+')
      writeSync(descriptor, Buffer.alloc(size, 0xff), 0, size, (page - 1) * size)
      closeSync(descriptor)
      expect((await checkLog(file)).map(({ rule }) => rule)).toContain('FILE.DAMAGED')
    })
  })

  describe('a file that is cut off or overwritten', () => {
    const damages: [string, (size: number) => void][] = [
      ['in the middle', (size) => truncateSync(file, size / 2)],
      ['in the middle of a page', (size) => truncateSync(file, size / 2 + 100)],
      ['after its first page', () => truncateSync(file, 4096)],
      ['in its header', () => truncateSync(file, 50)],
      ['with text', () => writeFileSync(file, 'no database at all '.repeat(100))],
    ]
    it.each(damages)('is found FILE.DAMAGED: %s', async (_where, damage) => {
      await filled()
      tamper('PRAGMA wal_checkpoint(TRUNCATE)')
      rmSync(`${file}-wal`, { force: true })
      damage(statSync(file).size)
      const [finding] = await checkLog(file)
      expect(finding).toMatchObject({ rule: 'FILE.DAMAGED', message: expect.stringMatching(/./) })
    })
  })

  describe('backupLog', () => {
    it('says so when there is no log', async () => {
      await expect(backupLog(file, join(folder, 'copy.sqlite'))).rejects.toThrow(`There is no log ${file}`)
      expect(readdirSync(folder)).toEqual([])
    })

    it('copies a log that is being written to, as of one moment', async () => {
      await filled()
      const copy = join(folder, 'copy.sqlite')
      const { head, logId } = await withStore(async (store) => {
        let stop = false
        const writing = (async () => {
          for (let n = 0; !stop; n++) {
            const append = {
              stream: `asset-${n}`,
              expectedRevision: 'noStream' as const,
              events: [newEvent('A')],
            }
            await store.append(append)
          }
        })()
        await new Promise((resolve) => setTimeout(resolve, 30))
        await backupLog(file, copy)
        stop = true
        await writing
        return { head: await store.head(), logId: store.logId }
      })
      expect(await checkLog(copy)).toEqual([])
      const restored = await openSqliteEventStore({ file: copy })
      expect(restored.logId).toBe(logId)
      const saved = await restored.readAll({ after: LOG_START, limit: 10_000 })
      await restored.close()
      expect(saved.events.length).toBeGreaterThan(6)
      expect(saved.position <= head).toBe(true)
      const original = await withStore((store) =>
        store.readAll({ after: LOG_START, limit: saved.events.length }),
      )
      expect(saved.events).toEqual(original.events)
    })

    it('does not overwrite, and leaves nothing half done', async () => {
      await filled()
      await backupLog(file, join(folder, 'copy.sqlite'))
      await expect(backupLog(file, join(folder, 'copy.sqlite'))).rejects.toMatchObject({
        code: 'BACKUP.TARGET_EXISTS',
      })
      await expect(backupLog(file, join(folder, 'missing', 'copy.sqlite'))).rejects.toThrow()
      expect(readdirSync(folder).filter((name) => name.includes('unfinished'))).toEqual([])
    })
  })
})
