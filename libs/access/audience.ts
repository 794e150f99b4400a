import { InvalidInput } from '#libs/event-sourcing'
import type { GroupStanding } from './group-standing.js'
import { isSystemId } from './principal.js'

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

/**
 * Groups that do not exist have no members: a record that only they may see would vanish from everybody.
 * @param recordType as its streams begin: `incident`, `problem`, `change`
 * @param standing of each group that the audience names
 * @throws InvalidInput `<RECORD TYPE>.GROUP_UNKNOWN`, `<RECORD TYPE>.AUDIENCE_EMPTY`
 */
export function requireAudience(
  recordType: string,
  audience: Audience,
  standing: (group: string) => GroupStanding,
): void {
  if (audience.kind !== 'groups') return
  const code = (problem: string) => `${recordType.toUpperCase()}.${problem}`
  audience.groups.forEach((id, index) => {
    if (standing(id).exists) return
    throw new InvalidInput(code('GROUP_UNKNOWN'), `There is no group "${id}": register it first.`, [
      { pointer: `/audience/groups/${index}`, message: 'is no group' },
    ])
  })
  if (audience.groups.length > 0) return
  throw new InvalidInput(code('AUDIENCE_EMPTY'), 'Name at least one group, or choose another audience.', [
    { pointer: '/audience/groups', message: 'must not be empty' },
  ])
}

/**
 * Those of these people who do not watch a record yet, each once; the program itself never does.
 * @param people null and undefined: nobody
 */
export function newWatchers(
  people: readonly (string | null | undefined)[],
  watchers: readonly string[],
): readonly string[] {
  return [...new Set(people)].flatMap((person) =>
    person == null || isSystemId(person) || watchers.includes(person) ? [] : [person],
  )
}
