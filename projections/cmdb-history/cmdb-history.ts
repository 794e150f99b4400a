import type { Position, RecordedEvent } from '#libs/event-sourcing'
import { defineView, type ViewTransaction } from '#libs/projections-runtime'
import { and, compare, type Filter, oneOf, or } from '#libs/read-store'
import type {
  AttributeValue,
  BaselineTaken,
  CiEvent,
  ConfigurationEvent,
  RelationEvent,
} from '../../src/configuration/domain/configuration.events.js'
import { DESK_READERS, wholeFor } from '../access.js'
import { foldVersions, type VersionRow } from './bitemporal-fold.js'
import { ciEffect, type EndColumns, isCi, relationEffect } from './effects.js'
import { noteSighting, SIGHTINGS, sightedBy } from './sightings.js'

/** A configuration item as it stood in a part of both time axes. Without a class: nothing was registered yet. */
export interface CiVersion extends VersionRow {
  number: string
  class?: string
  name?: string
  status?: 'live' | 'retired'
  /** Filterable form of the scalar attributes: `<name>=<value>`. */
  attribute?: readonly string[]
}

/** A relation as it stood in a part of both time axes. */
export interface RelationVersion extends VersionRow, EndColumns {
  /** Its id. */
  relation: string
  present?: boolean
}

export const CIS = 'cmdb_items'
export const RELATIONS = 'cmdb_relations'
export const BASELINES = 'cmdb_baselines'

/** A named point on both time axes. */
export interface Baseline {
  baseline: string
  name: string
  validAt: string
  asOf: string
  takenAt: string
  takenBy: string
}

/** The versions in force at a point of both time axes: one per record that is known there. */
export function standingAt({ validAt, asOf }: { validAt: string; asOf: Position }): Filter {
  return and(
    compare('validFrom', '<=', validAt),
    compare('systemFrom', '<=', asOf),
    compare('systemTo', '>', asOf),
    or(compare('validTo', '>', validAt), compare('endKnownFrom', '>', asOf)),
  )
}

/** Those of which something is to be seen: registered items, relations that are there. */
export const registered: Filter = compare('class', '!=', null)
export const present: Filter = compare('present', '=', true)

const bounds = {
  validFrom: 'instant',
  validTo: 'instant',
  systemFrom: 'position',
  systemTo: 'position',
  endKnownFrom: 'position',
} as const
/** An event is of one record, whose versions never overlap. */
const unique = ['validFrom', 'systemFrom'] as const
/** Stand at the end of indexes, so that versions of other times are passed over without being read. */
const BOUNDS = ['validFrom', 'validTo', 'systemFrom', 'systemTo', 'endKnownFrom'] as const

/** What walks must know of an item, and of a relation: indexes that end with it have the rows as far as they need them. */
export const WALKED_OF_ITEM = ['number', 'class', 'name', 'status'] as const
export const WALKED_OF_RELATION = [
  'relation',
  'type',
  'sourceCi',
  'sourceName',
  'sourceClass',
  'targetCi',
  'targetName',
  'targetClass',
] as const

const besides = (first: string, columns: readonly string[]) => columns.filter((column) => column !== first)

