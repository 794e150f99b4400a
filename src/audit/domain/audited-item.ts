import type { Position, RecordedEvent, StreamFold } from '#libs/event-sourcing'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import type { CiClass } from '../../settings/domain/settings.events.js'
import { controlledAttributes, type Modification } from './verdicts.js'

/** The class of an item. `before`: the one that it had until the command that gave it this. */
export interface ClassKnown {
  class: string
  before?: { class: string; command: string }
}

/** A modification with all that it wrote, under control or not. */
export interface WrittenModification extends Modification {
  position: Position
  /** Classes that the item had: what goes or comes with a class is under control when it is so in either. */
  ofClasses: readonly string[]
  /** What it wrote of the item itself, its name, class or status: under control when its class, either of them, has attributes that are. */
  ofWhole: Modification['values']
}

/** What verdicts need of a configuration item. */
export interface AuditedItem extends ClassKnown {
  /** The latest {@link MOST_JUDGED}. */
  modifications: readonly WrittenModification[]
}

/** Earlier ones are judged no more. */
const MOST_JUDGED = 500

export const UNKNOWN_ITEM: AuditedItem = { class: '', modifications: [] }

/** Folds a CI's stream. */
export const auditedItem: StreamFold<AuditedItem, CiEvent> = {
  initial: UNKNOWN_ITEM,
  evolve(item, event) {
    const { modifications } = item
    const known = classAfter(item, event)
    const written = modificationIn(event, known)
    if (written === undefined) return known === item ? item : { ...known, modifications }
    return { ...known, modifications: [...modifications, written].slice(-MOST_JUDGED) }
  },
}

/** The class of an item after an event. */
export function classAfter<Known extends ClassKnown>(known: Known, event: RecordedEvent<CiEvent>): Known {
  const { type, data, metadata } = event
  if (type === 'CiRegistered') return { ...known, class: data.class, before: undefined }
  if (type !== 'CiReclassified') return known
  return { ...known, class: data.after, before: { class: data.before, command: metadata.commandId } }
}

/**
 * What an event wrote; undefined: nothing. To register an item is to take stock of it: when it came to be, that does not say.
 * @param known of the item after it
 */
export function modificationIn(
  event: RecordedEvent<CiEvent>,
  { class: ofClass, before }: ClassKnown,
): WrittenModification | undefined {
  const values = attributesWritten(event)
  const ofWhole = wholeWritten(event)
  if (values === undefined && ofWhole === undefined) return undefined
  const { id, stream, position, metadata, data } = event
  const isSameCommand = before?.command === metadata.commandId
  return {
    id,
    ci: stream.slice('ci-'.length),
    at: metadata.occurredAt,
    actor: metadata.actor,
    change: 'change' in data ? data.change : undefined,
    byProgram: metadata.channel === 'policy',
    imported: metadata.channel === 'import',
    values: values ?? {},
    position,
    ofClasses: isSameCommand ? [before.class, ofClass] : [ofClass],
    ofWhole: ofWhole ?? {},
  }
}

function attributesWritten({ type, data }: RecordedEvent<CiEvent>): Modification['values'] | undefined {
  if (type === 'CiChanged')
    return Object.fromEntries(Object.entries(data.changes).map(([name, { after }]) => [name, after]))
  return type === 'CiCorrected' ? data.attributes : undefined
}

function wholeWritten({ type, data }: RecordedEvent<CiEvent>): Modification['values'] | undefined {
  switch (type) {
    case 'CiRenamed':
      return { name: data.after }
    case 'CiReclassified':
      return { class: data.after }
    case 'CiRetired':
      return { status: 'retired' }
    case 'CiCorrected': {
      const { name, status } = data
      return { ...(name !== undefined && { name }), ...(status !== undefined && { status }) }
    }
    default:
      return undefined
  }
}

/**
 * What of it is to be judged; undefined: nothing that only an approved change may modify.
 * @param classes as they were in force when it was recorded
 */
export function underControl(
  { position: _, ofClasses, ofWhole, ...modification }: WrittenModification,
  classes: readonly CiClass[],
): Modification | undefined {
  const controlled = new Set(ofClasses.flatMap((name) => [...controlledAttributes(classes, name)]))
  const values = {
    ...Object.fromEntries(Object.entries(modification.values).filter(([name]) => controlled.has(name))),
    ...(controlled.size > 0 && ofWhole),
  }
  return Object.keys(values).length === 0 ? undefined : { ...modification, values }
}
