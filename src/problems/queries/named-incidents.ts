import type { Principal } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { QueryDependencies } from '#libs/query-handling'
import { incidentDetails } from '#projections/incident-details/incident-details'
import { seenAmong } from '../../http/seen-among.js'
import type { ProblemEvent } from '../domain/problem.events.js'

type Recorded = RecordedEvent<ProblemEvent>

/** The events as a principal may read them: of the incidents that they name only those that she may see. */
export async function withVisibleIncidents(
  events: readonly Recorded[],
  principal: Principal,
  dependencies: QueryDependencies,
): Promise<readonly Recorded[]> {
  const naming = events.filter(namesIncidents)
  // What was named is there by then: the answer is as true as the stream
  const reader = { principal, minPosition: naming.at(-1)?.position }
  const numbers = naming.flatMap(({ data }) => data.incidents)
  const seen = await seenAmong(numbers, incidentDetails, reader, dependencies)
  return events.map((event) => (namesIncidents(event) ? withNumbers(event, seen) : event))
}

type Naming = Extract<Recorded, { data: { incidents: readonly string[] } }>

function namesIncidents(event: Recorded): event is Naming {
  return event.type === 'ProblemIncidentsNamed' || event.type === 'ProblemIncidentsLeftOut'
}

function withNumbers(event: Naming, seen: ReadonlySet<string>): Recorded {
  const incidents = event.data.incidents.filter((number) => seen.has(number))
  return { ...event, data: { ...event.data, incidents } } as Recorded
}
