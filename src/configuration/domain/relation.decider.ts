import { isDeepStrictEqual } from 'node:util'
import {
  type Decider,
  derivedId,
  type Fact,
  type FieldError,
  fact,
  InvalidInput,
  later,
  NotFound,
  type RecordedEvent,
  type StreamFold,
} from '#libs/event-sourcing'
import { DEFAULT_CI_RELATION_TYPES } from '../../settings/domain/defaults.js'
import type { CiRelationType, CiRelationTypesPublished } from '../../settings/domain/settings.events.js'
import { CI_CLASSES, type ClassCatalogue } from './ci.classes.js'
import { requireBackDating } from './ci.correction.js'
import { isName } from './ci.guards.js'
import type { CiRecord } from './ci.state.js'
import { ciFold } from './ci-name.decider.js'
import type { Attributes, RelationCorrected, RelationEnd, RelationEvent } from './configuration.events.js'
import type { CorrectRelation, RelateCi, RelationCommand, UnrelateCi } from './relation.commands.js'

/** A relation as it is now. */
export interface Relation {
  readonly present: boolean
  readonly attributes: Attributes
  /** Fixed; absent where only its end was ever told. */
  readonly related?: Related
  /** Effective time of the event that said so last. */
  readonly since: string
  /** No event but a correction is effective before it. */
  readonly latest: string
  readonly corrected?: { readonly from: string; readonly data: RelationCorrected['data'] }
}
/** Null: nothing was ever said of it. */
export type RelationRecord = Relation | null

export interface RelationFacts {
  types: Fact<readonly CiRelationType[]>
  classes: Fact<ClassCatalogue>
  source: Fact<CiRecord>
  target: Fact<CiRecord>
}

const relationTypes: StreamFold<readonly CiRelationType[], CiRelationTypesPublished> = {
  initial: DEFAULT_CI_RELATION_TYPES,
  evolve: (known, event) => (event.type === 'CiRelationTypesPublished' ? event.data.types : known),
}
/** Asks for the types in force. */
export const CI_RELATION_TYPES = fact('settings-ci-relation-types', relationTypes)

export interface Related {
  readonly type: string
  readonly source: RelationEnd
  readonly target: RelationEnd
}

/**
 * The same relation as it is stored: under its type's name, whichever way round it was said, and of a type without
 * direction always with the same end first. A type that is not known stays as it is.
 */
export function normalised(related: Related, types: readonly CiRelationType[]): Related {
  const { type, source, target } = related
  const inverse = types.find((one) => one.inverse === type && one.name !== type)
  if (inverse) return { type: inverse.name, source: target, target: source }
  const undirected = types.some((one) => one.name === type && one.inverse === type)
  return undirected && endKey(source) > endKey(target) ? { type, source: target, target: source } : related
}

/** One relation for each type and pair of ends, for ever. @param related normalised */
export function relationId({ type, source, target }: Related): string {
  return derivedId('relation', type, endKey(source), endKey(target))
}

function endKey(end: RelationEnd): string {
  return JSON.stringify('ci' in end ? ['ci', end.ci] : ['name', end.class ?? null, end.name])
}

export const relationDecider: Decider<RelationRecord, RelationCommand, RelationEvent, RelationFacts> = {
  streamPrefix: 'relation-',
  initial: null,
  evolve,
  facts(command) {
    if (command.type === 'UnrelateCi') return {}
    const { source, target } = command.data
    return {
      types: CI_RELATION_TYPES,
      classes: CI_CLASSES,
      ...('ci' in source && { source: fact(`ci-${source.ci}`, ciFold) }),
      ...('ci' in target && { target: fact(`ci-${target.ci}`, ciFold) }),
    }
  },
  decide(command, relation, known) {
    switch (command.type) {
      case 'RelateCi':
        return relate(command, relation, known)
      case 'UnrelateCi':
        return unrelate(command, relation)
      case 'CorrectRelation':
        return correct(command, relation, known)
      default: {
        const unknown: never = command
        throw new Error(`no rule for ${(unknown as RelationCommand).type}`)
      }
    }
  },
}

