import type { Position } from '#libs/event-sourcing'
import { defineView, type ViewTransaction } from '#libs/projections-runtime'
import { and, compare, type Filter } from '#libs/read-store'
import type {
  AttributeValue,
  CiEvent,
  ConfigurationEvent,
  RelationEvent,
} from '../../src/configuration/domain/configuration.events.js'
import { DESK_READERS, wholeFor } from '../access.js'
import { foldVersions, type VersionRow } from './bitemporal-fold.js'
import { ciEffect, type EndColumns, relationEffect } from './effects.js'

/** A configuration item as it stood in a part of both time axes. Without a class: nothing was registered yet. */
export interface CiVersion extends VersionRow {
  /** Its number. */
  ci: string
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

/** The versions in force at a point of both time axes: one per record that is known there. */
export function standingAt({ validAt, asOf }: { validAt: string; asOf: Position }): Filter {
  return and(
    compare('validFrom', '<=', validAt),
    compare('validTo', '>', validAt),
    compare('systemFrom', '<=', asOf),
    compare('systemTo', '>', asOf),
  )
}

/** Those of which something is to be seen: registered items, relations that are there. */
export const registered: Filter = compare('class', '!=', null)
export const present: Filter = compare('present', '=', true)

const bounds = {
  validFrom: 'timestamp',
  validTo: 'timestamp',
  systemFrom: 'string',
  systemTo: 'string',
} as const
/** Stand at the end of indexes, so that versions of other times are passed over without being read. */
const BOUNDS = ['validFrom', 'validTo', 'systemFrom', 'systemTo'] as const

/** The whole configuration at any valid time, as known at any position. */
export const cmdbHistory = defineView<ConfigurationEvent>({
  name: 'cmdb_history',
  version: 1,
  from: ['ci-', 'relation-'],
  collections: {
    [CIS]: {
      columns: {
        ci: 'string',
        class: 'string',
        name: 'string',
        status: 'string',
        attribute: 'strings',
        ...bounds,
      },
      indexes: [
        // One item; all of them, one after another
        ['ci', ...BOUNDS],
        // All of a class
        ['class', 'name', 'status', ...BOUNDS],
        // Whoever bears a name
        ['name', 'class', 'status', ...BOUNDS],
      ],
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
        ['relation', ...BOUNDS],
        // Those of an end
        ['sourceCi', ...BOUNDS],
        ['targetCi', ...BOUNDS],
        ['sourceName', ...BOUNDS],
        ['targetName', ...BOUNDS],
      ],
      checked: ['type', 'sourceClass', 'targetClass', 'present'],
      ...wholeFor(DESK_READERS),
    },
  },
  reads({ stream }) {
    if (isCi(stream)) return [{ collection: CIS, id: stream }]
    return isRelation(stream) ? [{ collection: RELATIONS, id: stream }] : []
  },
  fold(event, view) {
    const { stream, position } = event
    if (isCi(stream)) {
      const blank = { ci: stream.slice('ci-'.length) }
      const effect = ciEffect(event as typeof event & CiEvent)
      foldVersions<CiVersion>(rowsOf(view, CIS, filterableAttributes), stream, blank, effect, position)
    } else if (isRelation(stream)) {
      const blank = { relation: stream.slice('relation-'.length) }
      const effect = relationEffect(event as typeof event & RelationEvent)
      foldVersions<RelationVersion>(rowsOf(view, RELATIONS), stream, blank, effect, position)
    }
  },
})

/** Streams of other things begin alike (`ci-name-…`): a number has no dash. */
const isCi = (stream: string) => /^ci-[^-]+$/.test(stream)
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
