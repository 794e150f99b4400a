import { LOG_START, type Position, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from './event-store.js'

/** Something that is wrong with a log. */
export interface LogFinding {
  /** Stable name of the rule that is broken: `STREAM.REVISIONS`. */
  readonly rule: string
  readonly message: string
}

const PAGE = 1_000
const MOST_FINDINGS = 20

/**
 * Reads a whole log through the port and tells what is wrong with it: positions that do not rise, revisions with a gap,
 * an event that cannot be decoded (which ends the search). What the server keeps of it on its disks is the server's to check.
 * @param progress called after each page
 * @returns nothing when the log is sound; at most 20 findings
 * @throws Unavailable when the store is away
 */
export async function checkThroughPort(
  store: EventStore,
  progress?: (events: number, position: Position) => void,
): Promise<LogFinding[]> {
  const found: LogFinding[] = []
  const revisions = new Map<string, number>()
  let after: Position = LOG_START
  let events = 0
  for (let end = false; !end && found.length < MOST_FINDINGS; ) {
    let page: Awaited<ReturnType<EventStore['readAll']>>
    try {
      page = await store.readAll({ after, limit: PAGE })
    } catch (error) {
      if (error instanceof Unavailable) throw error
      found.push({
        rule: 'EVENT.UNDECODABLE',
        message: `after position ${after}: ${(error as Error).message}`,
      })
      break
    }
    for (const { stream, revision, position } of page.events) {
      const expected = (revisions.get(stream) ?? -1) + 1
      if (revision !== expected) {
        const message = `stream ${stream} has revision ${revision} at position ${position}, where ${expected} is next`
        found.push({ rule: 'STREAM.REVISIONS', message })
      }
      if (position <= after) {
        const message = `position ${position} stands behind ${after}`
        found.push({ rule: 'POSITION.ORDER', message })
      }
      revisions.set(stream, revision)
      after = position
    }
    events += page.events.length
    after = page.position
    end = page.end
    progress?.(events, after)
  }
  return found.slice(0, MOST_FINDINGS)
}
