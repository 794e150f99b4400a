import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toPosition } from '#libs/event-sourcing'
import type { BuildName, ProjectionWriter } from '../read-store.js'
import { BuildWriteBack } from './build-write-back.js'
import { Connection } from './connection.js'
import { openSqliteReadStore, type SqliteReadStore } from './sqlite-read-store.js'

const LINE = 'a line that is found in the file it was written back to'
const schema = { name: 'notes', columns: { text: 'string' }, indexes: [] } as const

const drainOf = (writeBack: BuildWriteBack) => [...writeBack.turns()].length

describe('Writing back', () => {
  let folder: string
  let store: SqliteReadStore
  let name: BuildName
  let writer: ProjectionWriter
  let writeBack: BuildWriteBack

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-write-back-'))
    store = openSqliteReadStore({ folder })
    name = await store.createBuild({ projection: 'notes', version: 1 }, [schema])
    writer = await store.openForWriting(name, { owner: 'one', leaseMilliseconds: 60_000 })
    writeBack = new BuildWriteBack(folder, 1)
    // What making the file left behind
    drain()
  })

  afterEach(async () => {
    writeBack.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** All turns of a round. @returns how many there were */
  const drain = () => drainOf(writeBack)

  let written = 0
  const write = () => {
    const position = toPosition(++written)
    const document = { text: LINE }
    return writer.commit([{ collection: 'notes', id: 'n', document, position, stale: false }], {
      logId: 'log',
      position,
      eventId: 'event',
    })
  }
  const file = () => readFileSync(join(folder, 'notes-v1-b1.db'), 'utf8')

  it('moves what was committed into the build’s file', async () => {
    await write()
    expect(file()).not.toContain(LINE)
    drain()
    expect(file()).toContain(LINE)
    expect(drain()).toBe(0)
    expect((await store.liveReader('notes').then((reader) => reader?.get('notes', 'n')))?.document).toEqual({
      text: LINE,
    })
  })

  it('leaves a little in the WAL, until it is worth it', async () => {
    const later = new BuildWriteBack(folder, 60_000)
    const turns = () => [...later.turns()].length
    let commits = 0
    for (; turns() === 0; commits++) await write()
    later.close()
    // A commit writes a few pages
    expect(commits).toBeGreaterThan(2)
    expect(commits).toBeLessThanOrEqual(30)
    expect(file()).toContain(LINE)
  })

  describe('while others commit', () => {
    const path = () => join(folder, 'notes-v1-b1.db')

    /** Bytes of the WAL after so many turns, during each of which somebody reads and somebody commits. */
    async function walAfterTurns(bytesTooMany: number): Promise<number> {
      const reader = new Connection(path())
      const other = new Connection(path())
      const get = Connection.prototype.get
      jest.spyOn(Connection.prototype, 'get').mockImplementation(function (
        this: Connection,
        sql,
        parameters,
      ) {
        if (sql !== 'PRAGMA wal_checkpoint(PASSIVE)') return get.call(this, sql, parameters) as never
        reader.exec('BEGIN')
        reader.all('SELECT count(*) FROM state')
        const answer = get.call(this, sql, parameters)
        other.run("UPDATE state SET lease_owner = lease_owner || '.'")
        reader.exec('COMMIT')
        return answer as never
      })
      const turns = new BuildWriteBack(folder, 1, bytesTooMany)
      for (let n = 0; n < 60; n++) {
        await write()
        drainOf(turns)
      }
      jest.restoreAllMocks()
      turns.close()
      other.close()
      reader.close()
      return statSync(`${path()}-wal`).size
    }

    it('begins a WAL anew that has become too long, and it grows no further', async () => {
      const bounded = await walAfterTurns(20_000)
      expect(bounded).toBeLessThan((await walAfterTurns(1e9)) / 3)
    })

    it('waits for nobody who reads: what is locked has another turn', async () => {
      const turns = new BuildWriteBack(folder, 1, 1)
      const reader = new Connection(path())
      await write()
      reader.exec('BEGIN')
      reader.get('SELECT count(*) FROM state')
      await write()
      const get = jest.spyOn(Connection.prototype, 'get')
      expect(drainOf(turns)).toBe(1)
      const { calls, results, contexts } = get.mock
      const restart = calls.findIndex(([sql]) => sql.includes('RESTART'))
      expect(results[restart]?.value).toMatchObject({ busy: 1 })
      expect(contexts[restart]?.get('PRAGMA busy_timeout')).toEqual({ timeout: 0 })
      jest.restoreAllMocks()
      await write()
      reader.exec('COMMIT')
      expect(drainOf(turns)).toBe(1)
      expect(drainOf(turns)).toBe(0)
      reader.close()
      turns.close()
    })
  })

  it('goes on when a build was dropped', async () => {
    await write()
    await writer.close()
    await store.drop(name)
    drain()
    const next = await store.createBuild({ projection: 'notes', version: 1 }, [schema])
    drain()
    expect(next.build).toBe(2)
  })
})
