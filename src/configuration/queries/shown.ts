import type { VersionRow } from '#projections/cmdb-history/bitemporal-fold'
import type { CiVersion, RelationVersion } from '#projections/cmdb-history/cmdb-history'
import { UNENDED, UNENDED_POSITION } from '#projections/intervals'
import { type EndOf, endsOf } from './graph-parts.js'

/** The part of both time axes in which a version stands; what lasts has no end. */
export interface ShownBounds {
  validFrom: string
  validTo?: string
  systemFrom: string
  systemTo?: string
}

/**
 * Of a version that stands at a valid time, as it is known now: whoever asks as of a position is told of ends that were told of later, too.
 * Beyond its end it stood as long as that was not known.
 */
export function shownBounds(version: VersionRow, validAt: string): ShownBounds {
  const { validFrom, validTo, systemFrom, systemTo, endKnownFrom } = version
  if (validAt >= validTo) return { validFrom: validTo, systemFrom, systemTo: endKnownFrom }
  return {
    validFrom,
    validTo: validTo === UNENDED ? undefined : validTo,
    systemFrom,
    systemTo: systemTo === UNENDED_POSITION ? undefined : systemTo,
  }
}

/** What is told of an item besides when it was so. */
export interface ShownFields {
  class?: string
  name?: string
  status?: string
  attributes: object
}

export function shownFields({ class: ofClass, name, status, attributes = {} }: CiVersion): ShownFields {
  return { class: ofClass, name, status, attributes }
}

/** An item at one point. */
export type ShownItem = { number: string } & ShownFields & ShownBounds

/** Each field is named, since spreading the parts takes an item of the whole configuration longer to write. */
export function shownItem(item: CiVersion, { validAt }: { validAt: string }): ShownItem {
  const { class: ofClass, name, status, attributes } = shownFields(item)
  const { validFrom, validTo, systemFrom, systemTo } = shownBounds(item, validAt)
  const { number } = item
  return { number, class: ofClass, name, status, attributes, validFrom, validTo, systemFrom, systemTo }
}

/** What is told of a relation besides when it was so. */
export interface ShownRelation {
  relation: string
  type?: string
  source: EndOf
  target: EndOf
  attributes?: object
}

export function shownRelation(relation: RelationVersion): ShownRelation {
  const { relation: id, type, attributes = {} } = relation
  const isPlain = Object.keys(attributes).length === 0
  return { relation: id, type, ...endsOf(relation), ...(!isPlain && { attributes }) }
}
