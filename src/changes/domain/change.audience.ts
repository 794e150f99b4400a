import { newWatchers, requireAudience, sameAudience } from '#libs/access'
import { openTasks } from '#libs/record-tasks'
import type { AddChangeWatcher, RemoveChangeWatcher, SetChangeAudience } from './change.commands.js'
import type { ChangeEvent } from './change.events.js'
import { audienceGroup, type ChangeFacts } from './change.facts.js'
import { requirePerson } from './change.guards.js'
import type { Change } from './change.state.js'

/** Who may see a change, and who follows it. Whoever works on a restricted one watches it, so that she sees what she works on. */

/** Allowed in every state. */
export function addWatcher(
  { data: { person } }: AddChangeWatcher,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  if (change.watchers.includes(person)) return []
  requirePerson(known.person.value, person, '/person')
  return watching([person], change)
}

export function removeWatcher(
  { data: { person } }: RemoveChangeWatcher,
  { watchers }: Change,
): readonly ChangeEvent[] {
  return watchers.includes(person) ? [{ type: 'ChangeWatcherRemoved', data: { person } }] : []
}

/** Allowed in every state: who may see a record matters longest. */
export function setAudience(
  { data: { audience } }: SetChangeAudience,
  change: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  requireAudience('change', audience, groupIn(known))
  const { audience: previous, approvals } = change
  if (sameAudience(previous, audience)) return []
  const workers = [
    change.assignee,
    change.implementer,
    ...openTasks(change.tasks).map(({ assignee }) => assignee),
  ]
  return [
    ...(audience.kind === 'public' ? [] : watching(workers, change)),
    { type: 'ChangeAudienceChanged', data: { audience, previous, approvals } },
  ]
}

/** Those of these people who do not watch it yet begin to. */
export function watching(
  people: readonly (string | null | undefined)[],
  { watchers }: { readonly watchers: readonly string[] },
): readonly ChangeEvent[] {
  return newWatchers(people, watchers).map((person) => ({ type: 'ChangeWatcherAdded', data: { person } }))
}

/** Whoever is to work on a restricted change begins to watch it. */
export function admitted(people: readonly (string | null | undefined)[], change: Change) {
  return change.audience.kind === 'public' ? [] : watching(people, change)
}

/** Groups that the command names, as they stand. */
export const groupIn = (known: ChangeFacts) => (id: string) => known[audienceGroup(id)]!.value
