import { InvalidInput } from './errors.js'

/** A place in the log: a 20-digit zero-padded string, which rises along the log. Compare as text; never compute. */
export type Position = string

/** Before the first event: reading *after* it reads everything. */
export const LOG_START: Position = '0'.repeat(20)

export function toPosition(value: number | bigint): Position {
  return value.toString().padStart(20, '0')
}

/**
 * Reads a position a caller gave.
 * @throws InvalidInput `POSITION.MALFORMED` unless it is exactly 20 digits.
 */
export function parsePosition(text: string): Position {
  if (!/^\d{20}$/.test(text)) {
    throw new InvalidInput(
      'POSITION.MALFORMED',
      `"${text}" is not a position: give the 20 digits of a "position" in an answer`,
    )
  }
  return text
}

/** @param b may be missing */
export function laterPosition(a: Position, b: Position | undefined): Position {
  return b !== undefined && b > a ? b : a
}
