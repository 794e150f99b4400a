import type { BuildName, BuildState } from '../read-store.js'
import { Connection } from './connection.js'

const FORMAT = 1

type Status = BuildState['status']
export type RegisteredBuild = BuildName & { status: Status }

/** Which builds there are and which of them answer: the one small file that all threads and processes agree on. */
export class Registry {
  private readonly connection: Connection

  constructor(path: string) {
    this.connection = new Connection(path, { create: true, cacheKibibytes: 256 })
    this.connection.write(() => this.migrate(path))
  }

  private migrate(path: string): void {
    const format = this.connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version
    if (format === FORMAT) return
    if (format !== 0)
      throw new Error(
        `${path} has format ${format}, this release reads ${FORMAT}: delete its folder, it is rebuilt`,
      )
    // `last` outlives dropped builds, so that no file name is ever used twice
    this.connection.exec(`
      PRAGMA user_version = ${FORMAT};
      CREATE TABLE versions (projection TEXT NOT NULL, version INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (projection, version)) WITHOUT ROWID;
      CREATE TABLE builds (projection TEXT NOT NULL, version INTEGER NOT NULL, build INTEGER NOT NULL, status TEXT NOT NULL, PRIMARY KEY (projection, version, build)) WITHOUT ROWID;`)
  }

  /** Changes whenever another connection has changed the registry; costs microseconds. */
  dataVersion(): number {
    return this.connection.get<{ data_version: number }>('PRAGMA data_version')?.data_version as number
  }

  builds(): RegisteredBuild[] {
    return this.connection.all<RegisteredBuild>(
      'SELECT projection, version, build, status FROM builds ORDER BY projection, version, build',
    )
  }

  /** The build that answers for a projection. */
  answering(projection: string): BuildName | undefined {
    return this.connection.all<BuildName>(
      "SELECT projection, version, build FROM builds WHERE projection = ? AND status IN ('live', 'frozen')",
      [projection],
    )[0]
  }

  /** Registers the next build of a version once `create` has made its file: the first of a projection is born live. */
  add(projection: string, version: number, create: (name: BuildName) => void): BuildName {
    return this.connection.write(() => {
      this.connection.run(
        'INSERT INTO versions VALUES (?, ?, 1) ON CONFLICT (projection, version) DO UPDATE SET last = last + 1',
        [projection, version],
      )
      const build = this.connection.get<{ last: number }>(
        'SELECT last FROM versions WHERE projection = ? AND version = ?',
        [projection, version],
      )?.last as number
      const first = !this.builds().some((known) => known.projection === projection)
      const name = { projection, version, build }
      create(name)
      this.connection.run('INSERT INTO builds VALUES (?, ?, ?, ?)', [
        projection,
        version,
        build,
        first ? 'live' : 'building',
      ])
      return name
    })
  }

  /** @returns the builds that answered before and were taken off the registry */
  makeLive(name: BuildName): BuildName[] {
    return this.connection.write(() => {
      const before = this.builds().filter(
        (build) =>
          build.projection === name.projection && build.status !== 'building' && !sameBuild(build, name),
      )
      for (const build of before) this.delete(build)
      this.setStatus(name, 'live')
      return before
    })
  }

  freeze(name: BuildName): void {
    this.setStatus(name, 'frozen')
  }

  remove(name: BuildName): void {
    this.connection.write(() => this.delete(name))
  }

  close(): void {
    this.connection.close()
  }

  private setStatus(name: BuildName, status: Status): void {
    const changed = this.connection.run(
      'UPDATE builds SET status = ? WHERE projection = ? AND version = ? AND build = ?',
      [status, name.projection, name.version, name.build],
    )
    if (changed === 0) throw new Error(`There is no build ${buildLabel(name)}`)
  }

  private delete(name: BuildName): void {
    this.connection.run('DELETE FROM builds WHERE projection = ? AND version = ? AND build = ?', [
      name.projection,
      name.version,
      name.build,
    ])
  }
}

export const buildLabel = ({ projection, version, build }: BuildName) => `${projection}-v${version}-b${build}`

export const sameBuild = (a: BuildName, b: BuildName) => buildLabel(a) === buildLabel(b)
