import type { Principal } from '#libs/access'

/** Finds who sends a request. */
export abstract class Authenticator {
  /**
   * @param token what follows `Bearer ` in the Authorization header
   * @returns at once where it can: the hot path must not wait for a promise
   * @throws Unauthenticated, Forbidden (a proven identity that nobody has entered in the directory) or Unavailable
   */
  abstract authenticate(token: string): Principal | Promise<Principal>
}
