/** What is to be done for a record, step by step: the tasks of a change or a problem. When they may move, its process says. */
export interface RecordTask {
  readonly task: string
  readonly title: string
  readonly group?: string
  readonly assignee?: string
  readonly state: 'Open' | 'In Progress' | 'Done' | 'Skipped' | 'Failed'
}

/** A task as people see it. */
export interface ShownTask extends RecordTask {
  /** Said as it was finished. */
  readonly notes?: string
}

/** The state of a task by how it was finished. */
export const FINISHED_TASK = { done: 'Done', skipped: 'Skipped', failed: 'Failed' } as const

/** Tasks with one more, which is open. */
export function withTask(
  tasks: readonly RecordTask[],
  { task, title, group, assignee }: Omit<RecordTask, 'state'>,
): readonly RecordTask[] {
  return [...tasks, { task, title, group, assignee, state: 'Open' }]
}

/** Tasks as they are after something was told of one. */
export function withTaskTold<Task extends RecordTask>(
  tasks: readonly Task[],
  id: string,
  told: Partial<Task>,
): readonly Task[] {
  return tasks.map((known) => (known.task === id ? { ...known, ...told } : known))
}

/** Tasks without the one that was taken away. */
export function withoutTask<Task extends RecordTask>(tasks: readonly Task[], id: string): readonly Task[] {
  return tasks.filter(({ task }) => task !== id)
}

/** Those that somebody still has to do. */
export function openTasks<Task extends RecordTask>(tasks: readonly Task[]): readonly Task[] {
  return tasks.filter(({ state }) => state === 'Open' || state === 'In Progress')
}
