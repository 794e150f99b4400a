import { basename, join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { DatabaseSync } from '@photostructure/sqlite'
import { Remote } from '../../src/runtime/remote.js'
import type { BulkWriteData } from './bulk-write.js'
import { inTransactions } from './in-transactions.js'
import { openBuild } from './open-build.js'

/** Writes the rows of some files anew, as a load that has nothing else to do: rows first, indexes at the end. */

type Database = InstanceType<typeof DatabaseSync>
type Value = string | number | bigint | null

interface Table {
  name: string
  /** The statement that makes it, and those that make its indexes. */
  sql: string
  indexes: readonly string[]
  rows: readonly (readonly Value[])[]
}

const { files, folder } = workerData as BulkWriteData
const loads: { file: string; tables: readonly Table[] }[] = []

new Remote(parentPort!, {
  read: () => {
    for (const file of files) loads.push({ file: join(folder, basename(file)), tables: tablesOf(file) })
  },
  write: () => {
    for (const { file, tables } of loads) write(file, tables)
  },
})

/** All tables but those of a text index, which keeps no rows that could be read back. */
function tablesOf(file: string): Table[] {
  const database = openBuild(file)
  const found = database
    .prepare('SELECT type, name, tbl_name AS tableName, sql FROM sqlite_schema WHERE sql IS NOT NULL')
    .all() as { type: string; name: string; tableName: string; sql: string }[]
  const texts = found.filter(({ sql }) => sql.startsWith('CREATE VIRTUAL TABLE'))
  const tables = found
    .filter(({ type, name }) => type === 'table' && !texts.some((text) => name.startsWith(text.name)))
    .map(({ name, sql }) => {
      const everything = database.prepare(`SELECT * FROM "${name}"`)
      everything.setReturnArrays(true)
      const indexes = found.filter(({ type, tableName }) => type === 'index' && tableName === name)
      return {
        name,
        sql,
        indexes: indexes.map((index) => index.sql),
        rows: everything.all() as unknown as Value[][],
      }
    })
  database.close()
  return tables
}

function write(file: string, tables: readonly Table[]): void {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000')
  for (const { name, sql, rows } of tables) {
    database.exec(sql)
    insert(database, name, rows)
  }
  for (const { indexes } of tables) for (const index of indexes) database.exec(index)
  database.close()
}

function insert(database: Database, table: string, rows: Table['rows']): void {
  const [first] = rows
  if (first === undefined) return
  const statement = database.prepare(`INSERT INTO "${table}" VALUES (${first.map(() => '?').join(', ')})`)
  inTransactions(database, rows, (row) => statement.run(...row))
}
