import type { RecordedEvent, StreamFold } from '#libs/event-sourcing'
import type { AttributeValue, CiEvent } from '../../configuration/domain/configuration.events.js'
import type { Modification } from './verdicts.js'

/** A modification with all attributes that it wrote, controlled or not, and the class that the item had then. */
export interface ItemModification extends Modification {
  class: string
}

/** What verdicts need of a configuration item. */
export interface AuditedItem {
  class: string
  /** The latest {@link MOST_JUDGED}. */
  modifications: readonly ItemModification[]
}

/** Earlier ones are judged no more. */
const MOST_JUDGED = 500

export const UNKNOWN_ITEM: AuditedItem = { class: '', modifications: [] }

/** Folds a CI's stream. */
export const auditedItem: StreamFold<AuditedItem, CiEvent> = {
  initial: UNKNOWN_ITEM,
  evolve(item, event) {
    if (event.type === 'CiRegistered') return { ...item, class: event.data.class }
    if (event.type === 'CiReclassified') return { ...item, class: event.data.after }
    const values = valuesWritten(event)
    if (values === undefined) return item
    const modification: ItemModification = {
      id: event.id,
      ci: event.stream.slice('ci-'.length),
      at: event.metadata.occurredAt,
      actor: event.metadata.actor,
      change: 'change' in event.data ? event.data.change : undefined,
      byProgram: event.metadata.channel === 'policy',
      values,
      class: item.class,
    }
    return { ...item, modifications: [...item.modifications, modification].slice(-MOST_JUDGED) }
  },
}

/** What attributes are like since; undefined: the event writes none. */
export function valuesWritten({
  type,
  data,
}: RecordedEvent<CiEvent>): Readonly<Record<string, AttributeValue | null>> | undefined {
  if (type === 'CiChanged')
    return Object.fromEntries(Object.entries(data.changes).map(([name, { after }]) => [name, after]))
  return type === 'CiCorrected' ? (data.attributes ?? {}) : undefined
}
