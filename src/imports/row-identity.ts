import { hash } from 'node:crypto'
import type { ImportMapping } from './mapping.js'

/** Hash in hex; how many equal rows stand before it. */
export interface IdentityOfRow {
  readonly hash: string
  readonly ordinal: number
}

/**
 * What tells one row from another: a hash of all its columns by name, save those that the source fills in later, and its
 * ordinal among the equal rows before it. The order of columns, the file's name and who imports it play no part.
 */
export class RowIdentity {
  readonly #columns: readonly number[]
  readonly #names: string
  readonly #rows = new SeenHashes()

  /** @param header names of the columns, in the file's order */
  constructor({ backFilled }: Pick<ImportMapping, 'backFilled'>, header: readonly string[]) {
    const identifying = header
      .map((name, index) => ({ name, index }))
      .filter(({ name }) => !backFilled.includes(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    this.#columns = identifying.map(({ index }) => index)
    this.#names = JSON.stringify(identifying.map(({ name }) => name))
  }

  /** To be asked once for each row, in the file's order: the answer's ordinal counts. */
  of(cells: readonly string[]): IdentityOfRow {
    const values: string[] = []
    for (const index of this.#columns) values.push(cells[index]!)
    const digest = hash('sha256', this.#names + JSON.stringify(values), 'hex')
    return { hash: digest, ordinal: this.#rows.add(digest) }
  }
}

/**
 * How often a hash came before. Equal rows may stand anywhere in a file, so all are remembered; by the first 64 bits, in
 * about 18 bytes a hash, so that ten million need less than 200 MB. (Two different rows that agree in 64 bits would only
 * be numbered as if they were equal, the same in each run.)
 */
export class SeenHashes {
  #bits = 12
  #used = 0
  #keys = new Uint32Array(2 << this.#bits)
  #counts = new Uint16Array(1 << this.#bits)

  has(hash: string): boolean {
    return this.#counts[this.#slotOf(...key(hash))] !== 0
  }

  /** @returns how often it was added before */
  add(hash: string): number {
    // The table stays at most three quarters full.
    if (this.#used > 0.75 * this.#counts.length) this.#grow()
    const [high, low] = key(hash)
    const slot = this.#slotOf(high, low)
    const before = this.#counts[slot]!
    if (before === 0) {
      this.#keys[2 * slot] = high
      this.#keys[2 * slot + 1] = low
      this.#used++
    }
    // 65,535 equal rows are beyond any source; from there on they all are "the last one".
    this.#counts[slot] = Math.min(before + 1, 0xffff)
    return before
  }

  /** Where the key stands, or the free slot where it belongs: open addressing with linear probing. */
  #slotOf(high: number, low: number): number {
    const mask = this.#counts.length - 1
    let slot = low & mask
    while (this.#counts[slot] !== 0 && (this.#keys[2 * slot] !== high || this.#keys[2 * slot + 1] !== low)) {
      slot = (slot + 1) & mask
    }
    return slot
  }

  #grow(): void {
    const [keys, counts] = [this.#keys, this.#counts]
    this.#bits++
    this.#keys = new Uint32Array(2 << this.#bits)
    this.#counts = new Uint16Array(1 << this.#bits)
    for (let old = 0; old < counts.length; old++) {
      if (counts[old] === 0) continue
      const slot = this.#slotOf(keys[2 * old]!, keys[2 * old + 1]!)
      this.#keys[2 * slot] = keys[2 * old]!
      this.#keys[2 * slot + 1] = keys[2 * old + 1]!
      this.#counts[slot] = counts[old]!
    }
  }
}

/** The first 64 bits of a hash in hex. */
function key(hash: string): [high: number, low: number] {
  return [Number.parseInt(hash.slice(0, 8), 16), Number.parseInt(hash.slice(8, 16), 16)]
}
