import { NotFound, Refused } from '#libs/event-sourcing'
import { FINISHED_TASK, openTasks, type RecordTask } from '#libs/record-tasks'
import { admitted } from './problem.audience.js'
import type {
  AddProblemTask,
  FinishProblemTask,
  RemoveProblemTask,
  StartProblemTask,
} from './problem.commands.js'
import { requireHands } from './problem.description.js'
import type { ProblemEvent } from './problem.events.js'
import type { ProblemFacts } from './problem.facts.js'
import { requireText, requireUnfinished } from './problem.guards.js'
import type { Problem } from './problem.state.js'

/** What is to be done, step by step: until the problem is closed. */

export function addProblemTask(
  { data }: AddProblemTask,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  const { title, group, assignee } = data
  requireText({ title })
  requireUnfinished(problem)
  requireHands({ group, assignee }, known)
  const { taskCount, priority, audience } = problem
  const task = { task: `T${taskCount + 1}`, title, group, assignee, priority }
  return [
    { type: 'ProblemTaskAdded', data: { ...task, ...(audience.kind !== 'public' && { audience }) } },
    ...admitted([assignee], problem),
  ]
}

export function startProblemTask({ data }: StartProblemTask, problem: Problem): readonly ProblemEvent[] {
  const task = taskOf(data.task, problem)
  if (task.state === 'In Progress') return []
  requireUnfinished(problem)
  requireState(task, 'Open')
  return [{ type: 'ProblemTaskStarted', data: { task: task.task } }]
}

export function finishProblemTask({ data }: FinishProblemTask, problem: Problem): readonly ProblemEvent[] {
  const task = taskOf(data.task, problem)
  const { result, notes } = data
  if (result !== 'done') requireText({ notes })
  if (task.state === FINISHED_TASK[result]) return []
  requireUnfinished(problem)
  requireState(task, 'Open', 'In Progress')
  return [{ type: 'ProblemTaskFinished', data: { task: task.task, result, notes: notes ?? null } }]
}

export function removeProblemTask({ data }: RemoveProblemTask, problem: Problem): readonly ProblemEvent[] {
  const task = problem.tasks.find((known) => known.task === data.task)
  if (task === undefined) return []
  requireUnfinished(problem)
  requireState(task, 'Open')
  return [{ type: 'ProblemTaskRemoved', data: { task: task.task } }]
}

/** Of a problem that ends: nobody need do them any more. */
export function skippedTasks(problem: Problem, notes: string): readonly ProblemEvent[] {
  return openTasks(problem.tasks).map(({ task }) => ({
    type: 'ProblemTaskFinished',
    data: { task, result: 'skipped', notes },
  }))
}

/** @throws Refused `PROBLEM.TASKS_OPEN` naming them */
export function requireTasksDone(problem: Problem): void {
  const open = openTasks(problem.tasks)
  if (open.length === 0) return
  throw new Refused('PROBLEM.TASKS_OPEN', 'Finish its tasks first, or say that they are skipped.', {
    tasks: open.map(({ task }) => task),
  })
}

function taskOf(id: string, { tasks }: Problem): RecordTask {
  const task = tasks.find((known) => known.task === id)
  if (task) return task
  throw new NotFound('PROBLEM.TASK_UNKNOWN', `It has no task ${id}.`)
}

function requireState({ task, state }: RecordTask, ...allowed: readonly RecordTask['state'][]): void {
  if (allowed.includes(state)) return
  throw new Refused(
    state === 'In Progress' ? 'PROBLEM.TASK_STARTED' : 'PROBLEM.TASK_FINISHED',
    `${task} is ${state} already.`,
    { state },
  )
}
