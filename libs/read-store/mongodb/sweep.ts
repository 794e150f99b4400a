import type { BuildDocuments } from './build-documents.js'

/** What a deletion left must outlive every writer that might still be applying an earlier batch: see `APPLY_WITHIN_MILLISECONDS`. */
export const KEEP_DELETED_MILLISECONDS = 3_600_000

const PAUSE_MILLISECONDS = 60_000
const REMOVED_AT_A_TIME = 1_000

/** Removes what deletions left, a little after each batch, so that no batch waits for long. */
export class Sweep {
  private notBefore = 0

  constructor(
    private readonly documents: BuildDocuments,
    private readonly label: string,
    private readonly collections: readonly string[],
    private readonly keepMilliseconds = KEEP_DELETED_MILLISECONDS,
  ) {}

  async next(now = Date.now()): Promise<void> {
    if (now < this.notBefore) return
    const before = new Date(now - this.keepMilliseconds)
    let removed = 0
    for (const collection of this.collections) {
      const rows = this.documents.rows(this.label, collection)
      const old = { deleted: true as const, removedAt: { $lt: before } }
      const found = await rows
        .find(old, { projection: { _id: 1 } })
        .limit(REMOVED_AT_A_TIME)
        .toArray()
      if (found.length === 0) continue
      const { deletedCount } = await rows.deleteMany({ ...old, _id: { $in: found.map(({ _id }) => _id) } })
      removed += deletedCount
    }
    // More may be left: the next batch goes on
    if (removed < REMOVED_AT_A_TIME) this.notBefore = now + PAUSE_MILLISECONDS
  }
}
