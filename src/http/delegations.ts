/** Who lets whom answer for him, as the directory's fold knows it now. */
export abstract class Delegations {
  /** @param now ISO 8601 UTC */
  abstract delegatorsOf(person: string, now: string): readonly string[]
}
