import type { RecordedEvent } from '#libs/event-sourcing'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { CorrelatedIncident } from './linking.js'
import { aboutOf, changedTraits, type FieldChanges, wordsOf } from './traits.js'

/** The same incident when nothing that counts has changed. */
export function changedBy(
  event: RecordedEvent<IncidentEvent>,
  incident: CorrelatedIncident,
): CorrelatedIncident {
  const { traits } = incident
  if (isItemLink(event)) return withLinkedItem(event, incident)
  const changes = changesOf(event)
  const described = changedTraits(traits, changes)
  const { linkedItem: _, ...others } = incident
  const named = changes.primaryCi === undefined ? incident : others
  if (changes.title === undefined && changes.description === undefined)
    return described === traits ? incident : { ...named, traits: described }
  const told = <Field extends string>(field: Field) => (changes[field]?.to as string | null) ?? undefined
  const title = changes.title === undefined ? incident.title : told('title')
  const about =
    changes.description === undefined ? incident.about : aboutOf({ description: told('description') })
  const words = wordsOf(title, about ?? [])
  return { ...named, title, about, traits: { ...described, words: words.length > 0 ? words : undefined } }
}

type LinkEvent = RecordedEvent<Extract<IncidentEvent, { type: 'LinkAdded' | 'LinkRemoved' }>>

/** Whether an incident says that it affects an item, or no longer. */
export function isItemLink(event: RecordedEvent<IncidentEvent>): event is LinkEvent {
  return (
    (event.type === 'LinkAdded' || event.type === 'LinkRemoved') && event.data.link.relation === 'affects'
  )
}

/** One that names no item of its own has the first that it is linked to. */
function withLinkedItem({ type, data }: LinkEvent, incident: CorrelatedIncident): CorrelatedIncident {
  const { linkedItem, ...rest } = incident
  const { target } = data.link
  const { ci, ...others } = rest.traits
  if (type === 'LinkAdded')
    return ci === undefined ? { ...rest, linkedItem: target, traits: { ...others, ci: target } } : incident
  return linkedItem === target ? { ...rest, traits: others } : incident
}

function changesOf(event: RecordedEvent<IncidentEvent>): FieldChanges {
  if (event.type === 'IncidentCategorized') {
    const { category, subcategory, symptom } = event.data
    return { category, subcategory, symptom }
  }
  return event.type === 'IncidentDetailsChanged' ? ({ ...event.data.changes } as FieldChanges) : {}
}