function relate(
  { data }: RelateCi,
  relation: RelationRecord,
  known: RelationFacts,
): readonly RelationEvent[] {
  const { type, source, target, attributes = {}, change } = data
  requireRelated(data, known, true)
  if (relation?.present && isDeepStrictEqual(relation.attributes, attributes)) return []
  const said = Object.keys(attributes).length > 0 || relation?.present ? { attributes } : {}
  return [{ type: 'CiRelated', data: { type, source, target, ...said, change } }]
}

/** @throws NotFound `RELATION.UNKNOWN` */
function unrelate({ data: { change } }: UnrelateCi, relation: RelationRecord): readonly RelationEvent[] {
  if (relation === null)
    throw new NotFound('RELATION.UNKNOWN', 'There is no such relation: check type and ends.')
  return relation.present ? [{ type: 'CiUnrelated', data: { ...relation.related, change } }] : []
}

function correct(
  { data, metadata }: CorrectRelation,
  relation: RelationRecord,
  known: RelationFacts,
): readonly RelationEvent[] {
  const { enteredAt, ...correction } = data
  requireBackDating(metadata, enteredAt, correction.until)
  requireRelated(data, known, false)
  const last = relation?.corrected
  const same =
    last?.from === metadata.occurredAt &&
    isDeepStrictEqual(JSON.parse(JSON.stringify(last.data)), JSON.parse(JSON.stringify(correction)))
  return same ? [] : [{ type: 'RelationCorrected', data: correction }]
}

/**
 * Ends may be names that no CI bears; numbers must be those of CIs, live ones when they are related now.
 * @throws InvalidInput `RELATION.INVALID`, naming every field that is wrong
 */
function requireRelated(related: Related, known: RelationFacts, live: boolean): void {
  const errors: FieldError[] = []
  const names = known.types.value.map(({ name }) => name)
  if (!names.includes(related.type))
    errors.push({ pointer: '/type', message: `is no type of relation; there are ${names.join(', ')}` })
  for (const side of ['source', 'target'] as const)
    errors.push(...endErrors(`/${side}`, related[side], known[side]?.value, known.classes.value, live))
  if (endKey(related.source) === endKey(related.target))
    errors.push({ pointer: '/target', message: 'is the source itself' })
  if (errors.length > 0) throw new InvalidInput('RELATION.INVALID', 'The relation is not well formed', errors)
}

function endErrors(
  pointer: string,
  end: RelationEnd,
  record: CiRecord | undefined,
  { classes }: ClassCatalogue,
  live: boolean,
): FieldError[] {
  if ('ci' in end) {
    if (record?.standing !== 'registered') return [{ pointer: `${pointer}/ci`, message: 'is no CI' }]
    return live && record.status === 'retired' ? [{ pointer: `${pointer}/ci`, message: 'is retired' }] : []
  }
  const errors: FieldError[] = []
  if (!isName(end.name)) errors.push({ pointer: `${pointer}/name`, message: 'is no usable name' })
  if (end.class !== undefined && !classes.some(({ name }) => name === end.class))
    errors.push({ pointer: `${pointer}/class`, message: 'is no class' })
  return errors
}

/** Folds one event. Event types that are not known leave the record as it was. */
function evolve(relation: RelationRecord, event: RecordedEvent<RelationEvent>): RelationRecord {
  const { occurredAt } = event.metadata
  const latest = relation === null ? occurredAt : later(relation.latest, occurredAt)
  switch (event.type) {
    case 'CiRelated': {
      const attributes = event.data.attributes ?? relation?.attributes ?? {}
      return { present: true, attributes, related: relatedBy(event.data), since: latest, latest }
    }
    case 'CiUnrelated':
      return { attributes: {}, ...relation, present: false, since: latest, latest, corrected: undefined }
    case 'RelationCorrected':
      return corrected(relation, event, latest)
    default:
      return relation
  }
}

function relatedBy({ type, source, target }: Related): Related {
  return { type, source, target }
}

function corrected(
  relation: RelationRecord,
  { data, metadata: { occurredAt: from } }: RecordedEvent<RelationCorrected>,
  latest: string,
): Relation {
  const before = relation ?? { present: false, attributes: {}, since: '', latest }
  const holds = data.until === undefined && before.since <= from
  return {
    ...before,
    latest,
    related: relatedBy(data),
    corrected: { from, data },
    ...(holds && { present: data.present, since: from }),
  }
}
