import type { RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import type {
  AttributeValue,
  CiEvent,
  CiRegistered,
} from '../../src/configuration/domain/configuration.events.js'
import { DESK_READERS, wholeFor } from '../access.js'

/** By what a source's item is taken for a CI: its attributes as they are now. */
export interface CiIdentity {
  id: string
  class: string
  status: 'live' | 'retired'
  /** Each as {@link identifier} writes it; the name among them. */
  identifiers: readonly string[]
  values: Readonly<Record<string, AttributeValue>>
  /** Value → effective time of the event that set it; also of `status`, under that name. */
  since: Readonly<Record<string, string>>
  /** No event but a correction is effective before it. */
  latest: string
}

/** A value as it is looked for: `serialNumber="SN-1"`. */
export function identifier(attribute: string, value: AttributeValue): string {
  return `${attribute}=${JSON.stringify(value)}`
}

const CI = 'ci-'

/** One document per CI, to be found by its attributes. */
export const ciIdentities = defineProjection<CiIdentity, CiEvent>({
  name: 'ci_identities',
  version: 1,
  from: [CI],
  key: (event) => (IDENTIFYING.has(event.type) ? event.stream : undefined),
  evolve(identity, event) {
    if (event.type === 'CiRegistered') return registered(event)
    return identity === undefined ? undefined : applied(identity, event)
  },
  columns: { id: 'string', class: 'string', status: 'string', identifiers: 'strings' },
  indexes: [['class', 'status']],
  // Requesters know nothing of the estate
  ...wholeFor(DESK_READERS),
})

const IDENTIFYING: ReadonlySet<string> = new Set<CiEvent['type']>([
  'CiRegistered',
  'CiChanged',
  'CiRenamed',
  'CiReclassified',
  'CiRetired',
  'CiCorrected',
])

function registered({ stream, data, metadata }: RecordedEvent<CiRegistered>): CiIdentity {
  const latest = metadata.occurredAt
  const empty = { values: {}, since: { status: latest }, identifiers: [], latest }
  const identity: CiIdentity = { id: stream.slice(CI.length), class: data.class, status: 'live', ...empty }
  return withValues(identity, { name: data.name, ...data.attributes }, latest)
}

function applied(identity: CiIdentity, event: RecordedEvent<CiEvent>): CiIdentity {
  const { occurredAt } = event.metadata
  if (event.type === 'CiCorrected') {
    const { name, status, attributes, until } = event.data
    if (until !== undefined) return identity
    const values = { ...attributes, ...(name !== undefined && { name }) }
    const next = withValues(identity, values, occurredAt)
    return status === undefined ? next : withStatus(next, status, occurredAt)
  }
  const [, latest = occurredAt] = [occurredAt, identity.latest].sort()
  const now = { ...identity, latest }
  switch (event.type) {
    case 'CiChanged': {
      const changes = Object.entries(event.data.changes).map(([name, { after }]) => [name, after] as const)
      return withValues(now, Object.fromEntries(changes), latest)
    }
    case 'CiRenamed':
      return withValues(now, { name: event.data.after }, latest)
    case 'CiReclassified':
      return { ...now, class: event.data.after }
    case 'CiRetired':
      return withStatus(now, 'retired', latest)
    default:
      return identity
  }
}

function withStatus(identity: CiIdentity, status: CiIdentity['status'], at: string): CiIdentity {
  if ((identity.since.status ?? '') > at) return identity
  return { ...identity, status, since: { ...identity.since, status: at } }
}

/** What became effective later stays. */
function withValues(
  identity: CiIdentity,
  changes: Readonly<Record<string, AttributeValue | null>>,
  at: string,
): CiIdentity {
  const values: Record<string, AttributeValue> = { ...identity.values }
  const since: Record<string, string> = { ...identity.since }
  for (const [name, value] of Object.entries(changes)) {
    if ((since[name] ?? '') > at) continue
    if (value === null) delete values[name]
    else values[name] = value
    since[name] = at
  }
  const identifiers = Object.entries(values).map(([name, value]) => identifier(name, value))
  return { ...identity, values, since, identifiers }
}
