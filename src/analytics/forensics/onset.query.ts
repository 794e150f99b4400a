import type { Principal } from '#libs/access'
import { NotFound, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { canSee } from '#projections/access'
import { foldIncidentDetails, type IncidentDetails } from '#projections/incident-details/incident-details'
import { requireKnown, settleTimePoint } from '../../http/time-point.js'
import type { IncidentEvent } from '../../incidents/domain/incident.events.js'

export interface OnsetAsked {
  principal: Principal
  number: string
  /** As far as it was recorded by then; left out: when the incident was opened. */
  asOf?: string
  minPosition?: string
}

/** When an incident began, on which items, and what could be known of its causes then. */
export interface Onset {
  number: string
  /** Valid time, ISO 8601. */
  at: string
  basis: 'detectedAt' | 'openedAt'
  /** Numbers or names, as the incident has them now: whoever asks may have only just put them in. */
  cis: readonly string[]
  /** `service`: it names no item, so the service stands for one. */
  cisFrom: 'configuration items' | 'service'
  asOf: Position
  /** Changes that people say it was caused by. */
  declared: readonly string[]
}

/**
 * When and on what an incident began. Without `asOf` what counts as known is what was recorded when it was opened; of an imported one,
 * which was recorded long after, all that is recorded by now.
 * @throws NotFound `INCIDENT.UNKNOWN`, also when the principal may not see it; InvalidInput for an `asOf` that is none
 */
export async function readOnset(
  { principal, number, asOf, minPosition }: OnsetAsked,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  if (minPosition !== undefined) await requireKnown(eventStore, minPosition, 'minPosition')
  const { events, details } = foldIncidentDetails(
    (await eventStore.readStream(`incident-${number}`)) as RecordedEvent<IncidentEvent>[],
  )
  if (!details || !canSee(principal, details))
    throw new NotFound('INCIDENT.UNKNOWN', `There is no incident ${number}, or none that you may see`)
  const [opened] = events
  const known = asOf === undefined && opened?.metadata.channel !== 'import' ? opened?.position : undefined
  const { detectedAt, openedAt } = details
  const isDetected = detectedAt !== undefined && detectedAt < openedAt
  const items = itemsOf(details)
  const onset: Onset = {
    number,
    at: isDetected ? detectedAt : openedAt,
    basis: isDetected ? 'detectedAt' : 'openedAt',
    cis: items.length > 0 || details.service === undefined ? items : [details.service],
    cisFrom: items.length > 0 ? 'configuration items' : 'service',
    asOf: known ?? (await settleTimePoint(eventStore, { asOf })).asOf,
    declared: (details.links ?? [])
      .filter(({ relation }) => relation === 'caused-by-change')
      .map(({ target }) => target),
  }
  return { json: JSON.stringify(onset), position: onset.asOf }
}

function itemsOf({ primaryCi, links = [] }: IncidentDetails): string[] {
  const affected = links
    .filter(({ relation, targetType }) => relation === 'affects' && targetType === 'configuration-item')
    .map(({ target }) => target)
  return [...new Set([...(primaryCi === undefined ? [] : [primaryCi]), ...affected])]
}
