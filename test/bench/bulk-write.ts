import { readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Remote } from '../../src/runtime/remote.js'
import { stopwatch, type Taken } from './build-read-models.js'

/** What a thread is told that writes files anew. */
export interface BulkWriteData {
  files: readonly string[]
  /** Where to. */
  folder: string
}

const SCRIPT = new URL('./bulk-write-thread.js', import.meta.url)

/** The files of builds in a read store's folder. */
export function buildFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /-b\d+\.db$/.test(name))
    .map((name) => join(folder, name))
}

/**
 * Writes the very same rows into the very same tables, with the same indexes, on as many threads as a rebuild has: what any writer
 * of these rows has to pay. Text indexes are left out.
 * @param folder exists
 * @returns what it took from when the rows are in memory
 */
export async function bulkWrite(files: readonly string[], folder: string): Promise<Taken> {
  const threads = dealt(files, availableParallelism()).map((share) => {
    const worker = new Worker(SCRIPT, { workerData: { files: share, folder } satisfies BulkWriteData })
    return { worker, remote: new Remote(worker) }
  })
  await Promise.all(threads.map(({ remote }) => remote.call('read')))
  const stop = stopwatch()
  await Promise.all(threads.map(({ remote }) => remote.call('write')))
  const taken = stop()
  await Promise.all(threads.map(({ worker }) => worker.terminate()))
  return taken
}

/** The largest first, each to whoever has least. */
function dealt(files: readonly string[], threads: number): string[][] {
  const shares = Array.from({ length: Math.min(threads, files.length) }, () => ({
    files: [] as string[],
    bytes: 0,
  }))
  const sized = files.map((file) => ({ file, bytes: statSync(file).size })).sort((a, b) => b.bytes - a.bytes)
  for (const { file, bytes } of sized) {
    const least = shares.reduce((one, other) => (other.bytes < one.bytes ? other : one))
    least.files.push(file)
    least.bytes += bytes
  }
  return shares.map((share) => share.files)
}
