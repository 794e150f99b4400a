import type { Collection, Db } from 'mongodb'
import type { BuildName, BuildState, Checkpoint, CollectionSchema } from '../read-store.js'
import type { JournalMark, StoredLease, Write } from './build-medium.js'
import { GatheredUpdates } from './gathered-updates.js'
import type { StoredForm } from './stored-document.js'

/** Layout of what stands in the database; a build of another layout is not opened. */
export const FORMAT = 1

export type Status = BuildState['status']

/** All builds of one projection in one document, so that which of them answers changes in one step. */
export interface RegistryDocument {
  /** The projection. */
  _id: string
  /** Rises with every change: a change is made to the revision it was computed from, or again. */
  revision: number
  builds: { version: number; build: number; status: Status }[]
  /** Per version the last build number given; outlives dropped builds, so that no name is ever used twice. */
  last: Record<string, number>
  /** Answer no more; their collections go once no query can be reading them. */
  retired: { version: number; build: number; at: Date }[]
}

export interface BuildDocument {
  /** The build's label. */
  _id: string
  format: number
  /** JSON: a `CollectionSchema[]`. */
  schemas: string
  /** Secondary indexes are left out for now. */
  loading: boolean
  /** The batch that moved the checkpoint last. */
  batch: number
  checkpoint: Checkpoint | null
}

export interface LeaseDocument extends StoredLease {
  /** `<label>#<number>`: inserting it takes the lease, for an id can be inserted once only. */
  _id: string
  build: string
}

export interface JournalDocument extends JournalMark {
  /** The build's label. */
  _id: string
  checkpoint: Checkpoint | null
  writes: Write[]
  /** Ids of further parts, when all writes would not fit into one document. They come after `writes`. */
  parts: string[]
}

export interface JournalPartDocument {
  _id: string
  build: string
  batch: number
  writes: Write[]
}

/** What processes leave for each other, by its name. */
export interface NoteDocument {
  _id: string
  /** JSON. */
  note: string
}

/** The collections of an instance's database. */
export class BuildDocuments {
  readonly registry: Collection<RegistryDocument>
  readonly builds: Collection<BuildDocument>
  readonly leases: Collection<LeaseDocument>
  readonly journals: Collection<JournalDocument>
  readonly journalParts: Collection<JournalPartDocument>
  readonly notes: Collection<NoteDocument>
  /** What every build has to say again and again. */
  readonly gathered: {
    readonly builds: GatheredUpdates<BuildDocument>
    readonly leases: GatheredUpdates<LeaseDocument>
    readonly journals: GatheredUpdates<JournalDocument>
  }

  constructor(private readonly database: Db) {
    this.registry = database.collection('registry')
    this.builds = database.collection('builds')
    this.leases = database.collection('leases')
    this.journals = database.collection('journals')
    this.journalParts = database.collection('journal_parts')
    this.notes = database.collection('notes')
    this.gathered = {
      builds: new GatheredUpdates(this.builds),
      leases: new GatheredUpdates(this.leases),
      journals: new GatheredUpdates(this.journals),
    }
  }

  rows(label: string, collection: string): Collection<StoredForm> {
    return this.database.collection(rowsName(label, collection))
  }
}

export const rowsName = (label: string, collection: string) => `${label}.${collection}`

export const buildLabel = ({ projection, version, build }: BuildName) => `${projection}-v${version}-b${build}`

export const schemasOf = (document: BuildDocument) => JSON.parse(document.schemas) as CollectionSchema[]
