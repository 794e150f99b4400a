import { type Decider, type FieldError, InvalidInput, Refused } from '#libs/event-sourcing'
import { differences, requireAttributes, requireClass } from './ci.classes.js'
import type {
  AbandonCiNaming,
  ApplyProposedValues,
  ChangeCi,
  CiCommand,
  ObserveCi,
  ReclassifyCi,
  RegisterCi,
  RenameCi,
  RetireCi,
} from './ci.commands.js'
import { correctCi } from './ci.correction.js'
import { type CiFacts, facts, furtherFacts } from './ci.facts.js'
import { requireLive, requireName, requireRegistered } from './ci.guards.js'
import { namingOf } from './ci.naming.js'
import { reconcileCi, requireBelieved, saidAgain } from './ci.reconciliation.js'
import { bears, type Ci, type CiRecord, evolve, UNBORN } from './ci.state.js'
import { nameTaken } from './ci-name.decider.js'
import type { Attributes, AttributeValue, CiEvent } from './configuration.events.js'
import { movedSince } from './defaults.js'

export const ciDecider: Decider<CiRecord, CiCommand, CiEvent, CiFacts> = {
  streamPrefix: 'ci-',
  initial: UNBORN,
  evolve,
  facts,
  furtherFacts,
  decide,
}

/**
 * The events that a command leads to; none when what it wants is so already.
 * @throws InvalidInput, NotFound or Refused with a stable code `CI.…`
 */
export function decide(command: CiCommand, record: CiRecord, known: CiFacts): readonly CiEvent[] {
  if (command.type === 'AbandonCiNaming') return abandon(command, record)
  if (command.type === 'RegisterCi') return register(command, record, known)
  const ci = requireRegistered(record)
  switch (command.type) {
    case 'ChangeCi':
      return change(command, ci, known)
    case 'ApplyProposedValues':
      return applyProposed(command, ci, known)
    case 'RenameCi':
      return rename(command, ci, known)
    case 'ReclassifyCi':
      return reclassify(command, ci, known)
    case 'RetireCi':
      return retire(command, ci)
    case 'ObserveCi':
      return observe(command, ci)
    case 'CorrectCi':
      return correctCi(command, ci, known, () => requireReservation(command, ci, known))
    case 'ReconcileCi':
      requireLive(ci)
      return reconcileCi(command, ci, known)
    default: {
      const unknown: never = command
      throw new Error(`no rule for ${(unknown as CiCommand).type}`)
    }
  }
}

/** Without an id it only takes a number; under its number it is registered, once the name is reserved. */
function register(command: RegisterCi, record: CiRecord, known: CiFacts): readonly CiEvent[] {
  const { class: ofClass, name, attributes = {}, change: allowedBy, source } = command.data
  if (record.standing === 'registered') {
    throw new Refused('CI.REGISTERED', `${command.id} is registered already: change it instead.`)
  }
  requireName(name)
  requireClass(known.classes.value, ofClass)
  requireAttributes(known.classes.value, ofClass, attributes, true)
  if (command.id === undefined) {
    const { reservation, holder } = known
    if (reservation.value && holder && bears(holder.value, reservation.value))
      throw nameTaken(reservation.value)
    return [{ type: 'CiProposed', data: { class: ofClass, name } }]
  }
  requireReservation(command, record, known)
  const data = {
    class: ofClass,
    name,
    attributes,
    classesVersion: known.classes.value.version,
    change: allowedBy,
    source,
  }
  return [{ type: 'CiRegistered', data }]
}

/** @throws Refused `CI.NAME_TAKEN` unless this very operation reserved the name, and was not abandoned */
function requireReservation(command: CiCommand, record: CiRecord, known: CiFacts): void {
  const naming = namingOf(command, record)
  if (naming === undefined) return
  const reservation = known.reservation.value
  const { commandId } = command.metadata
  const isOwn =
    reservation?.ci === command.id && reservation?.operation === commandId && !reservation.released
  if (isOwn && !record.abandoned.includes(commandId)) return
  throw nameTaken({ ...naming, ci: reservation?.ci ?? 'Another CI' })
}

/** By hand, or as a source reports it: what one that comes before says is not overwritten. */
function change(command: ChangeCi, ci: Ci, known: CiFacts): readonly CiEvent[] {
  const { attributes, change: allowedBy, source } = command.data
  const changed = changeTo(command, ci, known)
  const [event] = changed
  const written = event?.type === 'CiChanged' ? Object.keys(event.data.changes) : []
  requireBelieved(written, source, ci, command.metadata.occurredAt, known)
  if (event !== undefined || source === undefined) return changed
  return [saidAgain(ci, source, attributes, allowedBy)]
}

