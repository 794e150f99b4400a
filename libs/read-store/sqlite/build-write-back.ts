import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Connection } from './connection.js'
import { buildLabel, type RegisteredBuild, Registry } from './registry.js'

/**
 * Writes what the WAL files of all builds hold back into the builds. SQLite does so by itself at every some-thousandth
 * page, inside the commit of whoever comes by, who then waits for the disk: 30 to 60 ms for each build, several times a
 * second under load. On a thread of its own nobody waits for it; commits find next to nothing left to write back.
 * For one thread; others may write at the same time.
 */
export class BuildWriteBack {
  #registry: Registry | undefined
  readonly #builds = new Map<string, { connection: Connection; version: number }>()

  /** @param folder the read store's; it need not exist yet */
  constructor(private readonly folder: string) {}

  /** Each turn writes one build back that was written to since its last. It waits for the disk, never for a lock. */
  *turns(): Generator<void> {
    // One that is being loaded is written from end to end, by a thread that nobody waits for.
    const answering = this.#registered().filter(({ status }) => status !== 'building')
    const labels = new Set(answering.map(buildLabel))
    for (const [label, { connection }] of this.#builds) {
      if (labels.has(label)) continue
      connection.close()
      this.#builds.delete(label)
    }
    for (const label of labels) if (this.#writeBack(label)) yield
  }

  close(): void {
    for (const { connection } of this.#builds.values()) connection.close()
    this.#builds.clear()
    this.#registry?.close()
  }

  #registered(): RegisteredBuild[] {
    const file = join(this.folder, 'registry.db')
    if (this.#registry === undefined && !existsSync(file)) return []
    this.#registry ??= new Registry(file)
    return this.#registry.builds()
  }

  /** @returns whether there was something to do */
  #writeBack(label: string): boolean {
    const build = this.#open(label)
    if (build === undefined) return false
    const version = build.connection.get<{ data_version: number }>('PRAGMA data_version')!.data_version
    if (version === build.version) return false
    build.connection.get('PRAGMA wal_checkpoint(PASSIVE)')
    build.version = version
    return true
  }

  #open(label: string) {
    const known = this.#builds.get(label)
    if (known !== undefined) return known
    try {
      const build = { connection: new Connection(join(this.folder, `${label}.db`)), version: -1 }
      this.#builds.set(label, build)
      return build
    } catch {
      // Dropped since the registry was asked; when the file is damaged, its readers and its writer say so.
      return undefined
    }
  }
}
