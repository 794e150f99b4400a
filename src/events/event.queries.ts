import { hasRole, type Principal } from '#libs/access'
import { InvalidInput, LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { canSee } from '#projections/access'
import { foldIncidentDetails } from '#projections/incident-details/incident-details'
import type { RecordedIncidentEvent } from '#projections/incident-folds'
import { refuseUnknownTypes } from '../event-catalog.js'
import { toCloudEvent } from './cloud-event.js'

export interface EventsPage {
  principal: Principal
  after?: string
  types?: readonly string[]
  streams?: readonly string[]
  limit: number
}

/** Reads on, through pages that hold nothing for this reader, but not for ever. */
const MOST_PAGES = 20

/**
 * One page of the log as CloudEvents: everything for auditors and administrators, for services the events of records
 * that they may see now.
 */
export async function eventsPage(args: EventsPage, dependencies: QueryDependencies): Promise<QueryAnswer> {
  const { eventStore } = dependencies
  const { principal, after = LOG_START, types, streams, limit } = args
  refuseUnknownTypes(types)
  const overseer = hasRole(principal, 'auditor', 'administrator')
  const prefixes = overseer ? streams : recordPrefixes(streams)
  const items: object[] = []
  let position = after
  let end = false
  for (let page = 0; page < MOST_PAGES && items.length < limit && !end; page++) {
    const read = await eventStore.readAll({ after: position, prefixes, types, limit: limit - items.length })
    const visible = overseer ? read.events : await visibleTo(principal, read.events, dependencies)
    for (const event of visible) items.push(toCloudEvent(event, eventStore.logId))
    position = read.position
    end = read.end
  }
  return { json: JSON.stringify({ items, position, end }), position }
}

/** Streams of people, groups and settings are for overseers. */
function recordPrefixes(asked: readonly string[] = ['incident-']): readonly string[] {
  for (const prefix of asked) {
    if (!prefix.startsWith('incident-')) {
      const message = 'services may read the streams incident-'
      throw new InvalidInput('EVENTS.STREAM_FORBIDDEN', `${prefix}: ${message}`, [
        { pointer: 'streams', message },
      ])
    }
  }
  return asked
}

async function visibleTo(
  principal: Principal,
  events: readonly RecordedEvent[],
  { eventStore }: QueryDependencies,
): Promise<RecordedEvent[]> {
  const seen = new Map<string, boolean>()
  for (const { stream } of events) {
    if (seen.has(stream)) continue
    const { details } = foldIncidentDetails((await eventStore.readStream(stream)) as RecordedIncidentEvent[])
    seen.set(stream, details !== undefined && canSee(principal, details))
  }
  return events.filter(({ stream }) => seen.get(stream))
}
