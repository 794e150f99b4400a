import { MongoServerError } from 'mongodb'
import type { BuildName } from '../read-store.js'
import { type BuildDocuments, buildLabel, type RegistryDocument, type Status } from './build-documents.js'

export type RegisteredBuild = BuildName & { status: Status }

/** Changes collide only when several processes start at a time. */
const MOST_TRIES = 50

const DUPLICATE_KEY = 11000

/** Which builds there are and which of them answer. Every change is one replacement of one document. */
export class Registry {
  constructor(private readonly documents: BuildDocuments) {}

  async builds(): Promise<RegisteredBuild[]> {
    const projections = await this.documents.registry.find().sort({ _id: 1 }).toArray()
    return projections.flatMap(({ _id: projection, builds }) =>
      builds.map((build) => ({ projection, ...build })).sort(byVersionAndBuild),
    )
  }

  async retired(): Promise<(BuildName & { at: Date })[]> {
    const projections = await this.documents.registry.find({ 'retired.0': { $exists: true } }).toArray()
    return projections.flatMap(({ _id: projection, retired }) =>
      retired.map((build) => ({ projection, ...build })),
    )
  }

  async has(name: BuildName): Promise<boolean> {
    const found = await this.documents.registry.findOne({ _id: name.projection })
    return found?.builds.some(is(name)) ?? false
  }

  /** The build that answers for a projection. */
  async answering(projection: string): Promise<BuildName | undefined> {
    const found = await this.documents.registry.findOne({ _id: projection })
    const build = found?.builds.find(({ status }) => status !== 'building')
    return build && { projection, version: build.version, build: build.build }
  }

  /** A name for the next build of a version, given once only. */
  async allot(projection: string, version: number): Promise<BuildName> {
    const { last } = await this.change(projection, (registered) => ({
      ...registered,
      last: { ...registered.last, [version]: (registered.last[version] ?? 0) + 1 },
    }))
    return { projection, version, build: last[version] as number }
  }

  /** Registers a build that is ready: the first of a projection is born live. */
  async add({ projection, version, build }: BuildName): Promise<void> {
    await this.change(projection, (registered) => {
      const status: Status = registered.builds.length === 0 ? 'live' : 'building'
      return { ...registered, builds: [...registered.builds, { version, build, status }] }
    })
  }

  /** @returns the builds that answered before and answer no more */
  async makeLive(name: BuildName, now: number): Promise<BuildName[]> {
    let before: RegistryDocument['builds'] = []
    await this.change(name.projection, (registered) => {
      const successor = required(registered, name)
      before = registered.builds.filter((build) => build !== successor && build.status !== 'building')
      return retire(withStatus(registered, name, 'live'), before, now)
    })
    return before.map(({ version, build }) => ({ projection: name.projection, version, build }))
  }

  async freeze(name: BuildName): Promise<void> {
    await this.change(name.projection, (registered) => withStatus(registered, name, 'frozen'))
  }

  async remove(name: BuildName, now: number): Promise<void> {
    await this.change(name.projection, (registered) =>
      retire(registered, registered.builds.filter(is(name)), now),
    )
  }

  /** Forgets a build whose collections are gone. */
  async forget(name: BuildName): Promise<void> {
    await this.change(name.projection, (registered) => ({
      ...registered,
      retired: registered.retired.filter((build) => !is(name)(build)),
    }))
  }

  /** Replaces the document by what `next` makes of it, again and again until nobody came in between. */
  private async change(
    projection: string,
    next: (registered: RegistryDocument) => RegistryDocument,
  ): Promise<RegistryDocument> {
    const { registry } = this.documents
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const stored = await registry.findOne({ _id: projection })
      const before = stored ?? { _id: projection, revision: 0, builds: [], last: {}, retired: [] }
      const after = { ...next(before), revision: before.revision + 1 }
      if (stored) {
        const { _id, ...content } = after
        const { matchedCount } = await registry.replaceOne({ _id, revision: before.revision }, content)
        if (matchedCount === 1) return after
      } else {
        const inserted = await registry.insertOne(after).then(
          () => true,
          (error: unknown) => {
            if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return false
            throw error
          },
        )
        if (inserted) return after
      }
    }
    throw new Error(`The builds of ${projection} are changed by others all the time`)
  }
}

const is =
  ({ version, build }: BuildName) =>
  (candidate: { version: number; build: number }) =>
    candidate.version === version && candidate.build === build

const byVersionAndBuild = (a: BuildName, b: BuildName) => a.version - b.version || a.build - b.build

function required(registered: RegistryDocument, name: BuildName): RegistryDocument['builds'][number] {
  const build = registered.builds.find(is(name))
  if (!build) throw new Error(`There is no build ${buildLabel(name)}`)
  return build
}

function withStatus(registered: RegistryDocument, name: BuildName, status: Status): RegistryDocument {
  const changed = required(registered, name)
  return {
    ...registered,
    builds: registered.builds.map((build) => (build === changed ? { ...build, status } : build)),
  }
}

function retire(
  registered: RegistryDocument,
  builds: readonly { version: number; build: number }[],
  now: number,
): RegistryDocument {
  const at = new Date(now)
  return {
    ...registered,
    builds: registered.builds.filter((build) => !builds.some((gone) => is(gone as BuildName)(build))),
    retired: [...registered.retired, ...builds.map(({ version, build }) => ({ version, build, at }))],
  }
}
