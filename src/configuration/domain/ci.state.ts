import { later, type RecordedEvent } from '#libs/event-sourcing'
import type { Attributes, AttributeValue, CiCorrected, CiEvent } from './configuration.events.js'

/** What a source said of a CI, and when it last said anything. */
export interface SourceView {
  readonly values: Readonly<Record<string, AttributeValue | null>>
  readonly heardAt: string
}

/** What was entered by hand, among the sources. */
export const PEOPLE = 'people'

/** A CI as it is now, by all that is recorded; times are ISO 8601 UTC. */
export interface Ci {
  readonly standing: 'registered'
  readonly class: string
  readonly name: string
  readonly status: 'live' | 'retired'
  readonly attributes: Attributes
  /** Field → effective time of the event that set it; attributes as `attributes.<name>`. A correction wins from there on. */
  readonly since: Readonly<Record<string, string>>
  readonly registeredAt: string
  /** No event but a correction is effective before it. */
  readonly latest: string
  readonly sources: Readonly<Record<string, SourceView>>
  /** The last event, if it was a correction: it is not made twice. */
  readonly corrected?: { readonly from: string; readonly data: CiCorrected['data'] }
  /** Operations that gave it a name. */
  readonly named: readonly string[]
  readonly abandoned: readonly string[]
}

/** A number without a CI: proposed at most. */
interface Unborn {
  readonly standing: 'unborn'
  readonly proposed?: { readonly class: string; readonly name: string }
  readonly abandoned: readonly string[]
}

export type CiRecord = Unborn | Ci

export const UNBORN: CiRecord = { standing: 'unborn', abandoned: [] }

/** Whether it is live under this name, so that no other CI of the class may have it. */
export function bears(record: CiRecord, { class: ofClass, name }: { class: string; name: string }): boolean {
  return (
    record.standing === 'registered' &&
    record.status === 'live' &&
    record.name === name &&
    record.class === ofClass
  )
}

/** Folds one event. Event types that are not known leave the record as it was. */
export function evolve(record: CiRecord, event: RecordedEvent<CiEvent>): CiRecord {
  switch (event.type) {
    case 'CiProposed':
      return record.standing === 'unborn' ? { ...record, proposed: event.data } : record
    case 'CiNamingAbandoned':
      return { ...record, abandoned: [...record.abandoned, event.data.operation] }
    case 'CiRegistered':
      return record.standing === 'unborn' ? registered(record, event) : record
    default:
      return record.standing === 'unborn' ? record : applied(record, event)
  }
}

function registered(
  { abandoned }: Unborn,
  { data, metadata }: RecordedEvent<Extract<CiEvent, { type: 'CiRegistered' }>>,
): Ci {
  const { class: ofClass, name, attributes, source } = data
  const at = metadata.occurredAt
  const fields = ['class', 'name', 'status', ...Object.keys(attributes).map(attributeField)]
  return {
    standing: 'registered',
    class: ofClass,
    name,
    status: 'live',
    attributes,
    since: Object.fromEntries(fields.map((field) => [field, at])),
    registeredAt: at,
    latest: at,
    sources: said({}, source ?? PEOPLE, source === undefined ? attributes : { ...attributes, name }, at),
    named: [metadata.commandId],
    abandoned,
  }
}

type Later = Exclude<CiEvent, { type: 'CiProposed' | 'CiNamingAbandoned' | 'CiRegistered' }>

function applied(ci: Ci, event: RecordedEvent<Later>): Ci {
  const { occurredAt, commandId } = event.metadata
  if (event.type === 'CiCorrected') return corrected(ci, event)
  const at = later(occurredAt, ci.latest)
  const now = { ...ci, latest: at, corrected: undefined }
  switch (event.type) {
    case 'CiChanged': {
      const { changes, source } = event.data
      const values = Object.fromEntries(Object.entries(changes).map(([name, { after }]) => [name, after]))
      const sources = said(ci.sources, source ?? PEOPLE, values, occurredAt)
      return withAttributes({ ...now, sources }, values, at)
    }
    case 'CiRenamed':
      return { ...withField(now, 'name', event.data.after, at), named: [...ci.named, commandId] }
    case 'CiReclassified':
      return { ...withField(now, 'class', event.data.after, at), named: [...ci.named, commandId] }
    case 'CiRetired':
      return withField(now, 'status', 'retired', at)
    case 'CiObserved':
      return { ...now, sources: heard(ci.sources, event.data.source, occurredAt) }
    case 'CiSourceValuesRecorded':
      return { ...now, sources: said(ci.sources, event.data.source, event.data.values, occurredAt) }
    default:
      return ci
  }
}

function heard(sources: Ci['sources'], source: string | undefined, at: string): Ci['sources'] {
  return source === undefined ? sources : said(sources, source, {}, at)
}

function said(
  sources: Ci['sources'],
  source: string,
  values: SourceView['values'],
  heardAt: string,
): Ci['sources'] {
  return { ...sources, [source]: { values: { ...sources[source]?.values, ...values }, heardAt } }
}

/** A correction is effective when it says; of each field, what became effective later stays. */
function corrected(ci: Ci, { data, metadata }: RecordedEvent<CiCorrected>): Ci {
  const { occurredAt: from, commandId } = metadata
  const next: Ci = { ...afterCorrection(ci, data, from), corrected: { from, data } }
  const latest = later(from, ci.latest)
  return { ...next, latest, named: [...ci.named, commandId] }
}

/** How a CI is now if it was so from `from` on. With an end, it is no more. */
export function afterCorrection(
  ci: Ci,
  { name, status, attributes, until }: Omit<CiCorrected['data'], 'change'>,
  from: string,
): Ci {
  if (until !== undefined) return ci
  let next = ci
  if (name !== undefined) next = withField(next, 'name', name, from)
  if (status !== undefined) next = withField(next, 'status', status, from)
  return attributes === undefined ? next : withAttributes(next, attributes, from)
}

function withField<Field extends 'name' | 'class' | 'status'>(
  ci: Ci,
  field: Field,
  value: Ci[Field],
  at: string,
): Ci {
  return isOvertaken(ci, field, at) ? ci : { ...ci, [field]: value, since: { ...ci.since, [field]: at } }
}

function withAttributes(ci: Ci, values: Readonly<Record<string, AttributeValue | null>>, at: string): Ci {
  const attributes: Record<string, AttributeValue> = { ...ci.attributes }
  const since: Record<string, string> = { ...ci.since }
  for (const [name, value] of Object.entries(values)) {
    if (isOvertaken(ci, attributeField(name), at)) continue
    if (value === null) delete attributes[name]
    else attributes[name] = value
    since[attributeField(name)] = at
  }
  return { ...ci, attributes, since }
}

function isOvertaken({ since }: Ci, field: string, at: string): boolean {
  const set = since[field]
  return set !== undefined && set > at
}

function attributeField(name: string): string {
  return `attributes.${name}`
}
