import { type Audience, isSystemId, sameAudience } from '#libs/access'
import { InvalidInput } from '#libs/event-sourcing'
import { openTasks } from '#libs/record-tasks'
import type { AddProblemWatcher, ChangeProblemAudience, RemoveProblemWatcher } from './problem.commands.js'
import type { ProblemEvent } from './problem.events.js'
import { audienceGroup, type ProblemFacts } from './problem.facts.js'
import { requireGroup, requirePerson } from './problem.guards.js'
import type { Problem } from './problem.state.js'

/** Who may see a problem, and who follows it. Whoever works on a restricted one watches it, so that she sees what she works on. */

/** Allowed in every state. */
export function addWatcher(
  { data: { person } }: AddProblemWatcher,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  if (problem.watchers.includes(person)) return []
  requirePerson(known.person.value, person, '/person')
  return watching([person], problem)
}

export function removeWatcher(
  { data: { person } }: RemoveProblemWatcher,
  { watchers }: Problem,
): readonly ProblemEvent[] {
  return watchers.includes(person) ? [{ type: 'ProblemWatcherRemoved', data: { person } }] : []
}

/** Allowed in every state: who may see a record matters longest. */
export function changeAudience(
  { data: { audience } }: ChangeProblemAudience,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  requireAudience(audience, known)
  const { audience: previous } = problem
  if (sameAudience(previous, audience)) return []
  const tasks = openTasks(problem.tasks)
  const workers = [problem.assignee, ...tasks.map(({ assignee }) => assignee)]
  return [
    ...(audience.kind === 'public' ? [] : watching(workers, problem)),
    {
      type: 'ProblemAudienceChanged',
      data: { audience, previous, tasks: tasks.map(({ task }) => task) },
    },
  ]
}

/**
 * Those of these people who do not watch it yet begin to; the program itself never does.
 * @param people null and undefined: nobody
 */
export function watching(
  people: readonly (string | null | undefined)[],
  { watchers }: { readonly watchers: readonly string[] },
): readonly ProblemEvent[] {
  return [...new Set(people)].flatMap((person) =>
    person == null || isSystemId(person) || watchers.includes(person)
      ? []
      : [{ type: 'ProblemWatcherAdded' as const, data: { person } }],
  )
}

/** Whoever is to work on a restricted problem begins to watch it. */
export function admitted(people: readonly (string | null | undefined)[], problem: Problem) {
  return problem.audience.kind === 'public' ? [] : watching(people, problem)
}

/**
 * Groups that do not exist have no members: a record that only they may see would vanish from everybody.
 * @throws InvalidInput `PROBLEM.GROUP_UNKNOWN`, `PROBLEM.AUDIENCE_EMPTY`
 */
export function requireAudience(audience: Audience, known: ProblemFacts): void {
  if (audience.kind !== 'groups') return
  audience.groups.forEach((id, index) => {
    requireGroup(known[audienceGroup(id)]!.value, id, `/audience/groups/${index}`)
  })
  if (audience.groups.length > 0) return
  throw new InvalidInput('PROBLEM.AUDIENCE_EMPTY', 'Name at least one group, or choose another audience.', [
    { pointer: '/audience/groups', message: 'must not be empty' },
  ])
}
