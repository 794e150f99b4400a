import type { RecordedEvent } from '#libs/event-sourcing'
import type { Reading, ViewTransaction } from '#libs/projections-runtime'
import type { CiEvent } from '../../src/configuration/domain/configuration.events.js'
import { iso } from './candidates.js'
import type { Lookup } from './lists.js'

/** Which item bore a name when: incidents and changes may name it by either. */
export const ITEM_NAMES = 'correlation_item_names'
/** And which name an item bears. */
export const NAMED_ITEMS = 'correlation_named_items'

interface NameHolders {
  holders: readonly Holder[]
}
/** From a time to another one (ISO 8601), or still. */
interface Holder {
  ci: string
  from: string
  until?: string
}
interface NamedItem {
  /** Absent: it is retired. */
  name?: string
}

/** Of one name; who shares it with so many others is not found by it anyway. */
const MOST_HOLDERS = 8

/** The name that an item bears after an event; null: none any more; undefined: the same as before. */
function nameAfter({ type, data }: RecordedEvent<CiEvent>): string | null | undefined {
  switch (type) {
    case 'CiRegistered':
      return data.name
    case 'CiRenamed':
      return data.after
    case 'CiRetired':
      return null
    case 'CiCorrected':
      return data.status === 'retired' ? null : data.name
    default:
      return undefined
  }
}

export function nameReads(event: RecordedEvent<CiEvent>, ci: string): Reading[] {
  const name = nameAfter(event)
  if (name === undefined) return []
  const reads = [{ collection: NAMED_ITEMS, ids: [ci] }]
  if (name !== null) reads.push({ collection: ITEM_NAMES, ids: [name] })
  return reads
}

export function foldName(event: RecordedEvent<CiEvent>, ci: string, view: ViewTransaction): void {
  const name = nameAfter(event)
  if (name === undefined) return
  const at = event.metadata.occurredAt
  const before = view.get<NamedItem>(NAMED_ITEMS, ci)?.name
  if (before === name) return
  if (before !== undefined) giveUp(view, before, ci, at)
  view.put(NAMED_ITEMS, ci, (name === null ? {} : { name }) satisfies NamedItem)
  if (name === null) return
  const holders = holdersOf(view, name)
  const next = [...holders, { ci, from: at }].slice(-MOST_HOLDERS)
  view.put(ITEM_NAMES, name, { holders: next } satisfies NameHolders)
}

function giveUp(view: ViewTransaction, name: string, ci: string, until: string): void {
  const holders = holdersOf(view, name).map((holder) =>
    holder.ci === ci && holder.until === undefined ? { ...holder, until } : holder,
  )
  view.put(ITEM_NAMES, name, { holders } satisfies NameHolders)
}

function holdersOf(view: { get: Lookup }, name: string): readonly Holder[] {
  return view.get<NameHolders>(ITEM_NAMES, name)?.holders ?? []
}

/** The number of the item that is meant at a time (milliseconds since 1970); what nobody or more than one bears stands for itself. */
export function itemNamed(view: { get: Lookup }, named: string, time: number): string {
  if (view.get<NamedItem>(NAMED_ITEMS, named) !== undefined) return named
  const holders = holdersOf(view, named)
  if (holders.length === 0) return named
  const at = iso(time)
  const then = holders.filter(({ from, until }) => from <= at && (until === undefined || at < until))
  return then.length === 1 ? (then[0] as Holder).ci : named
}
