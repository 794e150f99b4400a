import { FINISHED_TASK, openTasks, type ShownTask, withoutTask, withTask, withTaskTold } from './index.js'

describe('tasks of a record', () => {
  const tasks: readonly ShownTask[] = withTask(
    withTask([], { task: 'T1', title: 'Look', group: 'Network' }),
    {
      task: 'T2',
      title: 'Mend',
    },
  )

  it('are open when they are added, and keep their order', () => {
    expect(tasks).toEqual([
      { task: 'T1', title: 'Look', group: 'Network', state: 'Open' },
      { task: 'T2', title: 'Mend', state: 'Open' },
    ])
    expect(openTasks(tasks)).toEqual(tasks)
  })

  it('are told of one by one', () => {
    const [first, second] = withTaskTold(tasks, 'T1', { state: FINISHED_TASK.skipped, notes: 'Not needed' })
    expect(first).toEqual({ ...tasks[0], state: 'Skipped', notes: 'Not needed' })
    expect(second).toBe(tasks[1])
  })

  it.each(['Done', 'Skipped', 'Failed'] as const)('that are %s are nobody’s to do', (state) => {
    expect(openTasks(withTaskTold(tasks, 'T1', { state }))).toEqual([tasks[1]])
  })

  it('in progress are still to be done; one that was taken away is none', () => {
    const begun = withTaskTold(tasks, 'T2', { state: 'In Progress' })
    expect(openTasks(begun)).toHaveLength(2)
    expect(withoutTask(begun, 'T2')).toEqual([tasks[0]])
  })
})
