import { isDeepStrictEqual } from 'node:util'
import { type CommandMetadata, type FieldError, InvalidInput, Refused } from '#libs/event-sourcing'
import { requireAttributes } from './ci.classes.js'
import type { CorrectCi } from './ci.commands.js'
import type { CiFacts } from './ci.facts.js'
import { requireName } from './ci.guards.js'
import type { Ci } from './ci.state.js'
import type { CiEvent } from './configuration.events.js'

/**
 * How it was from a time on, said later. Changes answers only for what is asked as known after it. The class version in
 * force judges the values, since the correction is a write of now.
 * @param reserved throws unless the name is reserved that the CI is to bear now
 */
export function correctCi(
  { data, metadata }: CorrectCi,
  ci: Ci,
  known: CiFacts,
  reserved: () => void,
): readonly CiEvent[] {
  const { enteredAt, ...correction } = data
  const { name, status, attributes = {}, until } = correction
  requireBackDating(metadata, enteredAt, until)
  if (name === undefined && status === undefined && Object.keys(attributes).length === 0) {
    throw new InvalidInput('CI.CORRECTION_EMPTY', 'Say what it was: give name, status or attributes.')
  }
  if (metadata.occurredAt < ci.registeredAt) {
    throw new Refused(
      'CI.NOT_THERE_YET',
      `It is registered from ${ci.registeredAt} on: a correction can't be valid before that.`,
      { registeredAt: ci.registeredAt },
    )
  }
  if (name !== undefined) requireName(name)
  requireAttributes(known.classes.value, ci.class, attributes, false)
  const last = ci.corrected
  if (last?.from === metadata.occurredAt && isDeepStrictEqual(asStored(last.data), asStored(correction)))
    return []
  reserved()
  return [{ type: 'CiCorrected', data: correction }]
}

/**
 * What is said of the past needs a reason, and lies in the past.
 * @throws InvalidInput `CI.REASON_REQUIRED`, `CI.TIMES_INVALID`
 */
export function requireBackDating(
  { occurredAt, reason }: CommandMetadata,
  enteredAt: string,
  until: string | undefined,
): void {
  if (!reason?.trim()) {
    throw new InvalidInput('CI.REASON_REQUIRED', 'Say why it is corrected.', [
      { pointer: '/reason', message: 'must not be empty' },
    ])
  }
  const errors: FieldError[] = []
  if (occurredAt > enteredAt) errors.push({ pointer: '/validFrom', message: 'lies in the future' })
  if (until !== undefined && until > enteredAt)
    errors.push({ pointer: '/until', message: 'lies in the future' })
  else if (until !== undefined && until <= occurredAt)
    errors.push({ pointer: '/until', message: 'must be later than validFrom' })
  if (errors.length === 0) return
  throw new InvalidInput('CI.TIMES_INVALID', 'A correction is about a time that has begun.', errors)
}

function asStored(data: object): unknown {
  return JSON.parse(JSON.stringify(data))
}
