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
 *
 * Recently used is what was used since the last time that half of the capacity had been, or in the time before that: one look at one
 * map finds most documents, where an exact order of use would have to be kept for each look.
 */
export class DocumentCache {
  readonly #half: number
  #young = new Map<string, Slot>()
  #old = new Map<string, Slot>()
  /** Found last: what is read is often written next. */
  #last: Slot | undefined
  #missing: Slot[] = []
  #dirty: Slot[] = []
  /** Nothing is in the store that is not in memory: a fresh build needs no reads until the memory overflows. */
  #complete: boolean

  constructor(
    private readonly reader: ProjectionReader,
    private readonly collection: string,
    { capacity, fresh }: { capacity: number; fresh: boolean },
  ) {
    this.#half = Math.ceil(capacity / 2)
    this.#complete = fresh
  }

  /** The slot of this id for the batch; its content is there after the next `load`. */
  slot(id: string): Slot {
    let slot = this.#find(id)
    if (slot === undefined) {
      slot = this.#add(id)
      if (!this.#complete) this.#missing.push(slot)
    }
    return slot
  }

  /** The slot, provided its content is known already. */
  peek(id: string): Slot | undefined {
    return this.#find(id) ?? (this.#complete ? this.#add(id) : undefined)
  }

  /** The slot for a document that is replaced without having been read. */
  overwrite(id: string): Slot {
    return this.#find(id) ?? this.#add(id)
  }

  /** Nothing is known of it any more. */
  drop(slot: Slot): void {
    slot.dirty = false
    this.#young.delete(slot.id)
    this.#last = undefined
  }

  #find(id: string): Slot | undefined {
    if (this.#last?.id === id) return this.#last
    let slot = this.#young.get(id)
    if (slot === undefined) {
      slot = this.#old.get(id)
      if (slot === undefined) return undefined
      this.#young.set(id, slot)
    }
    this.#last = slot
    return slot
  }

  #add(id: string): Slot {
    const slot: Slot = { id, document: undefined, position: LOG_START, stale: false, dirty: false }
    this.#young.set(id, slot)
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

  /** Puts back into a slot what was there before a {@link change}. */
  restore(slot: Slot, before: Pick<Slot, 'document' | 'position' | 'dirty'>): void {
    Object.assign(slot, before)
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
      if (!slot.dirty) continue
      slot.dirty = false
      const { id, document = null, position, stale } = slot
      writes.push({ collection: this.collection, id, document, position, stale })
    }
    this.#dirty = []
    if (this.#young.size >= this.#half) this.#growOld()
  }

  #growOld(): void {
    if (this.#old.size > 0) this.#complete = false
    this.#old = this.#young
    this.#young = new Map()
    this.#last = undefined
  }

  /** Forgets everything, for instance because another has written. */
  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#last = undefined
    this.#missing = []
    this.#dirty = []
    this.#complete = false
  }
}
