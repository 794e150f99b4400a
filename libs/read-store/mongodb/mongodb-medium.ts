import { type AnyBulkWriteOperation, BSON, MongoBulkWriteError, MongoServerError } from 'mongodb'
import type { Checkpoint } from '../read-store.js'
import type { BuildDocuments, JournalDocument } from './build-documents.js'
import type { BuildMedium, Journal, JournalMark, StoredLease, Write } from './build-medium.js'
import { guardOf, type StoredForm, supersedes } from './stored-document.js'

/** Of the 16 MB that a document may have, the rest is left for what stands around the writes. */
const MAX_WRITES_BYTES = 12_000_000

/** Two writers may refuse each other's inserts only so often: each time one of them got further. */
const MOST_TRIES = 20

const DUPLICATE_KEY = 11000

/** One build's documents. Every method is one step that MongoDB makes atomic, or many of which each is. */
export class MongodbMedium implements BuildMedium {
  /** The journal may have parts that are of no use any more. */
  private hasParts = true

  constructor(
    private readonly documents: BuildDocuments,
    private readonly label: string,
    private readonly maxWritesBytes = MAX_WRITES_BYTES,
  ) {}

  async latestLease(): Promise<StoredLease | undefined> {
    const [latest] = await this.documents.leases
      .find({ build: this.label })
      .sort({ number: -1 })
      .limit(1)
      .toArray()
    return latest
  }

