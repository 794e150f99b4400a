import { NotFound, Refused } from '#libs/event-sourcing'
import { FINISHED_TASK, type RecordTask } from '#libs/record-tasks'
import { admitted } from './change.audience.js'
import type { AddChangeTask, FinishChangeTask, RemoveChangeTask, StartChangeTask } from './change.commands.js'
import type { ChangeEvent } from './change.events.js'
import { requireText, requireUnfinished } from './change.guards.js'
import type { Change } from './change.state.js'

/** What is to be done, step by step: until the implementation has ended. */

export function addChangeTask({ data }: AddChangeTask, change: Change): readonly ChangeEvent[] {
  requireText({ title: data.title })
  requireNotDone(change)
  const { title, group, assignee } = data
  return [
    { type: 'ChangeTaskAdded', data: { task: `T${change.taskCount + 1}`, title, group, assignee } },
    ...admitted([assignee], change),
  ]
}

export function startChangeTask({ data }: StartChangeTask, change: Change): readonly ChangeEvent[] {
  const task = taskOf(data.task, change)
  if (task.state === 'In Progress') return []
  requireImplementing(change)
  requireState(task, 'Open')
  return [{ type: 'ChangeTaskStarted', data: { task: task.task } }]
}

export function finishChangeTask({ data }: FinishChangeTask, change: Change): readonly ChangeEvent[] {
  const task = taskOf(data.task, change)
  const { result, notes } = data
  if (result !== 'done') requireText({ notes })
  if (task.state === FINISHED_TASK[result]) return []
  requireImplementing(change)
  requireState(task, 'Open', 'In Progress')
  return [{ type: 'ChangeTaskFinished', data: { task: task.task, result, notes: notes ?? null } }]
}

export function removeChangeTask({ data }: RemoveChangeTask, change: Change): readonly ChangeEvent[] {
  const task = change.tasks.find((known) => known.task === data.task)
  if (task === undefined) return []
  if (change.stage.state === 'Implement')
    throw new Refused('CHANGE.IMPLEMENTING', 'It is being done: say that the task was skipped, and why.')
  requireNotDone(change)
  return [{ type: 'ChangeTaskRemoved', data: { task: task.task } }]
}

function taskOf(id: string, { tasks }: Change): RecordTask {
  const task = tasks.find((known) => known.task === id)
  if (task) return task
  throw new NotFound('CHANGE.TASK_UNKNOWN', `It has no task ${id}.`)
}

function requireImplementing({ stage: { state }, hold }: Change): void {
  if (hold !== null) throw new Refused('CHANGE.ON_HOLD', 'It is On Hold: resume it first.', { state })
  if (state !== 'Implement')
    throw new Refused('CHANGE.NOT_IMPLEMENTING', 'Its tasks are done while it is implemented.', { state })
}

function requireNotDone(change: Change): void {
  requireUnfinished(change)
  if (change.stage.state === 'Review') throw new Refused('CHANGE.DONE', 'It has been done already.')
}

function requireState({ task, state }: RecordTask, ...allowed: readonly RecordTask['state'][]): void {
  if (allowed.includes(state)) return
  throw new Refused('CHANGE.TASK_FINISHED', `${task} is ${state} already.`, { state })
}
