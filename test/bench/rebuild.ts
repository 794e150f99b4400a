import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { LOG_START } from '#libs/event-sourcing'
import { openEventStore } from '../../src/runtime/stores.js'
import { buildReadModels, stopwatch, type Taken } from './build-read-models.js'
import { answer, input } from './programs.js'

/** A program: builds read models of a log into an empty folder; then the limit, reading and bulk writing alone. */
export interface Rebuild {
  dataDir: string
  folder: string
  /** Names of projections and views; default: all there are. */
  readModels?: readonly string[]
}

export interface RebuildResult {
  events: number
  seconds: number
  eventsPerSecond: number
  /** Rows written for each event: documents, and entries of lists. */
  rowsPerEvent: number
  mebibytes: number
  /** Reading and decoding every event, and writing the same documents by id, without columns, indexes or counts. */
  bareSeconds: number
  bareEventsPerSecond: number
  /** Processor time, which does not count what else the machine does. */
  processorSeconds: number
  bareProcessorSeconds: number
}

const PAGE = 4_096

interface Document {
  table: string
  id: string
  document: string
}

/** Documents by the position that they are of, so that the bare writer writes as many and as large ones. */
function documentsOf(folder: string): { documents: Document[]; rows: number; bytes: number } {
  const documents: Document[] = []
  let rows = 0
  let bytes = 0
  for (const file of readdirSync(folder).filter((name) => /-b\d+\.db$/.test(name))) {
    bytes += statSync(join(folder, file)).size
    const database = new DatabaseSync(join(folder, file))
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
      for (const { id, document } of found as { id: string; document: string }[])
        documents.push({ table: `t${file.replace(/\W/g, '_')}_${name}`, id, document })
    }
    database.close()
  }
  return { documents, rows, bytes }
}

async function bare(dataDir: string, folder: string, documents: readonly Document[]): Promise<Taken> {
  const byTable = new Map<string, Document[]>()
  for (const document of documents) {
    const rows = byTable.get(document.table)
    if (rows) rows.push(document)
    else byTable.set(document.table, [document])
  }
  mkdirSync(folder, { recursive: true })
  const stop = stopwatch()
  const eventStore = await openEventStore({ dataDir }, { readOnly: true })
  for (let after = LOG_START, end = false; !end; ) {
    const page = await eventStore.readAll({ after, limit: PAGE })
    after = page.position
    end = page.end
  }
  await eventStore.close()
  for (const [table, rows] of byTable) {
    const database = new DatabaseSync(join(folder, `${table}.db`))
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE rows (id TEXT PRIMARY KEY, document TEXT NOT NULL)',
    )
    const insert = database.prepare(
      'INSERT INTO rows VALUES (?, ?) ON CONFLICT DO UPDATE SET document = excluded.document',
    )
    for (let at = 0; at < rows.length; at += PAGE) {
      database.exec('BEGIN')
      for (const { id, document } of rows.slice(at, at + PAGE)) insert.run(id, document)
      database.exec('COMMIT')
    }
    database.close()
  }
  return stop()
}

const { dataDir, folder, readModels } = input<Rebuild>()
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
// Another data folder with the same log
symlinkSync(resolve(dataDir, 'log.db'), join(folder, 'log.db'))
const { seconds, processorSeconds } = await buildReadModels(folder, readModels)
const { documents, rows, bytes } = documentsOf(join(folder, 'read-models'))
const eventStore = await openEventStore({ dataDir }, { readOnly: true })
const events = Number(await eventStore.head())
await eventStore.close()
const limit = await bare(dataDir, join(folder, 'bare'), documents)
rmSync(folder, { recursive: true, force: true })
await answer({
  events,
  seconds,
  eventsPerSecond: events / seconds,
  rowsPerEvent: rows / events,
  mebibytes: Math.round(bytes / 2 ** 20),
  bareSeconds: limit.seconds,
  bareEventsPerSecond: events / limit.seconds,
  processorSeconds,
  bareProcessorSeconds: limit.processorSeconds,
} satisfies RebuildResult)
