import type { DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import type {
  AttributeValue,
  CiEvent,
  RelationEnd,
  RelationEvent,
} from '../../src/configuration/domain/configuration.events.js'
import { attributeField, type Effect } from './bitemporal-fold.js'

type Sets = Effect['sets']

/** Streams of other things begin alike (`ci-name-…`): a number has no dash. */
export const isCi = (stream: string) => /^ci-[^-]+$/.test(stream)

/** What an event says of its configuration item. Events of which nothing is to be seen set nothing. */
export function ciEffect(event: RecordedEvent<CiEvent>): Effect {
  const correction = event.type === 'CiCorrected'
  return effect(event, ciSets(event), correction ? { correction, until: event.data.until } : {})
}

function ciSets(event: CiEvent): Sets {
  switch (event.type) {
    case 'CiRegistered': {
      const { class: ofClass, name, attributes } = event.data
      return { class: ofClass, name, status: 'live', ...attributeSets(attributes) }
    }
    case 'CiChanged': {
      const { changes } = event.data
      return Object.fromEntries(
        Object.entries(changes).map(([name, { after }]) => [attributeField(name), after]),
      )
    }
    case 'CiRenamed':
      return { name: event.data.after }
    case 'CiReclassified':
      return { class: event.data.after }
    case 'CiRetired':
      return { status: 'retired' }
    case 'CiCorrected': {
      const { name, status, attributes } = event.data
      return {
        ...(name !== undefined && { name }),
        ...(status !== undefined && { status }),
        ...attributeSets(attributes),
      }
    }
    default:
      return {}
  }
}

/** What an event says of its relation. */
export function relationEffect(event: RecordedEvent<RelationEvent>): Effect {
  switch (event.type) {
    case 'CiRelated': {
      const sets = { present: true, ...attributeSets(event.data.attributes) }
      return effect(event, sets, { constants: endColumns(event.data) })
    }
    case 'CiUnrelated':
      return effect(event, { present: false })
    case 'RelationCorrected': {
      const { present, until } = event.data
      return effect(event, { present }, { constants: endColumns(event.data), correction: true, until })
    }
    default:
      return effect(event as RecordedEvent<DomainEvent>, {})
  }
}

function effect(
  { metadata: { occurredAt } }: RecordedEvent<DomainEvent>,
  sets: Sets,
  more: Partial<Effect> = {},
): Effect {
  return { sets, occurredAt, correction: false, ...more }
}

function attributeSets(attributes: Readonly<Record<string, AttributeValue | null>> = {}): Sets {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [attributeField(name), value]))
}

/** Columns of a relation that never vary: its type, and for each end a CI, or a name with or without its class. */
export interface EndColumns {
  type?: string
  sourceCi?: string
  sourceName?: string
  sourceClass?: string
  targetCi?: string
  targetName?: string
  targetClass?: string
}

function endColumns({
  type,
  source,
  target,
}: {
  type: string
  source: RelationEnd
  target: RelationEnd
}): EndColumns & Record<string, string | undefined> {
  const from =
    'ci' in source ? { sourceCi: source.ci } : { sourceName: source.name, sourceClass: source.class }
  const to = 'ci' in target ? { targetCi: target.ci } : { targetName: target.name, targetClass: target.class }
  return { type, ...from, ...to }
}
