import { existsSync } from 'node:fs'
import { whileBusy } from './busy.js'
import { connect, formatOf, readMeta, UnsuitableLog } from './schema.js'

/** In `meta`: why nothing may be appended any more. */
const SEALED = 'sealed'

/**
 * From now on nobody appends to the log, neither who opens it nor who has it open: SQLite itself refuses, and says why.
 * It can still be read, checked and copied.
 * @throws UnsuitableLog
 */
export async function sealLog(file: string, reason: string): Promise<void> {
  const literal = `'${reason.replaceAll("'", "''")}'`
  await change(file, (exec, run) => {
    exec(
      `CREATE TRIGGER IF NOT EXISTS ${SEALED} BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, ${literal}); END`,
    )
    run('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', SEALED, reason)
  })
}

/** Undoes {@link sealLog}. @throws UnsuitableLog */
export async function unsealLog(file: string): Promise<void> {
  await change(file, (exec, run) => {
    exec(`DROP TRIGGER IF EXISTS ${SEALED}`)
    run('DELETE FROM meta WHERE key = ?', SEALED)
  })
}

/** Why a log is sealed; undefined: it is not. */
export const sealOf = (connection: Parameters<typeof readMeta>[0]) => readMeta(connection, SEALED)

async function change(
  file: string,
  changes: (exec: (sql: string) => void, run: (sql: string, ...values: string[]) => void) => void,
): Promise<void> {
  if (!existsSync(file)) throw new UnsuitableLog(`There is no log ${file}`)
  const connection = await whileBusy(() => connect(file, { readOnly: false, synchronous: 'FULL' }))
  try {
    if ((await whileBusy(() => formatOf(connection))) === 0)
      throw new UnsuitableLog(`${file} is empty: it was never a log`)
    await whileBusy(() => connection.exec('BEGIN IMMEDIATE'))
    changes(
      (sql) => connection.exec(sql),
      (sql, ...values) => connection.prepare(sql).run(...values),
    )
    connection.exec('COMMIT')
  } finally {
    connection.close()
  }
}
