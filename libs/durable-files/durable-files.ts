import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** What it takes that a file or folder is still there after the power failed. */

/** Waits until a file's content, or a folder's list of names, is on the disk. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Makes a folder with all that it stands in, one by one: a recursive `mkdirSync` never returns where nothing can be made, as in
 * `/proc`. Each is durable once the one around it is synced.
 * @throws Error of the file system, with its `code`
 */
export function makeFolder(path: string): void {
  const folder = resolve(path)
  if (isFolder(folder)) return
  const around = dirname(folder)
  makeFolder(around)
  try {
    mkdirSync(folder)
  } catch (error) {
    // Somebody else may have made it meanwhile
    if (!isFolder(folder)) throw error
  }
  syncPath(around)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/**
 * Writes a small file that nobody has written before; when somebody has, theirs stays. It has its name only once it is
 * whole, whoever else does the same just now.
 * @param mode permissions, such as 0o600
 */
export function writeOnce(path: string, content: Uint8Array, mode: number): void {
  const incoming = `${path}.${randomUUID()}`
  const descriptor = openSync(incoming, 'wx', mode)
  try {
    writeSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  try {
    linkSync(incoming, path)
    syncPath(dirname(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(incoming)
  }
}
