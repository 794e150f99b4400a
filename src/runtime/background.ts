import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Lets the calling thread yield to those that answer people when processors are short. Linux only, where a thread has a
 * priority of its own (https://man7.org/linux/man-pages/man2/setpriority.2.html, "C library/kernel differences").
 * @param niceness 0 to 19: how far it stands back
 */
export function standBack(niceness: number): void {
  if (process.platform !== 'linux') return
  const thread = readlinkSync('/proc/thread-self').split('/').at(-1)
  setPriority(Number(thread), niceness)
}
