import type { Principal } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { QueryDependencies } from '#libs/query-handling'
import { incidentDetails } from '#projections/incident-details/incident-details'
import { seenAmong } from '../../http/seen-among.js'
import type { ProblemEvent } from '../domain/problem.events.js'

type Recorded = RecordedEvent<ProblemEvent>

/** The events as a principal may read them: of the incidents that were named only those that she may see. */
export async function withVisibleIncidents(
  events: readonly Recorded[],
  principal: Principal,
  dependencies: QueryDependencies,
): Promise<readonly Recorded[]> {
  const naming = events.filter(({ type }) => type === 'ProblemIncidentsNamed')
  // What was named is there by then: the answer is as true as the stream
  const reader = { principal, minPosition: naming.at(-1)?.position }
  const seen = await seenAmong(naming.flatMap(namedBy), incidentDetails, reader, dependencies)
  return events.map((event) =>
    event.type === 'ProblemIncidentsNamed'
      ? { ...event, data: { ...event.data, incidents: namedBy(event).filter((number) => seen.has(number)) } }
      : event,
  )
}

function namedBy(event: Recorded): readonly string[] {
  return event.type === 'ProblemIncidentsNamed' ? event.data.incidents : []
}
