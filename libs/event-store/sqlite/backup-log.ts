import { existsSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { syncPath } from '#libs/durable-files'
import { InvalidInput } from '#libs/event-sourcing'
import { whileBusy } from './busy.js'
import { connect, formatOf, UnsuitableLog } from './schema.js'

/**
 * Copies a log, also one that is being written to, as of one moment; the copy keeps the log's id. It appears under its
 * name only when it is complete and synced. Blocks the thread for as long as it takes (about a second per GB), so it is
 * a command's business, not the server's.
 *
 * The live file is opened by SQLite alone: a plain open and close of it would drop this process' locks on it (POSIX).
 * @throws InvalidInput `BACKUP.TARGET_EXISTS`; UnsuitableLog when `file` is no log or not there
 */
export async function backupLog(file: string, target: string): Promise<void> {
  if (!existsSync(file)) throw new UnsuitableLog(`There is no log ${file}`)
  if (existsSync(target)) {
    throw new InvalidInput('BACKUP.TARGET_EXISTS', `${target} exists already: name another file`)
  }
  const connection = await whileBusy(() => connect(file, { readOnly: true, synchronous: 'FULL' }))
  const unfinished = join(dirname(target), `.${basename(target)}.unfinished`)
  try {
    await whileBusy(() => formatOf(connection))
    rmSync(unfinished, { force: true })
    // SQLite counts the copy as a write; the log itself is only read.
    connection.exec('PRAGMA query_only = 0')
    await whileBusy(() => connection.prepare('VACUUM INTO ?').run(unfinished))
    syncPath(unfinished)
    renameSync(unfinished, target)
    syncPath(dirname(target))
  } finally {
    connection.close()
    rmSync(unfinished, { force: true })
  }
}
