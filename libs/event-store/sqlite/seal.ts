import { existsSync } from 'node:fs'
import { whileBusy } from './busy.js'
import type { SqliteConnection } from './driver.js'
import { connect, formatOf, readMeta, UnsuitableLog } from './schema.js'

/** In `meta`: why nothing may be appended any more. */
const SEALED = 'sealed'
/** In `meta`: for which target. */
const SEALED_FOR = 'sealedFor'

/**
 * From now on nobody appends to the log, neither who opens it nor who has it open: SQLite itself refuses, and says why.
 * It can still be read, checked and copied.
 * @param target for which it is sealed: a name that the caller compares
 * @throws UnsuitableLog, also when it is sealed for another target
 */
export async function sealLog(file: string, reason: string, target: string): Promise<void> {
  const literal = `'${reason.replaceAll("'", "''")}'`
  await change(file, (exec, run, connection) => {
    requireTarget(connection, target)
    exec(
      `CREATE TRIGGER IF NOT EXISTS ${SEALED} BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, ${literal}); END`,
    )
    const remember = 'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'
    run(remember, SEALED, reason)
    run(remember, SEALED_FOR, target)
  })
}

/** Undoes {@link sealLog}. @throws UnsuitableLog, also when it is sealed for another target */
export async function unsealLog(file: string, target: string): Promise<void> {
  await change(file, (exec, run, connection) => {
    requireTarget(connection, target)
    exec(`DROP TRIGGER IF EXISTS ${SEALED}`)
    run('DELETE FROM meta WHERE key IN (?, ?)', SEALED, SEALED_FOR)
  })
}

/** For which target a log is sealed; undefined: it is not. @throws UnsuitableLog */
export async function sealTarget(file: string): Promise<string | undefined> {
  let target: string | undefined
  await change(file, (_exec, _run, connection) => {
    target = readMeta(connection, SEALED_FOR)
  })
  return target
}

function requireTarget(connection: SqliteConnection, target: string): void {
  const found = readMeta(connection, SEALED_FOR)
  if (found !== undefined && found !== target)
    throw new UnsuitableLog(`The log is sealed for ${found}, not for ${target}`)
}

/** Why a log is sealed; undefined: it is not. */
export const sealOf = (connection: Parameters<typeof readMeta>[0]) => readMeta(connection, SEALED)

async function change(
  file: string,
  changes: (
    exec: (sql: string) => void,
    run: (sql: string, ...values: string[]) => void,
    connection: SqliteConnection,
  ) => void,
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
      connection,
    )
    connection.exec('COMMIT')
  } finally {
    connection.close()
  }
}