function changeTo({ data }: ChangeCi | ApplyProposedValues, ci: Ci, known: CiFacts): readonly CiEvent[] {
  const { attributes, change: allowedBy, source }: ChangeCi['data'] = data
  requireLive(ci)
  requireAttributes(known.classes.value, ci.class, attributes, false)
  const changes = differences(ci.attributes, attributes)
  if (Object.keys(changes).length === 0) return []
  const classesVersion = known.classes.value.version
  return [{ type: 'CiChanged', data: { changes, classesVersion, change: allowedBy, source } }]
}

/**
 * Whoever ended the change cannot mend it here: a refusal stands in the item's history, and the change hears of it. What was approved
 * comes before all sources, until they say otherwise.
 */
function applyProposed(command: ApplyProposedValues, ci: Ci, known: CiFacts): readonly CiEvent[] {
  const { change: number, attributes, base = {} } = command.data
  const moved = movedSince(base, ci.attributes)
  if (ci.status === 'live' && Object.keys(moved).length > 0) {
    const detail = 'It was changed after the change was approved: nothing of what was proposed is written.'
    const code = 'CI.BASE_VALUES_MOVED'
    return [{ type: 'ProposedValuesNotApplied', data: { change: number, attributes, code, detail, moved } }]
  }
  try {
    return changeTo(command, ci, known)
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof Refused)) throw error
    const { code, message: detail } = error
    const { errors } = error.extra as { errors?: readonly FieldError[] }
    return [{ type: 'ProposedValuesNotApplied', data: { change: number, attributes, code, detail, errors } }]
  }
}

function rename(command: RenameCi, ci: Ci, known: CiFacts): readonly CiEvent[] {
  const { name, change: allowedBy, source } = command.data
  requireLive(ci)
  requireName(name)
  if (name === ci.name) return []
  requireReservation(command, ci, known)
  return [{ type: 'CiRenamed', data: { before: ci.name, after: name, change: allowedBy, source } }]
}

/** What the new class does not have must go with the old one, in the same append. */
function reclassify(command: ReclassifyCi, ci: Ci, known: CiFacts): readonly CiEvent[] {
  const { class: ofClass, attributes = {}, change: allowedBy } = command.data
  const { value: classes } = known.classes
  requireLive(ci)
  requireClass(classes, ofClass)
  requireAttributes(classes, ofClass, applied(ci.attributes, attributes), true)
  const changes = differences(ci.attributes, attributes)
  const written = Object.keys(changes).filter((attribute) => changes[attribute]!.after !== null)
  requireBelieved(written, undefined, ci, command.metadata.occurredAt, known)
  const changed: CiEvent[] =
    Object.keys(changes).length === 0
      ? []
      : [{ type: 'CiChanged', data: { changes, classesVersion: classes.version, change: allowedBy } }]
  if (ofClass === ci.class) return changed
  requireReservation(command, ci, known)
  const data = { before: ci.class, after: ofClass, classesVersion: classes.version, change: allowedBy }
  return [{ type: 'CiReclassified', data }, ...changed]
}

function applied(
  present: Attributes,
  wished: Readonly<Record<string, AttributeValue | null>>,
): Record<string, AttributeValue> {
  const all = Object.entries({ ...present, ...wished })
  return Object.fromEntries(all.filter((entry): entry is [string, AttributeValue] => entry[1] !== null))
}

function retire({ data: { change: allowedBy, source } }: RetireCi, ci: Ci): readonly CiEvent[] {
  return ci.status === 'retired' ? [] : [{ type: 'CiRetired', data: { change: allowedBy, source } }]
}

/** Each time, since it was seen each time. */
function observe({ data: { source, run } }: ObserveCi, ci: Ci): readonly CiEvent[] {
  requireLive(ci)
  return [{ type: 'CiObserved', data: { run, source } }]
}

function abandon({ data: { operation } }: AbandonCiNaming, record: CiRecord): readonly CiEvent[] {
  const done = record.standing === 'registered' && record.named.includes(operation)
  return done || record.abandoned.includes(operation)
    ? []
    : [{ type: 'CiNamingAbandoned', data: { operation } }]
}
