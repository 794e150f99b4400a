import {
  Command,
  type Decider,
  derivedId,
  InvalidInput,
  type RecordedEvent,
  Refused,
} from '#libs/event-sourcing'
import { isName } from './ci.guards.js'
import type { BaselineTaken } from './configuration.events.js'

/** Names a point on both time axes. */
export class TakeBaseline extends Command<
  'TakeBaseline',
  { name: string; validAt: string; asOf: string; enteredAt: string }
> {
  readonly type = 'TakeBaseline'
}

/** Null: no baseline has this id. */
export type Baseline = BaselineTaken['data'] | null

/** One baseline for a name, for ever: whatever relies on it finds the same point. */
export function baselineId(name: string): string {
  return derivedId('baseline', name)
}

export const baselineDecider: Decider<Baseline, TakeBaseline, BaselineTaken> = {
  streamPrefix: 'baseline-',
  initial: null,
  evolve: (baseline, event: RecordedEvent<BaselineTaken>) =>
    event.type === 'BaselineTaken' ? event.data : baseline,
  decide({ data: { name, validAt, asOf, enteredAt } }, baseline) {
    if (!isName(name)) {
      throw new InvalidInput('BASELINE.NAME_MALFORMED', 'Give a name without blanks at either end.', [
        { pointer: '/name', message: 'is no usable name' },
      ])
    }
    if (validAt > enteredAt) {
      throw new InvalidInput('BASELINE.IN_THE_FUTURE', 'A baseline is taken of what is there.', [
        { pointer: '/validAt', message: 'lies in the future' },
      ])
    }
    if (baseline === null) return [{ type: 'BaselineTaken', data: { name, validAt, asOf } }]
    if (baseline.validAt === validAt && baseline.asOf === asOf) return []
    throw new Refused('BASELINE.NAME_TAKEN', `There is a baseline "${name}": choose another name.`)
  },
}
