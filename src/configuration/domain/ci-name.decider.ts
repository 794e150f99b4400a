import {
  type Decider,
  derivedId,
  type Fact,
  fact,
  type RecordedEvent,
  Refused,
  type StreamFold,
  Unavailable,
} from '#libs/event-sourcing'
import type { CiNameCommand, ReserveCiName } from './ci.commands.js'
import { bears, type CiRecord, evolve as evolveCi, UNBORN } from './ci.state.js'
import type { CiEvent, CiNameEvent, CiNameReserved } from './configuration.events.js'

/**
 * One live CI of a class bears a name. That holds across streams, so whoever is to bear a name reserves it before. A
 * reservation says who may; whether she does, her own stream says: so nothing has to be done when a CI is renamed or retired.
 *
 * 1. An operation reserves the name in `ciname-<id>`, then appends to its CI's stream, relying on the reservation.
 * 2. A name that somebody else bears, or waits for, is refused. One whose reservation leads nowhere is free.
 * 3. Nobody waits for ever: after {@link PATIENCE_MS} the other operation is abandoned in *its* stream, which makes its
 *    append conflict, and its next decision see that; only then the reservation is replaced.
 */
export type CiName =
  | (CiNameReserved['data'] & { readonly reservedAt: string; readonly released: boolean })
  | null

export interface CiNameFacts {
  /** Whoever the name is reserved for. */
  holder: Fact<CiRecord>
}

/** A registration takes milliseconds; a store that has to settle who is its leader, ten seconds. */
const PATIENCE_MS = 60_000

/** Id of the reservation stream of a name. */
export function ciNameId({ class: ofClass, name }: { class: string; name: string }): string {
  return derivedId('ci-name', ofClass, name)
}

export const ciFold: StreamFold<CiRecord, CiEvent> = { initial: UNBORN, evolve: evolveCi }

export const ciNameDecider: Decider<CiName, CiNameCommand, CiNameEvent, CiNameFacts> = {
  streamPrefix: 'ciname-',
  initial: null,
  evolve(name, event: RecordedEvent<CiNameEvent>) {
    if (event.type === 'CiNameReserved')
      return { ...event.data, reservedAt: event.metadata.recordedAt, released: false }
    return event.type === 'CiNameReleased' && name?.operation === event.data.operation
      ? { ...name, released: true }
      : name
  },
  facts: (_, name) => (name === null || name.released ? {} : { holder: fact(`ci-${name.ci}`, ciFold) }),
  decide(command, name, known) {
    switch (command.type) {
      case 'ReserveCiName':
        return reserve(command, name, known)
      case 'ReleaseCiName': {
        const { operation } = command.data
        return name?.operation === operation && !name.released
          ? [{ type: 'CiNameReleased', data: { operation } }]
          : []
      }
      default: {
        const unknown: never = command
        throw new Error(`no rule for ${(unknown as CiNameCommand).type}`)
      }
    }
  },
}

function reserve(
  { data, metadata }: ReserveCiName,
  name: CiName,
  { holder }: CiNameFacts,
): readonly CiNameEvent[] {
  const reserved: CiNameReserved = { type: 'CiNameReserved', data }
  if (name === null || name.released) return [reserved]
  if (name.operation === data.operation && name.ci === data.ci) return []
  if (bears(holder.value, name) && name.ci !== data.ci) throw nameTaken(name)
  // Also of the same CI: were it replaced, nobody could tell which of the two goes on.
  if (!isPending(name, holder.value)) return [reserved]
  const waited = Date.parse(metadata.occurredAt) - Date.parse(name.reservedAt)
  if (waited < PATIENCE_MS) {
    if (name.ci !== data.ci) throw nameTaken(name)
    throw new Unavailable('CI.NAMING_UNDER_WAY', `${name.ci} is being given this name; try again.`)
  }
  throw new Refused(NAME_ABANDONED, 'Whoever reserved the name has not taken it: abandon that first.', {
    ci: name.ci,
    operation: name.operation,
  })
}

/** Refusal of a reservation that is possible once the other operation is abandoned. */
export const NAME_ABANDONED = 'CI.NAME_ABANDONED'

/** Whether the operation that reserved the name may still give it to its CI. */
export function isPending({ operation }: { operation: string }, holder: CiRecord): boolean {
  const done = holder.standing === 'registered' && holder.named.includes(operation)
  return !done && !holder.abandoned.includes(operation)
}

/** 409 `CI.NAME_TAKEN` that names the other CI. */
export function nameTaken({
  class: ofClass,
  name,
  ci,
}: {
  class: string
  name: string
  ci: string
}): Refused {
  return new Refused(
    'CI.NAME_TAKEN',
    `${ci} is the ${ofClass} named "${name}": change that one, choose another name, or retire it first.`,
    { ci },
  )
}
