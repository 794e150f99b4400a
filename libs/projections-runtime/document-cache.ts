import { LRUCache } from 'lru-cache'
import { LOG_START, type Position } from '#libs/event-sourcing'
import type { DocumentWrite, ProjectionReader } from '#libs/read-store'

/** A document while it is folded. */
export interface Slot {
  readonly id: string
  document: object | undefined
  position: Position
  stale: boolean
  dirty: boolean
}

/**
 * The documents of one collection that a batch touches, on top of the recently used ones, so that a stream of events
 * about the same records does not read them again and again. One batch: `slot` what it touches, `load`, change the
 * slots, `finish`. After a failure it must be cleared: slots may have changed that were not written.
 */
export class DocumentCache {
  readonly #recent: LRUCache<string, Slot>
  readonly #batch = new Map<string, Slot>()
  #missing: Slot[] = []
  #dirty: Slot[] = []
  /** Nothing is in the store that is not in memory: a fresh build needs no reads until the memory overflows. */
  #complete: boolean

  constructor(
    private readonly reader: ProjectionReader,
    private readonly collection: string,
    { capacity, fresh }: { capacity: number; fresh: boolean },
  ) {
    this.#recent = new LRUCache({ max: capacity })
    this.#complete = fresh
  }

  /** The slot of this id for the batch; its content is there after the next `load`. */
  slot(id: string): Slot {
    let slot = this.#batch.get(id)
    if (slot !== undefined) return slot
    slot = this.#recent.get(id)
    if (slot === undefined) {
      slot = emptySlot(id)
      if (!this.#complete) this.#missing.push(slot)
    }
    this.#batch.set(id, slot)
    return slot
  }

  /** The slot, provided its content is known already. */
  peek(id: string): Slot | undefined {
    let slot = this.#batch.get(id)
    if (slot !== undefined) return slot
    slot = this.#recent.get(id) ?? (this.#complete ? emptySlot(id) : undefined)
    if (slot !== undefined) this.#batch.set(id, slot)
    return slot
  }

  /** The slot for a document that is replaced without having been read. */
  overwrite(id: string): Slot {
    let slot = this.#batch.get(id)
    if (slot === undefined) {
      slot = this.#recent.get(id) ?? emptySlot(id)
      this.#batch.set(id, slot)
    }
    return slot
  }

  async load(): Promise<void> {
    if (this.#missing.length === 0) return
    const missing = this.#missing
    this.#missing = []
    const stored = await this.reader.getMany<object>(
      this.collection,
      missing.map(({ id }) => id),
    )
    if (stored.size === 0) return
    for (const slot of missing) {
      const found = stored.get(slot.id)
      if (found === undefined) continue
      slot.document = found.document
      slot.position = found.position
      slot.stale = found.stale
    }
  }

  /** Puts a document (undefined: none) into its slot. */
  change(slot: Slot, document: object | undefined, position: Position): void {
    slot.document = document
    slot.position = position
    this.touch(slot)
  }

  /** Marks a slot as to be written. */
  touch(slot: Slot): void {
    if (slot.dirty) return
    slot.dirty = true
    this.#dirty.push(slot)
  }

  /** Ends the batch: what must be written. */
  finish(writes: DocumentWrite[]): void {
    for (const slot of this.#dirty) {
      slot.dirty = false
      const { id, document = null, position, stale } = slot
      writes.push({ collection: this.collection, id, document, position, stale })
    }
    this.#dirty = []
    for (const [id, slot] of this.#batch) this.#recent.set(id, slot)
    this.#batch.clear()
    if (this.#recent.size >= this.#recent.max) this.#complete = false
  }

  /** Forgets everything, for instance because another has written. */
  clear(): void {
    this.#recent.clear()
    this.#batch.clear()
    this.#missing = []
    this.#dirty = []
    this.#complete = false
  }
}

function emptySlot(id: string): Slot {
  return { id, document: undefined, position: LOG_START, stale: false, dirty: false }
}
