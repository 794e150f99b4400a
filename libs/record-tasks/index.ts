export {
  FINISHED_TASK,
  openTasks,
  type RecordTask,
  type ShownTask,
  withoutTask,
  withTask,
  withTaskTold,
} from './record-tasks.js'
