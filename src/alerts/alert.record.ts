import { grantFor, isSystemId, type Principal } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { derivedId, Forbidden } from '#libs/event-sourcing'
import type { AlertCommand } from './domain/alert.commands.js'
import { alertDecider } from './domain/alert.decider.js'
import type { AlertEvent } from './domain/alert.events.js'
import type { AlertFacts } from './domain/alert.facts.js'
import type { AlertRecord } from './domain/alert.state.js'

export const alertRecords: RecordType<AlertRecord, AlertCommand, AlertEvent, AlertFacts> = {
  decider: alertDecider,
  rights: grantToDo,
}

/** One alert for each key of a source, for ever. */
export function alertId(source: string, key: string): string {
  return derivedId('alert', source, key)
}

/** Programs bring alerts; what follows from them, the program itself does. */
function grantToDo(principal: Principal, { type }: AlertCommand): string | undefined {
  if (isSystemId(principal.id)) return undefined
  const grant = type === 'ReceiveAlert' ? grantFor(principal, ['service']) : undefined
  if (grant !== undefined) return grant
  throw new Forbidden(
    'ALERT.FORBIDDEN',
    type === 'ReceiveAlert' ? `${type} needs the role service` : `${type} is done by the program itself`,
  )
}
