import { mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { LOG_START } from '#libs/event-sourcing'
import { openEventStore } from '../../src/runtime/stores.js'
import { buildReadModels, stopwatch, type Taken } from './build-read-models.js'
import { buildFiles, bulkWrite } from './bulk-write.js'
import { inTransactions } from './in-transactions.js'
import { openBuild } from './open-build.js'
import { answer, input } from './programs.js'

/** A program: builds read models of a log into an empty folder; then two limits, reading and bulk writing alone. */
export interface Rebuild {
  dataDir: string
  folder: string
  /** Names of projections and views; default: all there are. */
  readModels?: readonly string[]
}

export interface RebuildResult {
  events: number
  /** Documents, entries of lists, counts: all that stands in tables. */
  rows: number
  mebibytes: number
  rebuild: Taken
  /** Reading and decoding every event, and writing the same documents by id, without columns, indexes or counts, on one thread. */
  documents: Taken
  /** The same reading, and writing the very same tables with their indexes as {@link bulkWrite} does. */
  sameRows: Taken
}

const PAGE = 4_096

interface Document {
  id: string
  document: string
}

/** What stands in the files of builds: rows of all kinds, and documents by their tables in the order of their positions. */
function contentsOf(files: readonly string[]): {
  documents: ReadonlyMap<string, readonly Document[]>
  rows: number
  bytes: number
} {
  const documents = new Map<string, Document[]>()
  let rows = 0
  let bytes = 0
  for (const file of files) {
    bytes += statSync(file).size
    const database = openBuild(file)
    // A text index keeps no rows of its own that could be counted; what it stores stands in tables beside it
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL TABLE%'")
      .all() as { name: string }[]
    for (const { name } of tables) {
      const columns = database.prepare(`SELECT name FROM pragma_table_info(?)`).all(name) as {
        name: string
      }[]
      const { n } = database.prepare(`SELECT count(*) AS n FROM "${name}"`).get() as { n: number }
      rows += n
      if (!columns.some((column) => column.name === 'document')) continue
      const found = database.prepare(`SELECT id, document FROM "${name}" ORDER BY position`).all()
      documents.set(`${basename(file, '.db')}_${name}`, found as unknown as Document[])
    }
    database.close()
  }
  return { documents, rows, bytes }
}

/** Reads and decodes every event. @returns how many there are */
async function readLog(dataDir: string): Promise<number> {
  const eventStore = await openEventStore({ dataDir }, { readOnly: true })
  let events = 0
  for (let after = LOG_START, end = false; !end; ) {
    const page = await eventStore.readAll({ after, limit: PAGE })
    events += page.events.length
    after = page.position
    end = page.end
  }
  await eventStore.close()
  return events
}

/** Writes each document by its id, into a file for each table, and nothing else. */
function writeDocuments(folder: string, documents: ReadonlyMap<string, readonly Document[]>): void {
  for (const [table, rows] of documents) {
    const database = new DatabaseSync(join(folder, `${table}.db`))
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE rows (id TEXT PRIMARY KEY, document TEXT NOT NULL)',
    )
    const insert = database.prepare(
      'INSERT INTO rows VALUES (?, ?) ON CONFLICT DO UPDATE SET document = excluded.document',
    )
    inTransactions(database, rows, ({ id, document }) => insert.run(id, document))
    database.close()
  }
}

async function measure({ dataDir, folder, readModels }: Rebuild): Promise<RebuildResult> {
  emptied(folder)
  // Another data folder with the same log
  symlinkSync(resolve(dataDir, 'log.db'), join(folder, 'log.db'))
  const rebuild = await buildReadModels(folder, readModels)
  const files = buildFiles(join(folder, 'read-models'))
  const { documents, rows, bytes } = contentsOf(files)
  let stop = stopwatch()
  const events = await readLog(dataDir)
  const reading = stop()
  const documentsInto = emptied(join(folder, 'documents'))
  stop = stopwatch()
  writeDocuments(documentsInto, documents)
  const writing = stop()
  const sameRows = await bulkWrite(files, emptied(join(folder, 'same-rows')))
  rmSync(folder, { recursive: true, force: true })
  return {
    events,
    rows,
    mebibytes: Math.round(bytes / 2 ** 20),
    rebuild,
    documents: sum(reading, writing),
    sameRows: sum(reading, sameRows),
  }
}

function emptied(folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

function sum(one: Taken, other: Taken): Taken {
  return {
    seconds: one.seconds + other.seconds,
    processorSeconds: one.processorSeconds + other.processorSeconds,
  }
}

await answer(await measure(input<Rebuild>()))
