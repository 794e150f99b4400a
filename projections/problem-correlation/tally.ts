/** In how many lists incidents stand: in arrays that are used again, since it is asked of each incident that is opened. */
export class Tally {
  readonly #ordinals = new Int32Array(CAPACITY)
  readonly #lists = new Int32Array(CAPACITY)
  /** How far away in time, milliseconds. */
  readonly #gaps = new Float64Array(CAPACITY)
  #size = 0
  /** By hash of the ordinal one more than its place; 0: nobody. The next one that is free, if another stands there. */
  readonly #places = new Int32Array(2 * CAPACITY)
  /** Where in them each is. */
  readonly #at = new Int32Array(CAPACITY)

  clear(): void {
    for (let place = 0; place < this.#size; place++) this.#places[this.#at[place] as number] = 0
    this.#size = 0
  }

  /** One list more in which it stands. Beyond {@link CAPACITY} nobody new is taken in. */
  add(ordinal: number, gap: number): void {
    const at = this.#find(ordinal)
    const place = (this.#places[at] as number) - 1
    if (place >= 0) this.#lists[place] = (this.#lists[place] as number) + 1
    else if (this.#size < CAPACITY) this.#put(at, ordinal, gap, 1)
  }

  /** The same, of who is known already. */
  addKnown(ordinal: number): void {
    const place = (this.#places[this.#find(ordinal)] as number) - 1
    if (place >= 0) this.#lists[place] = (this.#lists[place] as number) + 1
  }

  /** Forgets who stands in fewer lists. */
  keep(least: number): void {
    const size = this.#size
    this.clear()
    for (let i = 0; i < size; i++) {
      const lists = this.#lists[i] as number
      if (lists < least) continue
      const ordinal = this.#ordinals[i] as number
      this.#put(this.#find(ordinal), ordinal, this.#gaps[i] as number, lists)
    }
  }

  /** Ordinals of so many at most: those that stand in most lists, then the nearest in time. In no order, if there are no more. */
  first(most: number): readonly number[] {
    const [ordinals, lists, gaps] = [this.#ordinals, this.#lists, this.#gaps] as const
    const places: number[] = []
    for (let place = 0; place < this.#size; place++) places.push(place)
    if (places.length <= most) return places.map((place) => ordinals[place] as number)
    const between = (numbers: Int32Array | Float64Array, a: number, b: number) =>
      (numbers[a] as number) - (numbers[b] as number)
    return places
      .sort((a, b) => between(lists, b, a) || between(gaps, a, b) || between(ordinals, a, b))
      .slice(0, most)
      .map((place) => ordinals[place] as number)
  }

  #find(ordinal: number): number {
    let at = (Math.imul(ordinal, 0x9e3779b1) >>> 16) & LAST_PLACE
    for (let one = this.#places[at] as number; one !== 0; one = this.#places[at] as number) {
      if (this.#ordinals[one - 1] === ordinal) break
      at = (at + 1) & LAST_PLACE
    }
    return at
  }

  #put(at: number, ordinal: number, gap: number, lists: number): void {
    const place = this.#size++
    this.#places[at] = place + 1
    this.#at[place] = at
    this.#ordinals[place] = ordinal
    this.#gaps[place] = gap
    this.#lists[place] = lists
  }
}

/** More than the lists of one incident can name. */
const CAPACITY = 1_024
const LAST_PLACE = 2 * CAPACITY - 1
