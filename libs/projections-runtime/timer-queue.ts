/** A timer that a policy has set, as it is stored. */
export interface ArmedTimer {
  /** Stable: of the policy, the key, the name and what set it. Command ids are derived from it. */
  id: string
  key: string
  name: string
  /** ISO 8601, UTC, milliseconds. */
  dueAt: string
  /** Id of the event that is behind it, and its correlation. */
  causationId: string
  correlationId: string
}

/**
 * The armed timers of one policy in memory: at most one of a name for each key, and the earliest of all at hand. They
 * are few beside the records that ever were: only what is open waits for something.
 */
export class TimerQueue {
  readonly #byKey = new Map<string, Map<string, ArmedTimer>>()
  /** Binary heap by `dueAt`, then id; entries that are no longer armed are skipped when they surface. */
  readonly #heap: ArmedTimer[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Sets or moves a timer; the answer is the one that it replaces. */
  set(timer: ArmedTimer): ArmedTimer | undefined {
    const replaced = this.cancel(timer.key, timer.name)
    let ofKey = this.#byKey.get(timer.key)
    if (!ofKey) {
      ofKey = new Map()
      this.#byKey.set(timer.key, ofKey)
    }
    ofKey.set(timer.name, timer)
    this.#size++
    this.#push(timer)
    return replaced
  }

  cancel(key: string, name: string): ArmedTimer | undefined {
    const ofKey = this.#byKey.get(key)
    const timer = ofKey?.get(name)
    if (!ofKey || !timer) return undefined
    ofKey.delete(name)
    this.#size--
    if (ofKey.size === 0) this.#byKey.delete(key)
    return timer
  }

  /** Takes back every timer of a key. */
  cancelAll(key: string): ArmedTimer[] {
    const timers = [...(this.#byKey.get(key)?.values() ?? [])]
    for (const { name } of timers) this.cancel(key, name)
    return timers
  }

  /** The timer that falls due first. */
  earliest(): ArmedTimer | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.isArmed(first)) return first
      this.#pop()
    }
    return undefined
  }

  /** Those due at `time` (ISO 8601) or before, earliest first, at most so many. They stay armed. */
  due(time: string, limit: number): ArmedTimer[] {
    const due: ArmedTimer[] = []
    for (
      let next = this.earliest();
      next && next.dueAt <= time && due.length < limit;
      next = this.earliest()
    ) {
      due.push(next)
      this.#pop()
    }
    for (const timer of due) this.#push(timer)
    return due
  }

  /** Neither fired, moved nor cancelled since. */
  isArmed(timer: ArmedTimer): boolean {
    return this.#byKey.get(timer.key)?.get(timer.name) === timer
  }

  #push(timer: ArmedTimer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isEarlier(timer, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isEarlier(heap[child + 1]!, heap[child]!)) child++
      if (!isEarlier(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

function isEarlier(a: ArmedTimer, b: ArmedTimer): boolean {
  return a.dueAt === b.dueAt ? a.id < b.id : a.dueAt < b.dueAt
}
