import type { Checkpoint } from '../read-store.js'
import type { StoredForm } from './stored-document.js'

/** A lease as it stands in the store: the one with the highest number counts. */
export interface StoredLease {
  number: number
  owner: string
  /** Unlike the number never given twice, be it that a fail-over lost the first. */
  holder: string
  /** ISO 8601. */
  expiresAt: string
  /** Given back before it expired. */
  released: boolean
}

/** Who may replace the journal, and which batch it holds. */
export interface JournalMark {
  lease: number
  holder: string
  batch: number
}

export interface Write {
  collection: string
  form: StoredForm
}

/** The batch that is being applied, or was the last to be. */
export interface Journal extends JournalMark {
  writes: readonly Write[]
  /** undefined: no batch was written yet. */
  checkpoint: Checkpoint | undefined
}

/**
 * What one build needs of a store in which each of these steps is atomic by itself and nothing more is: `apply` document
 * by document. Everything else rests on their order, see `BuildCommits`.
 */
export interface BuildMedium {
  latestLease(): Promise<StoredLease | undefined>
  /** False when there is one of that number. */
  insertLease(lease: StoredLease): Promise<boolean>
  renewLease(number: number, expiresAt: string): Promise<void>
  releaseLease(number: number): Promise<void>
  removeLeasesBefore(number: number): Promise<void>
  /**
   * Makes it the lease's of a higher number, whatever it holds.
   * @returns what it holds; undefined when it has such a lease already, or is gone
   */
  claimJournal(lease: number, holder: string): Promise<Journal | undefined>
  journal(): Promise<Journal | undefined>
  /** False unless it bears that very mark. */
  replaceJournal(expected: JournalMark, next: Journal): Promise<boolean>
  /** Writes what supersedes what is stored. */
  apply(writes: readonly Write[]): Promise<void>
  /** Unless a later batch moved it. */
  moveCheckpoint(batch: number, checkpoint: Checkpoint): Promise<void>
}
