import { newWatchers, requireAudience, sameAudience } from '#libs/access'
import { openTasks } from '#libs/record-tasks'
import type { AddProblemWatcher, ChangeProblemAudience, RemoveProblemWatcher } from './problem.commands.js'
import type { ProblemEvent } from './problem.events.js'
import { audienceGroup, type ProblemFacts } from './problem.facts.js'
import { requirePerson } from './problem.guards.js'
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
  requireAudience('problem', audience, groupIn(known))
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

/** Those of these people who do not watch it yet begin to. */
export function watching(
  people: readonly (string | null | undefined)[],
  { watchers }: { readonly watchers: readonly string[] },
): readonly ProblemEvent[] {
  return newWatchers(people, watchers).map((person) => ({ type: 'ProblemWatcherAdded', data: { person } }))
}

/** Groups that the command names, as they stand. */
export const groupIn = (known: ProblemFacts) => (id: string) => known[audienceGroup(id)]!.value

/** Whoever is to work on a restricted problem begins to watch it. */
export function admitted(people: readonly (string | null | undefined)[], problem: Problem) {
  return problem.audience.kind === 'public' ? [] : watching(people, problem)
}
