import { namedBefore } from '#libs/duplicates'
import { InvalidInput, Refused } from '#libs/event-sourcing'
import type { HoldReason } from '../../settings/domain/settings.events.js'
import type {
  ActivateIncident,
  Cancel,
  Close,
  Hold,
  MergeDuplicate,
  RemindCaller,
  Reopen,
  Resolve,
  Resume,
  StartWork,
} from './incident.commands.js'
import type { CallerWait, Hold as HoldData, IncidentEvent, Link } from './incident.events.js'
import type { IncidentFacts } from './incident.facts.js'
import { daysAfter, instant, requireDue, requireStep, requireText } from './incident.guards.js'
import { type Incident, isOpened } from './incident.state.js'

export function startWork(_: StartWork, incident: Incident): readonly IncidentEvent[] {
  if (incident.state === 'In Progress') return []
  requireStep('startWork', incident)
  return [{ type: 'WorkStarted', data: {} }]
}

export function hold(
  { data, metadata: { occurredAt } }: Hold,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  if (incident.hold === null) requireStep('hold', incident)
  const reason = reasonOf(data.reason, facts)
  if (reason.commentRequired) requireText({ comment: data.comment })
  const wanted: HoldData = {
    reason: reason.code,
    comment: data.comment,
    until: untilLater(data.until, occurredAt),
  }
  const previous = incident.hold?.hold
  if (previous && sameHold(previous, wanted)) return []
  const rest = {
    hold: wanted,
    listVersion: facts.holdReasons.value.version,
    ...callerWait(reason, occurredAt, facts),
  }
  return previous
    ? [{ type: 'HoldReasonChanged', data: { previous, ...rest } }]
    : [{ type: 'IncidentHeld', data: rest }]
}

/** Over HTTP the field is `holdReason`: `reason` says why somebody writes. */
function reasonOf(code: string, { holdReasons }: IncidentFacts): HoldReason {
  const { reasons } = holdReasons.value
  const reason = reasons.find((candidate) => candidate.code === code)
  if (reason) return reason
  const known = reasons.map((candidate) => candidate.code).join(', ')
  throw new InvalidInput('INCIDENT.HOLD_REASON_UNKNOWN', `"${code}" is no reason to hold: use ${known}.`, [
    { pointer: '/holdReason', message: `must be one of ${known}` },
  ])
}

function untilLater(until: string | undefined, now: string): string | undefined {
  if (until === undefined) return undefined
  const end = instant(until, '/until')
  if (end > now) return end
  throw new InvalidInput('INCIDENT.HOLD_UNTIL_PAST', 'A hold ends later than now: give a time to come.', [
    { pointer: '/until', message: 'must be in the future' },
  ])
}

export function sameHold(a: HoldData, b: HoldData): boolean {
  return a.reason === b.reason && a.comment === b.comment && a.until === b.until
}

function callerWait(
  reason: Pick<HoldReason, 'awaitsCaller'>,
  since: string,
  { settings }: IncidentFacts,
): CallerWait {
  const { awaitsCaller } = reason
  const remindAt = awaitsCaller ? daysAfter(since, settings.value.settings.remindCallerAfterDays) : undefined
  return { awaitsCaller, remindAt, settingsVersion: settings.value.version }
}

export function resume(
  { data: { cause }, metadata: { occurredAt } }: Resume,
  incident: Incident,
): readonly IncidentEvent[] {
  requireStep('resume', incident)
  if (cause === 'hold-expired') requireDue(incident.hold?.hold.until, occurredAt)
  return [{ type: 'IncidentResumed', data: { cause: cause ?? 'agent' } }]
}

export function remindCaller(
  { metadata: { occurredAt } }: RemindCaller,
  incident: Incident,
  { settings: { value } }: IncidentFacts,
): readonly IncidentEvent[] {
  requireStep('resume', incident)
  requireDue(incident.hold?.remindAt, occurredAt)
  return [
    {
      type: 'CallerReminded',
      data: {
        count: (incident.hold?.reminders ?? 0) + 1,
        resolveAt: daysAfter(occurredAt, value.settings.resolveSilentAfterDays),
        settingsVersion: value.version,
      },
    },
  ]
}

export function resolve(
  { data, metadata: { occurredAt, actor } }: Resolve,
  incident: Incident,
  { settings: { value } }: IncidentFacts,
): readonly IncidentEvent[] {
  const { code, notes, cause } = data
  requireText({ code, notes })
  if (isResolvedAs(incident, data)) return []
  requireStep('resolve', incident)
  if (cause === 'silent-caller') requireDue(incident.hold?.resolveAt, occurredAt)
  return [
    {
      type: 'IncidentResolved',
      data: {
        code,
        notes,
        resolvedBy: actor,
        serviceRestoredAt: restoredAt(data.serviceRestoredAt, incident, occurredAt),
        cause,
        autoCloseAt: daysAfter(occurredAt, value.settings.autoCloseAfterDays),
        settingsVersion: value.version,
      },
    },
  ]
}

function isResolvedAs({ state, resolution }: Incident, { code, notes }: Resolve['data']): boolean {
  return state === 'Resolved' && resolution?.code === code && resolution.notes === notes
}

