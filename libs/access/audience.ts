/** Who may see a record besides its requesters and watchers. `groups`: only members of these. */
export type Audience =
  | { kind: 'public' }
  | { kind: 'participants' }
  | { kind: 'groups'; groups: readonly string[] }

/** What holds of a record that says nothing else. */
export const PUBLIC: Audience = { kind: 'public' }

/** Whether two audiences are the same people, in whatever order their groups are named. */
export function sameAudience(one: Audience, other: Audience): boolean {
  if (one.kind !== 'groups' || other.kind !== 'groups') return one.kind === other.kind
  const named = new Set(one.groups)
  return named.size === new Set(other.groups).size && other.groups.every((group) => named.has(group))
}