  async insertLease(lease: StoredLease): Promise<boolean> {
    try {
      await this.documents.leases.insertOne({
        _id: this.leaseId(lease.number),
        build: this.label,
        ...lease,
      })
      return true
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  }

  async renewLease(number: number, expiresAt: string): Promise<void> {
    await this.documents.gathered.leases.updateOne({ _id: this.leaseId(number) }, { $set: { expiresAt } })
  }

  async releaseLease(number: number): Promise<void> {
    await this.documents.leases.updateOne({ _id: this.leaseId(number) }, { $set: { released: true } })
  }

  async removeLeasesBefore(number: number): Promise<void> {
    await this.documents.leases.deleteMany({ build: this.label, number: { $lt: number } })
  }

  async claimJournal(lease: number, holder: string): Promise<Journal | undefined> {
    const claimed = await this.documents.journals.findOneAndUpdate(
      { _id: this.label, lease: { $lt: lease } },
      { $set: { lease, holder } },
      { returnDocument: 'after' },
    )
    // Who is the first has nobody's parts to remove
    if (lease === 1) this.hasParts = false
    return claimed ? this.inFull(claimed) : undefined
  }

  async journal(): Promise<Journal | undefined> {
    const found = await this.documents.journals.findOne({ _id: this.label })
    return found ? this.inFull(found) : undefined
  }

  private async inFull(found: JournalDocument): Promise<Journal> {
    const { lease, holder, batch, parts } = found
    const more =
      parts.length > 0 ? await this.documents.journalParts.find({ _id: { $in: parts } }).toArray() : []
    // A journal that was replaced meanwhile has lost its parts: whoever asks sees by the mark that it is not theirs
    const writes = [...found.writes, ...more.flatMap((part) => part.writes)]
    return { lease, holder, batch, writes, checkpoint: found.checkpoint ?? undefined }
  }

  async replaceJournal(expected: JournalMark, next: Journal): Promise<boolean> {
    if (next.writes.length === 0 && !this.hasParts) return this.emptyJournal(expected, next)
    const { lease, holder, batch, checkpoint = null } = next
    const [writes = [], ...others] = inPortions(next.writes, this.maxWritesBytes)
    const parts = others.map((_, i) => `${this.label}#${batch}#${holder}#${i}`)
    for (const [i, some] of others.entries()) {
      this.hasParts = true
      const part = { build: this.label, batch, writes: some }
      await this.documents.journalParts.replaceOne({ _id: parts[i] as string }, part, { upsert: true })
    }
    const { matchedCount } = await this.documents.journals.replaceOne(
      { _id: this.label, lease: expected.lease, holder: expected.holder, batch: expected.batch },
      { lease, holder, batch, checkpoint, writes, parts },
    )
    if (matchedCount === 1) await this.removePartsBefore(batch, parts.length > 0)
    else await this.documents.journalParts.deleteMany({ _id: { $in: parts } })
    return matchedCount === 1
  }

  /** Most batches change nothing in most builds: what such a one replaces the journal by is small enough to be gathered. */
  private async emptyJournal(expected: JournalMark, next: Journal): Promise<boolean> {
    const { lease, holder, batch, checkpoint = null } = next
    const allFound = await this.documents.gathered.journals.updateOne(
      { _id: this.label, lease: expected.lease, holder: expected.holder, batch: expected.batch },
      { $set: { lease, holder, batch, checkpoint, writes: [], parts: [] } },
    )
    if (allFound) return true
    // Nobody else gives a journal this mark
    const replaced = { _id: this.label, lease, holder, batch }
    return (await this.documents.journals.findOne(replaced, { projection: { _id: 1 } })) !== null
  }

  async apply(writes: readonly Write[]): Promise<void> {
    const groups = new Map<string, StoredForm[]>()
    for (const { collection, form } of writes) {
      const group = groups.get(collection)
      if (group) group.push(form)
      else groups.set(collection, [form])
    }
    await Promise.all([...groups].map(([collection, forms]) => this.applyTo(collection, forms)))
  }

  async moveCheckpoint(batch: number, checkpoint: Checkpoint): Promise<void> {
    await this.documents.gathered.builds.updateOne(
      { _id: this.label, batch: { $lt: batch } },
      { $set: { batch, checkpoint } },
    )
  }

  /**
   * A guard that refuses lets the server try an insert, which finds the id taken. It finds it taken too when another has
   * inserted it in between, so what was refused is looked at, and tried again when it should not have been.
   */
  private async applyTo(collection: string, forms: readonly StoredForm[]): Promise<void> {
    const rows = this.documents.rows(this.label, collection)
    let left = forms
    for (let tries = 0; left.length > 0; tries++) {
      try {
        await rows.bulkWrite(left.map(guardedWrite), { ordered: false })
        return
      } catch (error) {
        if (!isDuplicate(error) || tries === MOST_TRIES) throw error
      }
      const ids = left.map(({ _id }) => _id)
      const stored = await rows.find({ _id: { $in: ids } }, { projection: { json: 0, c: 0, a: 0 } }).toArray()
      const byId = new Map(stored.map((form) => [form._id, form]))
      left = left.filter((form) => supersedes(form, byId.get(form._id)))
    }
  }

  /** Only of earlier batches: should this writer be late, its successor's are not touched. */
  private async removePartsBefore(batch: number, hasParts: boolean): Promise<void> {
    if (!this.hasParts) return
    await this.documents.journalParts.deleteMany({ build: this.label, batch: { $lt: batch } })
    this.hasParts = hasParts
  }

  private leaseId(number: number): string {
    return `${this.label}#${number}`
  }
}

function guardedWrite(form: StoredForm): AnyBulkWriteOperation<StoredForm> {
  return { replaceOne: { filter: guardOf(form), replacement: form, upsert: true } }
}

/**
 * Cuts writes so that each portion fits into a document.
 * @throws Error when one alone does not: nothing of its batch is written then
 */
function inPortions(writes: readonly Write[], maxBytes: number): Write[][] {
  const portions: Write[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const write of writes) {
    const size = BSON.calculateObjectSize(write)
    if (size > maxBytes)
      throw new Error(`${write.collection} ${write.form._id} has ${size} bytes, ${maxBytes} are the most`)
    if (bytes + size > maxBytes) {
      portions.push([])
      bytes = 0
    }
    portions.at(-1)?.push(write)
    bytes += size
  }
  return portions
}

function isDuplicate(error: unknown): boolean {
  if (error instanceof MongoBulkWriteError) {
    const errors = [error.writeErrors].flat()
    return errors.length > 0 && errors.every(({ code }) => code === DUPLICATE_KEY)
  }
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}