function restoredAt(text: string | undefined, incident: Incident, now: string): string | undefined {
  if (text === undefined) return undefined
  const at = instant(text, '/serviceRestoredAt')
  const earliest = incident.fields.detectedAt ?? incident.openedAt
  if (at >= earliest && at <= now) return at
  throw new InvalidInput(
    'INCIDENT.RESTORED_AT_IMPLAUSIBLE',
    `The service was restored between ${earliest} (detected or opened) and now: correct the time, or when it was detected.`,
    [{ pointer: '/serviceRestoredAt', message: 'must lie between detection and now' }],
  )
}

export function reopen(
  { id, metadata }: Reopen,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireStep('reopen', incident)
  requireInTime(id, metadata, incident, facts)
  const { state: from, reopenCount } = incident
  return [{ type: 'IncidentReopened', data: { from, to: 'In Progress', count: reopenCount + 1 } }]
}

/** Binds those whose incident it is: what comes back late is often another trouble. Who works at the desk may judge that. */
function requireInTime(
  id: string | undefined,
  { actor, onBehalfOf, occurredAt }: Reopen['metadata'],
  { fields: { caller, affectedUser }, resolvedAt }: Incident,
  { settings: { value } }: IncidentFacts,
): void {
  const days = value.settings.reopenWithinDays ?? null
  const theirs = [caller, affectedUser].some(
    (person) => person !== undefined && [actor, onBehalfOf].includes(person),
  )
  const end = resolvedAt === null ? undefined : daysAfter(resolvedAt, days)
  if (!theirs || end === undefined || occurredAt <= end) return
  throw new Refused(
    'INCIDENT.REOPEN_TOO_LATE',
    `It was resolved more than ${days} days ago: open a new incident and name ${id} in it.`,
    { reopenUntil: end, links: { open: '/incidents', previous: `/incidents/${id}` } },
  )
}

export function close(
  { data, metadata: { actor, occurredAt } }: Close,
  incident: Incident,
): readonly IncidentEvent[] {
  if (incident.state === 'Closed') return []
  requireStep('close', incident)
  if (data.cause === 'auto-close') requireDue(incident.autoCloseAt, occurredAt)
  const cause = data.cause ?? (actor === incident.fields.caller ? 'caller' : 'agent')
  return [{ type: 'IncidentClosed', data: { cause } }]
}

export function cancel({ data: { code, notes } }: Cancel, incident: Incident): readonly IncidentEvent[] {
  requireText({ code })
  if (incident.canceledAs === code) return []
  requireStep('cancel', incident)
  return [{ type: 'IncidentCanceled', data: { code, notes: notes ?? null } }]
}

export function mergeDuplicate(
  { id, data: { survivor }, metadata: { occurredAt } }: MergeDuplicate,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  if (incident.mergedInto === survivor) return []
  requireStep('cancel', incident)
  if (survivor === id) throw badSurvivor('INCIDENT.MERGE_INTO_ITSELF', 'is the incident itself')
  requireSurvivor(facts)
  if (namedBefore(facts.survivorNamed.value, facts.named.value, occurredAt))
    throw new Refused(
      'INCIDENT.SURVIVOR_MERGING',
      'Somebody is merging the survivor just now: look at it again, then merge into the one that goes on.',
      { survivor },
    )
  const link: Link = { relation: 'duplicate-of', targetType: 'incident', target: survivor }
  const { watchers, fields } = incident
  return [
    { type: 'LinkAdded', data: { link } },
    { type: 'IncidentMerged', data: { survivor, caller: fields.caller ?? null, watchers } },
  ]
}

function requireSurvivor({ survivor: { value } }: IncidentFacts): void {
  if (!isOpened(value)) throw unknownSurvivor()
  if (value.mergedInto !== null) {
    throw new Refused(
      'INCIDENT.SURVIVOR_MERGED',
      `The survivor was itself merged into ${value.mergedInto}: merge into that one.`,
      { survivor: value.mergedInto },
    )
  }
  if (value.state === 'Canceled') {
    throw new Refused('INCIDENT.SURVIVOR_CANCELED', 'The survivor was canceled: choose one that goes on.')
  }
}

/** There is none of that number, or none that the actor may know of. */
export function unknownSurvivor(): InvalidInput {
  return badSurvivor('INCIDENT.SURVIVOR_UNKNOWN', 'is no incident, or none that you may see')
}

function badSurvivor(code: string, message: string): InvalidInput {
  return new InvalidInput(code, 'Give the number of another incident, which goes on.', [
    { pointer: '/survivor', message },
  ])
}

/** Arms what was not armed by the import, due no earlier than now; finished records have nothing to arm. */
export function activateIncident(
  { data: { run }, metadata: { occurredAt } }: ActivateIncident,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const { source, state, hold: held, resolvedAt } = incident
  const finished = state === 'Closed' || state === 'Canceled'
  if (source === null || source.activatedBy === run || finished) return []
  const { settings, version } = facts.settings.value
  const noEarlier = (at: string | undefined) => (at !== undefined && at < occurredAt ? occurredAt : at)
  const reason = facts.holdReasons.value.reasons.find(({ code }) => code === held?.hold.reason)
  const wait = held && callerWait(reason ?? { awaitsCaller: false }, held.since, facts)
  return [
    {
      type: 'IncidentActivated',
      data: {
        run,
        autoCloseAt:
          state === 'Resolved' && resolvedAt !== null
            ? noEarlier(daysAfter(resolvedAt, settings.autoCloseAfterDays))
            : undefined,
        until: noEarlier(held?.hold.until),
        ...wait,
        remindAt: noEarlier(wait?.remindAt),
        settingsVersion: version,
      },
    },
  ]
}
