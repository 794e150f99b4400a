import type { RecordedEvent } from '#libs/event-sourcing'
import type { IncidentEvent } from './incident.events.js'

/** What the policies of incidents have in common. */

export const STREAM_PREFIX = 'incident-'

export const streamOf = (event: RecordedEvent<IncidentEvent>): string => event.stream
export const numberOf = (stream: string): string => stream.slice(STREAM_PREFIX.length)

/** Steps after which nobody is waited for any more, until somebody reopens it. */
export function isAtRest({ type }: IncidentEvent): boolean {
  switch (type) {
    case 'IncidentResolved':
    case 'IncidentClosed':
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return true
    default:
      return false
  }
}
