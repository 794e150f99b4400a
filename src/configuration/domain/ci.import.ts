import { isDeepStrictEqual } from 'node:util'
import { type ClassCatalogue, differences, requireAttributes, requireClass } from './ci.classes.js'
import type { Ci, CiRecord } from './ci.state.js'
import type { Attributes, AttributeValue, CiEvent } from './configuration.events.js'

/** What a source tells of a CI; `observe`: nothing that is kept has changed. */
export interface CiObservation {
  readonly operation: 'register' | 'change' | 'observe' | 'rename' | 'retire'
  readonly class: string
  /** Of a renamed CI, the new one. */
  readonly name: string
  /** null: absent. */
  readonly changes: Readonly<Record<string, { before: AttributeValue | null; after: AttributeValue | null }>>
  readonly source: string
  /** Number of the change in which the source did it. */
  readonly change?: string
  readonly sourceFields?: Readonly<Record<string, unknown>>
  /** Another live CI bears the name. */
  readonly nameTaken?: boolean
}

/** What whoever imports must know of a CI to find it again. */
export interface KnownCi {
  readonly class: string
  readonly name: string
  readonly live: boolean
  readonly attributes: Attributes
}

/** Undefined: nothing was registered. */
export function knownCi(record: CiRecord): KnownCi | undefined {
  if (record.standing === 'unborn') return undefined
  const { class: ofClass, name, status, attributes } = record
  return { class: ofClass, name, live: status === 'live', attributes }
}

/**
 * What was observed, as events: never refused for what rules of live commands say, only marked `irregular` with the code of
 * the refusal. At least one event, also when nothing differs.
 * @param record of the CI that is meant; unborn: none bears the name
 * @throws InvalidInput `CI.CLASS_UNKNOWN`, `CI.CLASS_ABSTRACT`, `CI.ATTRIBUTES_INVALID`: what is wrong in shape
 */
export function observedCi(
  record: CiRecord,
  observation: CiObservation,
  known: ClassCatalogue,
): readonly CiEvent[] {
  requireClass(known, observation.class)
  const wished = after(observation)
  requireAttributes(known, observation.class, wished, false)
  if (record.standing === 'unborn') return firstSeen(observation, known)
  const said = told(observation)
  const irregular = irregularityOf(record, observation)
  const changed = changedAttributes(record, observation, known)
  switch (observation.operation) {
    case 'rename':
      return [
        {
          type: 'CiRenamed',
          data: { before: record.name, after: observation.name, ...said, ...(irregular && { irregular }) },
        },
        ...changed,
      ]
    case 'retire':
      return [{ type: 'CiRetired', data: { ...said, ...(irregular && { irregular }) } }]
    default:
      return changed.length > 0
        ? changed
        : [{ type: 'CiObserved', data: { ...said, ...(irregular && { irregular }) } }]
  }
}

/** Of a CI that nobody told of before it begins with what is said of it now; one that is retired never was. */
function firstSeen(observation: CiObservation, { version }: ClassCatalogue): readonly CiEvent[] {
  const { operation, class: ofClass, name, nameTaken } = observation
  const said = told(observation)
  if (operation === 'retire') {
    const sourceFields = { ...said.sourceFields, class: ofClass, name }
    return [{ type: 'CiRetired', data: { ...said, sourceFields, irregular: 'CI.UNKNOWN' } }]
  }
  const attributes = Object.fromEntries(
    Object.entries(after(observation)).filter(([, value]) => value !== null),
  ) as Attributes
  const irregular = operation !== 'register' ? 'CI.UNKNOWN' : nameTaken ? 'CI.NAME_TAKEN' : undefined
  const data = { class: ofClass, name, attributes, classesVersion: version, ...said }
  return [{ type: 'CiRegistered', data: { ...data, ...(irregular && { irregular }) } }]
}

function changedAttributes(ci: Ci, observation: CiObservation, { version }: ClassCatalogue): CiEvent[] {
  const changes = differences(ci.attributes, after(observation))
  if (Object.keys(changes).length === 0) return []
  const irregular = basesDiffer(ci, observation) ? 'CI.BASE_DIFFERS' : irregularityOf(ci, observation)
  const data = { changes, classesVersion: version, ...told(observation) }
  return [{ type: 'CiChanged', data: { ...data, ...(irregular && { irregular }) } }]
}

function irregularityOf({ status }: Ci, { operation, nameTaken }: CiObservation): string | undefined {
  if (status === 'retired') return 'CI.RETIRED'
  if (operation === 'register') return 'CI.REGISTERED'
  return operation === 'rename' && nameTaken ? 'CI.NAME_TAKEN' : undefined
}

/** Whether the source changed something else than what is here. */
function basesDiffer({ attributes }: Ci, { changes }: CiObservation): boolean {
  return Object.entries(changes).some(
    ([name, { before }]) => !isDeepStrictEqual(before, attributes[name] ?? null),
  )
}

function after({ changes }: CiObservation): Record<string, AttributeValue | null> {
  return Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, change.after]))
}

function told({ source, change, sourceFields }: CiObservation) {
  return { source, ...(change && { change }), ...(sourceFields && { sourceFields }) }
}
