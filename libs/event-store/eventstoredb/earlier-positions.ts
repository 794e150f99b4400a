import { deflateSync, inflateSync } from 'node:zlib'
import { type Position, toPosition } from '#libs/event-sourcing'
import { UnreadableEvent } from './server-errors.js'

/**
 * Where the events of a migrated log stand now, by the positions that the other store gave: there they were 1, 2, 3, ...
 * without a gap. No position of the new log is among those, since it begins behind them.
 */
export class EarlierPositions {
  private constructor(private readonly current: BigUint64Array) {}

  /** @param current position of each event, in log order; the first was at 1 */
  static of(current: Iterable<Position>): EarlierPositions {
    return new EarlierPositions(BigUint64Array.from([...current].map(BigInt)))
  }

  /** How many; the last of the earlier positions. */
  get count(): number {
    return this.current.length
  }

  /** The position now; undefined when the earlier log never gave this one. */
  toCurrent(earlier: Position): Position | undefined {
    const place = BigInt(earlier)
    if (place < 1n || place > BigInt(this.count)) return undefined
    return toPosition(this.current[Number(place) - 1]!)
  }

  /** Differences as LEB128 numbers, deflated: about two bytes an event. */
  encode(): Buffer {
    // Ten bytes hold any 64-bit number.
    const bytes = Buffer.allocUnsafe(this.count * 10)
    let size = 0
    let before = 0n
    for (const position of this.current) {
      let rest = position - before
      before = position
      for (; rest > 0x7fn; rest >>= 7n) bytes[size++] = Number(rest & 0x7fn) | 0x80
      bytes[size++] = Number(rest)
    }
    return deflateSync(bytes.subarray(0, size))
  }

  /** @throws UnreadableEvent when the bytes are not those of {@link encode} */
  static decode(encoded: Uint8Array, count: number): EarlierPositions {
    const current = new BigUint64Array(count)
    let filled = 0
    let position = 0n
    let difference = 0n
    let shift = 0n
    for (const byte of inflated(encoded)) {
      difference |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte & 0x80) continue
      position += difference
      current[filled++] = position
      difference = shift = 0n
    }
    if (filled !== count || shift !== 0n) throw damaged(`it has ${filled} of ${count}`)
    return new EarlierPositions(current)
  }
}

function inflated(encoded: Uint8Array): Buffer {
  try {
    return inflateSync(encoded)
  } catch (error) {
    throw damaged((error as Error).message)
  }
}

function damaged(how: string): UnreadableEvent {
  return new UnreadableEvent(`The record of earlier positions is damaged: ${how}`)
}
