/** Numbers as short texts of even length, in an order of characters in which the order of texts is that of numbers. */
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const BITS = 6
/** What stands in place of a number that there is none of. */
export const NONE_CODE = '.'.charCodeAt(0)

/** Characters of a number below 2^30. */
export const WIDTH = 5
const LARGEST = 2 ** (BITS * WIDTH) - 1

const VALUES = new Uint8Array(128)
for (let value = 0; value < DIGITS.length; value++) VALUES[DIGITS.charCodeAt(value)] = value
const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0))

/** @param number whole; what is below 0 or beyond {@link LARGEST} is told as the nearest that can be */
export function digitsOf(number: number): string {
  const n = Math.min(LARGEST, Math.max(0, number))
  return (
    DIGITS.charAt(n >>> 24) +
    DIGITS.charAt((n >>> 18) & 63) +
    DIGITS.charAt((n >>> 12) & 63) +
    DIGITS.charAt((n >>> 6) & 63) +
    DIGITS.charAt(n & 63)
  )
}

/** Puts texts together from numbers and parts of other such texts, without a text of its own for each of them. */
export class DigitsWriter {
  #bytes = Buffer.allocUnsafe(1024)
  #length = 0

  /** @param number as {@link digitsOf} tells it */
  number(number: number): void {
    const n = Math.min(LARGEST, Math.max(0, number))
    this.#reserve(WIDTH)
    for (let shift = BITS * (WIDTH - 1); shift >= 0; shift -= BITS)
      this.#add(CODES[(n >>> shift) & 63] as number)
  }

  /** @param number from 0 to 63 */
  digit(number: number): void {
    this.#reserve(1)
    this.#add(CODES[number] as number)
  }

  none(): void {
    this.#reserve(WIDTH)
    for (let i = 0; i < WIDTH; i++) this.#add(NONE_CODE)
  }

  /** The number at a place of a text, or that there is none. */
  copy(text: string, at: number): void {
    this.#reserve(WIDTH)
    for (let i = at; i < at + WIDTH; i++) this.#add(text.charCodeAt(i))
  }

  /** What was written since it was asked last. */
  take(): string {
    const text = this.#bytes.toString('latin1', 0, this.#length)
    this.#length = 0
    return text
  }

  #add(code: number): void {
    this.#bytes[this.#length++] = code
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length)
  }
}

/** The number at a place of a text. */
export function numberAt(text: string, at: number): number {
  return (
    ((VALUES[text.charCodeAt(at)] as number) << 24) |
    ((VALUES[text.charCodeAt(at + 1)] as number) << 18) |
    ((VALUES[text.charCodeAt(at + 2)] as number) << 12) |
    ((VALUES[text.charCodeAt(at + 3)] as number) << 6) |
    (VALUES[text.charCodeAt(at + 4)] as number)
  )
}

/** Whether two texts have the same number at a place. */
export function areSameAt(one: string, other: string, at: number): boolean {
  for (let i = at; i < at + WIDTH; i++) if (one.charCodeAt(i) !== other.charCodeAt(i)) return false
  return true
}

/** The number from 0 to 63 that one digit tells. */
export const smallNumberAt = (text: string, at: number): number => VALUES[text.charCodeAt(at)] as number

/** 32 bits: FNV-1a (draft-eastlake-fnv), then the last step of MurmurHash3 (public domain), since texts that follow each other differ in the end alone. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The same, of 30 bits: what {@link digitsOf} can tell. */
export const shortHashOf = (text: string): number => hashOf(text) >>> 2
