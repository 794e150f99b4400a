import type { EventMetadata, RecordedEvent } from '#libs/event-sourcing'
import type { ProjectionDefinition } from '#libs/projections-runtime'
import { EventFactory, FakeClock, projectionSpec } from '#libs/testing'
import type { IncidentEvent } from '../src/incidents/domain/incident.events.js'

type Data<Type extends IncidentEvent['type']> = Extract<IncidentEvent, { type: Type }>['data']

/** Tells what happened to one incident, each event by a command of its own, a second after another unless `occurredAt` says otherwise. */
export class IncidentStory {
  readonly events: RecordedEvent<IncidentEvent>[] = []

  constructor(
    private readonly factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z')),
    readonly stream = 'incident-INC0000001',
  ) {}

  add<Type extends IncidentEvent['type']>(
    type: Type,
    data: Data<Type>,
    metadata: Partial<EventMetadata> = {},
  ): this {
    const event = { type, data } as unknown as IncidentEvent
    const commandId = `command-${this.events.length}`
    const recorded = this.factory.event(event, { commandId, ...metadata }, this.stream)
    this.events.push(recorded as RecordedEvent<IncidentEvent>)
    return this
  }

  /** Somebody else's event, or one of a later release. */
  thenUnknown(type = 'IncidentFrobbed'): this {
    return this.add(type as IncidentEvent['type'], { by: 'a later release' } as never)
  }

  opened(data: Partial<Data<'IncidentOpened'>> = {}, metadata: Partial<EventMetadata> = {}): this {
    return this.add(
      'IncidentOpened',
      {
        title: 'Mail is slow',
        caller: 'person-cora',
        openedBy: 'person-dan',
        audience: { kind: 'public' },
        ...data,
      },
      { actor: 'person-dan', ...metadata },
    )
  }

  queued(group: string | null = 'group-mail', metadata: Partial<EventMetadata> = {}): this {
    return this.add('AssignedToGroup', { group, previousGroup: null, previousPerson: null }, metadata)
  }

  prioritised(priority: number): this {
    return this.add('PriorityDerived', {
      impact: 2,
      urgency: 2,
      priority,
      matrixVersion: 1,
      previous: null,
    })
  }

  accepted(person: string): this {
    return this.add('IncidentAccepted', { person, previousPerson: null }, { actor: person })
  }
}

/** The documents of a projection after these events. */
export function folded<Document extends object>(
  definition: ProjectionDefinition<Document, IncidentEvent>,
  { events }: IncidentStory,
): ReadonlyMap<string, Document> {
  return projectionSpec(definition).given(...events).all
}
