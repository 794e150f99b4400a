import { isSystemId, SYSTEM_PREFIX } from '#libs/access'
import { InvalidInput } from '#libs/event-sourcing'

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

/** The id that no group can have: at `/queues/mine` everybody finds the own queue, so that group's could not be read. */
export const RESERVED_GROUP_ID = 'mine'

/** @throws InvalidInput `DIRECTORY.NAME_EMPTY` */
export function checkName(name: string): void {
  if (name.trim() === '') {
    throw new InvalidInput('DIRECTORY.NAME_EMPTY', 'A name needs at least one visible character', [
      { pointer: '/name', message: 'is empty' },
    ])
  }
}
