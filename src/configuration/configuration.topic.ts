import { withListedFields } from '#libs/event-publisher'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { ConfigurationEvent } from './domain/configuration.events.js'

type Shown<Type extends ConfigurationEvent['type']> = readonly Exclude<
  keyof Extract<ConfigurationEvent, { type: Type }>['data'],
  'sourceFields' | 'irregular'
>[]

/**
 * What of each event may stand on a topic: what everybody at the desk may see. Fields by name, so that a new field is internal
 * until it is listed; `internal`: the event never leaves. Reasons and what an import brought along are internal with all.
 */
const ON_TOPIC: { readonly [Type in ConfigurationEvent['type']]: Shown<Type> | 'internal' } = {
  CiRegistered: ['class', 'name', 'attributes', 'classesVersion', 'change', 'source'],
  CiChanged: ['changes', 'classesVersion', 'change', 'source'],
  CiRenamed: ['before', 'after', 'change', 'source'],
  CiReclassified: ['before', 'after', 'classesVersion', 'change'],
  CiRetired: ['change', 'source'],
  CiObserved: ['run', 'source'],
  CiCorrected: ['name', 'status', 'attributes', 'until', 'change'],
  CiRelated: ['type', 'source', 'target', 'attributes', 'change'],
  CiUnrelated: ['type', 'source', 'target', 'change'],
  RelationCorrected: ['type', 'source', 'target', 'present', 'until', 'change'],
  BaselineTaken: ['name', 'validAt', 'asOf'],
  ProposedValuesNotApplied: ['change', 'code'],
  // Steps on the way, and what is not believed
  CiProposed: 'internal',
  CiNamingAbandoned: 'internal',
  CiNameReserved: 'internal',
  CiNameReleased: 'internal',
  CiSourceValuesRecorded: 'internal',
  DiscoveryRunRecorded: 'internal',
  ReconciliationReviewOpened: 'internal',
  ReconciliationReviewResolved: 'internal',
}

/** The event as it may stand on the topic; undefined: it never leaves. */
export function configurationEventOnTopic(
  event: RecordedEvent<ConfigurationEvent>,
): RecordedEvent | undefined {
  return withListedFields(event, ON_TOPIC)
}
