import type { RelationEnd, RelationEvent } from './configuration.events.js'
import type { RelationRecord } from './relation.decider.js'

/** What a source tells of a relation, as it is stored. */
export interface RelationObservation {
  readonly operation: 'relate' | 'unrelate'
  readonly type: string
  readonly source: RelationEnd
  readonly target: RelationEnd
  /** Number of the change in which the source did it. */
  readonly change?: string
  readonly sourceFields?: Readonly<Record<string, unknown>>
}

/** What was observed, as an event: marked `irregular` when a live command would have found nothing to do. */
export function observedRelation(
  relation: RelationRecord,
  { operation, type, source, target, change, sourceFields }: RelationObservation,
): readonly RelationEvent[] {
  const said = { ...(change && { change }), ...(sourceFields && { sourceFields }) }
  const isPresent = relation?.present ?? false
  if (operation === 'relate') {
    const irregular = isPresent ? { irregular: 'RELATION.PRESENT' } : {}
    return [{ type: 'CiRelated', data: { type, source, target, ...said, ...irregular } }]
  }
  const irregular = isPresent ? {} : { irregular: 'RELATION.UNKNOWN' }
  return [{ type: 'CiUnrelated', data: { type, source, target, ...said, ...irregular } }]
}
