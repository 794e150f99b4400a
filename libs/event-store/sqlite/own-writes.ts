/**
 * Which categories one connection has written to while no other one wrote. Whoever follows none of them learns from it,
 * without a query, that there is nothing to read: the log moves on with every commit, the directory's part of it seldom.
 */
export class OwnWrites {
  /** After this position nobody else has written, as of the last look. */
  #alone = 0
  readonly #lastOf = new Map<number, number>()

  /** Another connection has written, up to `head`. */
  interrupted(head: number): void {
    this.#alone = head
    this.#lastOf.clear()
  }

  /** Own events of these categories were committed, and `head` is where the log ends now. */
  committed(categories: Iterable<number>, head: number): void {
    for (const category of categories) this.#lastOf.set(category, head)
  }

  /** Numbers of all categories that may have events after `position`; undefined: any may. */
  after(position: number): number[] | undefined {
    if (position < this.#alone) return undefined
    const written: number[] = []
    for (const [category, last] of this.#lastOf) if (last > position) written.push(category)
    return written
  }
}
