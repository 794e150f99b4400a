import { laterPosition, NotFound, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import { type AskedTimePoint, settleTimePoint, type TimePoint } from '../../http/time-point.js'

/** `change:CHG0000339`, or `change:339` for short. */
const BY_CHANGE = /^change:(.+)$/
/** Of the numbers of changes, when only their figures are said. */
const DIGITS = 7

/**
 * Settles a point of both axes, where the system axis may also be told by a change: `asOf` `change:<number>` is the position of
 * the event that closed it, or of the last value that was written in its name when that came later.
 * @throws InvalidInput as {@link settleTimePoint}; NotFound `CHANGE.UNKNOWN`, `CHANGE.NOT_CLOSED`
 */
export async function settleConfigurationPoint(
  store: EventStore,
  { validAt, asOf }: AskedTimePoint,
): Promise<TimePoint> {
  const change = asOf === undefined ? undefined : BY_CHANGE.exec(asOf)?.[1]
  if (change === undefined) return settleTimePoint(store, { validAt, asOf })
  const now = await settleTimePoint(store, { validAt })
  return { ...now, asOf: await closedAt(store, numberOf(change)) }
}

function numberOf(change: string): string {
  return /^\d+$/.test(change) ? `CHG${change.padStart(DIGITS, '0')}` : change
}

async function closedAt(store: EventStore, number: string): Promise<Position> {
  const events = (await store.readStream(`change-${number}`)) as RecordedEvent<ChangeEvent>[]
  const closing = events.find(closes)
  if (closing) return laterPosition(closing.position, await lastWritten(store, number, events))
  const place = (message: string) => ({ errors: [{ pointer: 'asOf', message }] })
  if (events.length === 0)
    throw new NotFound('CHANGE.UNKNOWN', `There is no change ${number}`, place('name a change that there is'))
  const message = `${number} is not closed: what it leaves behind is not settled yet`
  throw new NotFound(
    'CHANGE.NOT_CLOSED',
    message,
    place('name a change that is closed, a position, or a time'),
  )
}

/** What a change proposes is written after its implementation ended, by a policy: it may have been closed by then. */
async function lastWritten(
  store: EventStore,
  number: string,
  events: readonly RecordedEvent<ChangeEvent>[],
): Promise<Position | undefined> {
  let last: Position | undefined
  for (const event of events) {
    if (event.type !== 'ProposedValuesReleased') continue
    const ofItem = (await store.readStream(`ci-${event.data.ci}`)) as readonly RecordedEvent[]
    const written = ofItem.findLast(({ data }) => (data as { change?: string }).change === number)
    if (written) last = laterPosition(written.position, last)
  }
  return last
}

function closes({ type, data }: ChangeEvent): boolean {
  return type === 'ChangeClosed' || (type === 'ChangeStateObserved' && data.to === 'Closed')
}
