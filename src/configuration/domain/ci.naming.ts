import type { CiCommand } from './ci.commands.js'
import { afterCorrection, bears, type CiRecord } from './ci.state.js'

/** A name among the live CIs of a class. */
export interface Naming {
  readonly class: string
  readonly name: string
}

/** The name that a CI would bear after this command and does not bear now; undefined: none. */
export function namingOf(command: CiCommand, record: CiRecord): Naming | undefined {
  const after = namedAfter(command, record)
  return after === undefined || bears(record, after) ? undefined : { class: after.class, name: after.name }
}

function namedAfter(command: CiCommand, record: CiRecord): Naming | undefined {
  if (record.standing === 'unborn') return command.type === 'RegisterCi' ? command.data : undefined
  const isLive = record.status === 'live'
  switch (command.type) {
    case 'RenameCi':
      return isLive ? { class: record.class, name: command.data.name } : undefined
    case 'ReclassifyCi':
      return isLive ? { class: command.data.class, name: record.name } : undefined
    case 'CorrectCi': {
      const after = afterCorrection(record, command.data, command.metadata.occurredAt)
      return after.status === 'live' ? after : undefined
    }
    default:
      return undefined
  }
}