/** The whole configuration at any valid time, as known at any position. */
export const cmdbHistory = defineView<ConfigurationEvent>({
  name: 'cmdb_history',
  version: 5,
  from: ['ci-', 'relation-', 'discovery-', 'baseline-'],
  collections: {
    [CIS]: {
      columns: {
        number: 'string',
        class: 'string',
        name: 'string',
        status: oneOf<NonNullable<CiVersion['status']>>({ live: true, retired: true }),
        attribute: 'strings',
        ...bounds,
      },
      indexes: [
        // One item; all of them, one after another; with what walks need of them
        ['number', ...BOUNDS, ...besides('number', WALKED_OF_ITEM)],
        // All of a class
        ['class', 'name', 'status', ...BOUNDS],
        // Whoever bears a name
        ['name', 'class', 'status', ...BOUNDS],
        // What changed between two points
        BOUNDS,
        ['systemFrom', ...besides('systemFrom', BOUNDS)],
      ],
      unique,
      readHeavy: true,
      ...wholeFor(DESK_READERS),
    },
    [RELATIONS]: {
      columns: {
        relation: 'string',
        type: 'string',
        sourceCi: 'string',
        sourceName: 'string',
        sourceClass: 'string',
        targetCi: 'string',
        targetName: 'string',
        targetClass: 'string',
        present: 'boolean',
        ...bounds,
      },
      indexes: [
        // All of them, one after another
        ['relation', ...BOUNDS, 'present'],
        // Those of an end, with what walks need of them
        ['sourceCi', ...BOUNDS, 'present', ...besides('sourceCi', WALKED_OF_RELATION)],
        ['targetCi', ...BOUNDS, 'present', ...besides('targetCi', WALKED_OF_RELATION)],
        ['sourceName', ...BOUNDS],
        ['targetName', ...BOUNDS],
        // What changed between two points
        BOUNDS,
        ['systemFrom', ...besides('systemFrom', BOUNDS)],
      ],
      unique,
      checked: ['type', 'sourceClass', 'targetClass', 'present'],
      readHeavy: true,
      ...wholeFor(DESK_READERS),
    },
    [BASELINES]: {
      columns: { name: 'string', takenAt: 'timestamp' },
      indexes: [['takenAt'], ['name']],
      ...wholeFor(DESK_READERS),
    },
    [SIGHTINGS]: {
      columns: {
        number: 'string',
        seenAt: 'instant',
        until: 'instant',
        knownFrom: 'position',
        knownUntil: 'position',
      },
      // The latest of each item
      indexes: [['number', 'seenAt', 'until', 'knownFrom', 'knownUntil']],
      unique: ['number', 'seenAt'],
      ...wholeFor(DESK_READERS),
    },
  },
  reads(event) {
    const { stream } = event
    const sighted = { collection: SIGHTINGS, ids: sightedBy(event) }
    if (isCi(stream)) return [{ collection: CIS, ids: [stream] }, sighted]
    return isRelation(stream) ? [{ collection: RELATIONS, ids: [stream] }, sighted] : [sighted]
  },
  fold(event, view) {
    const { stream, position } = event
    if (isCi(stream)) {
      const blank = { number: stream.slice('ci-'.length) }
      const effect = ciEffect(event as RecordedEvent<CiEvent>)
      foldVersions<CiVersion>(rowsOf(view, CIS, filterableAttributes), stream, blank, effect, position)
    } else if (isRelation(stream)) {
      const blank = { relation: stream.slice('relation-'.length) }
      const effect = relationEffect(event as RecordedEvent<RelationEvent>)
      foldVersions<RelationVersion>(rowsOf(view, RELATIONS), stream, blank, effect, position)
    } else if (event.type === 'BaselineTaken') view.put(BASELINES, stream, takenBaseline(event))
    for (const number of sightedBy(event)) noteSighting(view, number, event)
  },
})

function takenBaseline({ stream, data, metadata }: RecordedEvent<BaselineTaken>): Baseline {
  const { name, validAt, asOf } = data
  const baseline = stream.slice('baseline-'.length)
  return { baseline, name, validAt, asOf, takenAt: metadata.occurredAt, takenBy: metadata.actor }
}

const isRelation = (stream: string) => stream.startsWith('relation-')

function rowsOf<Row extends VersionRow>(
  view: ViewTransaction,
  collection: string,
  complete: (row: Row) => Row = (row) => row,
) {
  return {
    get: (id: string) => view.get<Row>(collection, id),
    put: (id: string, row: Row) => view.put(collection, id, complete(row)),
  }
}

/** Longest value that can be filtered by: what is longer is text to be read. */
const LONGEST_FILTERABLE = 200

function filterableAttributes(row: CiVersion): CiVersion {
  const attribute = Object.entries(row.attributes ?? {}).flatMap(([name, value]) =>
    attributeTerms(name, value),
  )
  return { ...row, attribute: attribute.length > 0 ? attribute : undefined }
}

function attributeTerms(name: string, value: AttributeValue): string[] {
  const values = typeof value === 'object' ? value : [value]
  return [...new Set(values.map(String))]
    .filter((text) => text.length <= LONGEST_FILTERABLE)
    .map((text) => `${name}=${text}`)
}
