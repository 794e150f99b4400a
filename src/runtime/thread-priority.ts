import { getPriority, platform, setPriority } from 'node:os'

/**
 * How far threads stand back, as niceness (0 to 19): who keeps read models level behind those who answer, and who builds them anew
 * behind all others.
 */
export const NICENESS = { projector: 5, rebuild: 10 } as const

/**
 * Where processors are few, this thread works while those that stand back less leave them idle, and little beside them. On
 * Linux only, which counts niceness by thread (setpriority(2)); elsewhere it would be the whole process that stands back.
 */
export function letOtherThreadsGoFirst(niceness: number): void {
  if (platform() !== 'linux') return
  // Whoever was started with less may not have more.
  setPriority(Math.max(getPriority(), niceness))
}
