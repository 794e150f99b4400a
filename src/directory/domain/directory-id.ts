import { InvalidInput } from '#libs/event-sourcing'

/** Ids of programs among the people: `service:<name>`. `system:<name>` is the program itself and stands in no stream. */
const SERVICE_PREFIX = 'service:'
const SYSTEM_PREFIX = 'system:'

export function isServiceId(id: string): boolean {
  return id.startsWith(SERVICE_PREFIX)
}

/** True for the program itself (the command line, policies, sign-in), which needs no one's grant. */
export function isSystemId(id: string): boolean {
  return id.startsWith(SYSTEM_PREFIX)
}

/**
 * An id ends a stream's name, so it is bounded and visible; apart from that it is the source's own ("Caller 2403").
 * @throws InvalidInput `DIRECTORY.ID_MALFORMED`
 */
export function checkId(id: string): void {
  if (id.length > 200 || id !== id.trim() || !/^\P{C}+$/u.test(id) || isSystemId(id)) {
    throw new InvalidInput(
      'DIRECTORY.ID_MALFORMED',
      `"${id}" can't be an id: give 1 to 200 printable characters without blanks at either end, not beginning with "${SYSTEM_PREFIX}"`,
      [{ pointer: '/id', message: 'is no usable id' }],
    )
  }
}

/** @throws InvalidInput `DIRECTORY.NAME_EMPTY` */
export function checkName(name: string): void {
  if (name.trim() === '') {
    throw new InvalidInput('DIRECTORY.NAME_EMPTY', 'A name needs at least one visible character', [
      { pointer: '/name', message: 'is empty' },
    ])
  }
}
