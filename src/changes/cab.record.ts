import type { Role } from '#libs/access'
import { onlyFor, type RecordType } from '#libs/command-handling'
import type { NumberSeries } from '#libs/event-store'
import { maySeeChange } from './change.record.js'
import type { CabCommand } from './domain/cab.commands.js'
import { type CabFacts, type CabMeeting, cabDecider, unknownOnAgenda } from './domain/cab.decider.js'
import type { CabEvent } from './domain/cab.events.js'
import { isOpened } from './domain/change.state.js'

/** Who runs the board. */
export const CAB_RUNNERS: readonly Role[] = ['change-manager']

/** `CAB0000001` and on; more digits when seven no longer do. */
export const cabNumbers: NumberSeries = {
  streamPrefix: cabDecider.streamPrefix,
  format: (n) => `CAB${String(n).padStart(7, '0')}`,
}

export const cabRecords: RecordType<CabMeeting, CabCommand, CabEvent, CabFacts> = {
  decider: cabDecider,
  numbers: cabNumbers,
  rights: onlyFor(CAB_RUNNERS, 'CAB.FORBIDDEN'),
  factRights(principal, command, { change }) {
    if (command.type === 'AddToCabAgenda' && isOpened(change.value) && !maySeeChange(principal, change.value))
      throw unknownOnAgenda(command.data.change)
  },
}
