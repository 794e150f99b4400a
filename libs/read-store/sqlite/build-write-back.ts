import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKPOINT_BYTES, Connection } from './connection.js'
import { buildLabel, type RegisteredBuild, Registry } from './registry.js'

/**
 * What a build's WAL holds before it is written back. Every batch touches the same pages again, so the more there are, the fewer are
 * written; each time costs three syncs, for which appends have to wait.
 */
const BYTES_WORTH_IT = 4_096_000

/**
 * Size of a WAL (16 MB) from which on it is begun anew, before a commit would see to it: what is committed while it is written
 * back keeps it growing, so that under load it has all been written back at no moment.
 */
const BYTES_TOO_MANY = CHECKPOINT_BYTES / 2

/**
 * Writes what the WAL files of all builds hold back into the builds. SQLite does so by itself at every some-thousandth
 * page, inside the commit of whoever comes by, who then waits for the disk: 30 to 60 ms for each build, several times a
 * second under load. On a thread of its own next to nobody waits for it; commits find nothing left to write back.
 * For one thread; others may write at the same time.
 */
export class BuildWriteBack {
  #registry: Registry | undefined
  readonly #builds = new Map<string, Connection>()

  /**
   * @param folder the read store's; it need not exist yet
   * @param bytesWorthIt what a WAL holds before it is written back
   * @param bytesTooMany size of a WAL from which on it is begun anew
   */
  constructor(
    private readonly folder: string,
    private readonly bytesWorthIt = BYTES_WORTH_IT,
    private readonly bytesTooMany = BYTES_TOO_MANY,
  ) {}

  /**
   * Each turn writes back one build that is worth it. It waits for the disk, never for a lock; who commits waits for it while the rest of
   * too long a WAL is written back.
   */
  *turns(): Generator<void> {
    // One that is being loaded is written from end to end, by a thread that nobody waits for.
    const answering = this.#registered().filter(({ status }) => status !== 'building')
    const labels = new Set(answering.map(buildLabel))
    for (const [label, connection] of this.#builds) {
      if (labels.has(label)) continue
      connection.close()
      this.#builds.delete(label)
    }
    for (const label of labels) if (this.#writeBack(label)) yield
  }

  close(): void {
    for (const connection of this.#builds.values()) connection.close()
    this.#builds.clear()
    this.#registry?.close()
  }

  #registered(): RegisteredBuild[] {
    const file = join(this.folder, 'registry.db')
    if (this.#registry === undefined && !existsSync(file)) return []
    this.#registry ??= new Registry(file)
    return this.#registry.builds()
  }

  /** @returns whether it was worth it, and done */
  #writeBack(label: string): boolean {
    const build = this.#open(label)
    if (build === undefined) return false
    const { log, checkpointed } = build.get<{ log: number; checkpointed: number }>(
      'PRAGMA wal_checkpoint(NOOP)',
    )!
    if ((log - checkpointed) * build.pageBytes < this.bytesWorthIt) return false
    build.get('PRAGMA wal_checkpoint(PASSIVE)')
    // Where somebody just writes or reads, it is begun anew another time
    if (log * build.pageBytes >= this.bytesTooMany) build.get('PRAGMA wal_checkpoint(RESTART)')
    return true
  }

  #open(label: string) {
    const known = this.#builds.get(label)
    if (known !== undefined) return known
    try {
      const build = new Connection(join(this.folder, `${label}.db`), { busyMilliseconds: 0 })
      this.#builds.set(label, build)
      return build
    } catch {
      // Dropped since the registry was asked, or locked for a moment; when the file is damaged, its readers and its writer say so.
      return undefined
    }
  }
}
