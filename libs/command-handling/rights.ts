import { grantFor, isSystemId, type Principal, type Role } from '#libs/access'
import { Forbidden } from '#libs/event-sourcing'

/**
 * The right of a record type whose commands all need one of the same roles; the program itself may send them too.
 * @param code of the refusal
 */
export function onlyFor(roles: readonly Role[], code: string) {
  return (principal: Principal, command: { type: string }): string | undefined => {
    const grant = grantFor(principal, roles)
    if (grant !== undefined || isSystemId(principal.id)) return grant
    throw new Forbidden(code, `${command.type} needs one of the roles ${roles.join(', ')}`)
  }
}
