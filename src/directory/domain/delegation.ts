import {
  derivedId,
  type Fact,
  type FieldError,
  InvalidInput,
  NotFound,
  Refused,
  type StreamFold,
} from '#libs/event-sourcing'
import type { DelegationGranted, PersonEvent } from './directory.events.js'
import type { GrantDelegation, RevokeDelegation } from './person.commands.js'

export type Delegation = DelegationGranted['data'] & { readonly revoked: boolean }
export type Delegations = ReadonlyMap<string, Delegation>

/** A year: who is away for longer has left. */
const LONGEST_MS = 366 * 86_400_000

export type DelegateStanding = 'unknown' | 'active' | 'inactive' | 'a program'
/** Whether somebody can act for another. */
export const delegateStanding: StreamFold<DelegateStanding, PersonEvent> = {
  initial: 'unknown',
  evolve(standing, event) {
    switch (event.type) {
      case 'PersonRegistered':
        return event.data.kind === 'service' ? 'a program' : 'active'
      case 'PersonDeactivated':
        return standing === 'a program' ? standing : 'inactive'
      case 'PersonReactivated':
        return standing === 'a program' ? standing : 'active'
      default:
        return standing
    }
  },
}

/**
 * She says who answers for her while she is away. What the same two have already agreed upon for all of that time is no
 * event.
 * @throws InvalidInput `DIRECTORY.DELEGATION_MALFORMED`; Refused `DIRECTORY.PERSON_INACTIVE`
 */
export function grantDelegation(
  { id, data, metadata: { occurredAt, commandId } }: GrantDelegation,
  delegations: Delegations,
  delegate: Fact<DelegateStanding>,
): readonly DelegationGranted[] {
  const { to, scope } = data
  const from = canonical(data.from ?? occurredAt)
  const until = canonical(data.until)
  refuseMalformed({ id, to, from, until, now: occurredAt, standing: delegate.value })
  if (delegate.value === 'inactive')
    throw new Refused('DIRECTORY.PERSON_INACTIVE', `"${to}" is deactivated: name somebody who is active`)
  const known = [...delegations.values()].some(
    (other) =>
      !other.revoked &&
      other.to === to &&
      other.scope === scope &&
      other.until >= until &&
      (other.from <= from || (data.from === undefined && other.from <= occurredAt)),
  )
  if (known) return []
  return [
    {
      type: 'DelegationGranted',
      data: { delegationId: derivedId('delegation', commandId), to, from, until, scope },
    },
  ]
}

interface Wish {
  id: string | undefined
  to: string
  from: string
  until: string
  now: string
  standing: DelegateStanding
}

function refuseMalformed({ id, to, from, until, now, standing }: Wish): void {
  const errors: FieldError[] = []
  const wrong = (pointer: string, message: string) => errors.push({ pointer, message })
  if (to === id) wrong('/to', 'is the person herself')
  else if (standing === 'unknown') wrong('/to', `the directory knows no "${to}"`)
  else if (standing === 'a program') wrong('/to', 'is a program: people answer for people')
  if (from === '') wrong('/from', 'must be an ISO 8601 time')
  // What was answered meanwhile was answered without it.
  else if (from < now) wrong('/from', 'must not be in the past: leave it out to begin now')
  if (until === '') wrong('/until', 'must be an ISO 8601 time')
  else if (until <= from) wrong('/until', 'must be in the future, and later than "from"')
  else if (from !== '' && Date.parse(until) - Date.parse(from) > LONGEST_MS)
    wrong('/until', 'must be within a year')
  if (errors.length === 0) return
  throw new InvalidInput('DIRECTORY.DELEGATION_MALFORMED', 'The delegation is not well formed', errors)
}

/** @throws NotFound `DIRECTORY.DELEGATION_UNKNOWN` */
export function revokeDelegation(
  { id, data: { delegationId } }: RevokeDelegation,
  delegations: Delegations,
): readonly PersonEvent[] {
  const delegation = delegations.get(delegationId)
  if (delegation === undefined)
    throw new NotFound('DIRECTORY.DELEGATION_UNKNOWN', `"${id}" has no delegation ${delegationId}`)
  return delegation.revoked ? [] : [{ type: 'DelegationRevoked', data: { delegationId, to: delegation.to } }]
}

/** One form, so that times compare as text; empty for what is no time. */
function canonical(time: string): string {
  const milliseconds = Date.parse(time)
  return Number.isNaN(milliseconds) ? '' : new Date(milliseconds).toISOString()
}
