import { InvalidInput, NotFound, Refused } from '#libs/event-sourcing'
import type { Ci, CiRecord } from './ci.state.js'

/** @throws NotFound `CI.UNKNOWN` */
export function requireRegistered(record: CiRecord): Ci {
  if (record.standing === 'registered') return record
  throw new NotFound('CI.UNKNOWN', 'There is no configuration item with this number: check the number.')
}

/** @throws Refused `CI.RETIRED` */
export function requireLive(ci: Ci): void {
  if (ci.status === 'live') return
  throw new Refused(
    'CI.RETIRED',
    'It is retired: register a new one under its name, or correct the retirement if it was a mistake.',
  )
}

/** 1 to 200 printable characters, without blanks at either end. */
export function isName(name: string): boolean {
  return name.length > 0 && name.length <= 200 && name === name.trim() && /^\P{C}+$/u.test(name)
}

/** @throws InvalidInput `CI.NAME_MALFORMED` */
export function requireName(name: string): void {
  if (isName(name)) return
  throw new InvalidInput(
    'CI.NAME_MALFORMED',
    'Give a name of 1 to 200 printable characters, without blanks at either end.',
    [{ pointer: '/name', message: 'is no usable name' }],
  )
}
