import type { AccessColumns } from '#projections/access'
import type { IncidentDetails } from '#projections/incident-details/incident-details'
import type { QueueInterval } from '#projections/queue-history/queue-history'
import type { WorkQueueEntry } from '#projections/work-queue/work-queue'
import type { Audience } from '../domain/incident.events.js'

/** An incident as the API shows it: without the columns that only serve the row rule. */
export function renderIncident({
  audienceKind,
  audienceGroups,
  visibleTo,
  custom,
  ...incident
}: IncidentDetails): object {
  return { ...incident, audience: audienceOf(audienceKind, audienceGroups) }
}

/** An entry of a queue. */
export function renderEntry(entry: WorkQueueEntry, stale: boolean): object {
  const { audienceKind, audienceGroups, visibleTo, imported, ...shown } = entry
  return { ...shown, audience: audienceOf(audienceKind, audienceGroups), ...(stale && { stale }) }
}

/** What is known of a record at a past point. */
export function renderInterval(interval: QueueInterval): object {
  const { audienceKind, audienceGroups, visibleTo, ...shown } = interval
  const { validFrom, validTo, positionFrom, positionTo, effectiveAt, begunBy, ...entry } = shown
  return { ...entry, audience: audienceOf(audienceKind, audienceGroups) }
}

/** Undefined for those who do not see it (requesters). */
function audienceOf(
  kind: AccessColumns['audienceKind'] | undefined,
  groups: readonly string[] = [],
): Audience | undefined {
  if (kind === undefined) return undefined
  return kind === 'groups' ? { kind, groups } : { kind }
}
