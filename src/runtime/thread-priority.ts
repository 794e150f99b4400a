import { constants, getPriority, platform, setPriority } from 'node:os'

/**
 * Where processors are few, this thread works while the others of the process leave them idle, and little beside them. On
 * Linux only, which counts niceness by thread (setpriority(2)); elsewhere it would be the whole process that stands back.
 */
export function letOtherThreadsGoFirst(): void {
  if (platform() !== 'linux') return
  // Whoever was started with less may not have more.
  setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL))
}
