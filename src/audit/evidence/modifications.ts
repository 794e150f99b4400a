import type { RecordedEvent } from '#libs/event-sourcing'
import type { CiCorrected, CiEvent } from '../../configuration/domain/configuration.events.js'
import type { EvidenceModification } from './evidence.js'

type Told = Pick<EvidenceModification, 'attribute' | 'before' | 'after' | 'until'>

/** What an event of a CI has changed of it, attribute by attribute; nothing: it tells of something else. */
export function modificationsIn(event: RecordedEvent<CiEvent>): EvidenceModification[] {
  const { stream, id, type, metadata } = event
  const { occurredAt: at, actor } = metadata
  const of = { ci: stream.slice('ci-'.length), at, actor, type, event: id }
  return toldBy(event).map((told) => ({ ...of, ...told }))
}

function toldBy({ type, data }: RecordedEvent<CiEvent>): Told[] {
  switch (type) {
    case 'CiChanged':
      return Object.entries(data.changes).map(([attribute, { before, after }]) => ({
        attribute,
        before,
        after,
      }))
    case 'CiCorrected':
      return corrected(data)
    case 'CiRenamed':
      return [{ attribute: 'name', before: data.before, after: data.after }]
    case 'CiReclassified':
      return [{ attribute: 'class', before: data.before, after: data.after }]
    case 'CiRegistered':
      return [{ attribute: 'status', before: null, after: 'live' }]
    case 'CiRetired':
      return [{ attribute: 'status', before: 'live', after: 'retired' }]
    default:
      return []
  }
}

function corrected({ name, status, attributes = {}, until }: CiCorrected['data']): Told[] {
  const told = [...Object.entries({ name, status }), ...Object.entries(attributes)]
  return told.flatMap(([attribute, after]) =>
    after === undefined ? [] : [{ attribute, after, ...(until !== undefined && { until }) }],
  )
}
