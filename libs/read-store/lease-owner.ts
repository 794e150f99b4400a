import { hostname } from 'node:os'

/** Process ids are used again, in a container even by the next start: the time at which the process began tells them apart. */
const BEGUN = Math.round(performance.timeOrigin).toString(36)

/** Names a thread of this process as owner of leases: `<host>/<pid>.<begun>/<thread>`. To be called on the main thread. */
export function leaseOwner(thread: string): string {
  return `${hostname()}/${process.pid}.${BEGUN}/${thread}`
}

/**
 * Whether the process of an owner is known to be gone, so that nobody need wait for its lease to expire. Only processes
 * of the same host can be known; any doubt counts as alive. Where the guess is wrong all the same (two containers with
 * one host name), the late writer is fenced as ever.
 * @param asking the owner, on this host, that wants the lease
 */
export function isGone(owner: string, asking: string): boolean {
  const holder = parseOwner(owner)
  const mine = parseOwner(asking)
  if (!holder || !mine || holder.host !== mine.host) return false
  if (holder.pid === mine.pid) return holder.begun !== mine.begun
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function parseOwner(owner: string): { host: string; pid: number; begun: string } | undefined {
  const [, host, pid, begun] = /^([^/]+)\/(\d+)\.(\w+)\//.exec(owner) ?? []
  return host !== undefined && begun !== undefined ? { host, pid: Number(pid), begun } : undefined
}
