import type { Principal } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { QueryDependencies } from '#libs/query-handling'
import { isIn } from '#libs/read-store'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'
import type { ProblemEvent } from '../domain/problem.events.js'

type Recorded = RecordedEvent<ProblemEvent>

/** Numbers asked for at once. */
const CHUNK = 200

/**
 * The events as a principal may read them: of the incidents that were named only those that she may see. Whoever names an incident
 * sees it; who reads the history of the problem need not.
 */
export async function withVisibleIncidents(
  events: readonly Recorded[],
  principal: Principal,
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<readonly Recorded[]> {
  const naming = events.filter(({ type }) => type === 'ProblemIncidentsNamed')
  const numbers = [...new Set(naming.flatMap(namedBy))]
  const seen = new Set<string>()
  for (let from = 0; from < numbers.length; from += CHUNK) {
    const { rows } = await models.of<IncidentDetails>(incidentDetails.name).list({
      principal,
      filter: isIn('number', numbers.slice(from, from + CHUNK)),
      orderBy: [{ column: 'number', direction: 'asc' }],
      pageSize: CHUNK,
      // What was named is there by then: the answer is as true as the stream
      minPosition: naming.at(-1)?.position,
      timeoutMilliseconds,
    })
    for (const { document } of rows) seen.add(document.number)
  }
  return events.map((event) =>
    event.type === 'ProblemIncidentsNamed'
      ? { ...event, data: { ...event.data, incidents: namedBy(event).filter((number) => seen.has(number)) } }
      : event,
  )
}

function namedBy(event: Recorded): readonly string[] {
  return event.type === 'ProblemIncidentsNamed' ? event.data.incidents : []
}
