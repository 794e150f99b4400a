import { InvalidInput, Refused } from '#libs/event-sourcing'
import { FollowParent, type JoinParent, type LinkParent, type UnlinkParent } from './incident.commands.js'
import type { IncidentEvent, ParentUnlinked } from './incident.events.js'
import { ancestor, type IncidentFacts, MOST_ANCESTORS } from './incident.facts.js'
import { daysAfter, requireUnfinished } from './incident.guards.js'
import { type Incident, isOpened } from './incident.state.js'

/**
 * Children follow their parent on progress, hold, resolution and reopening, not on close. A parent may have a parent in turn: what it
 * does on that one's account, its children do on its own.
 */

/** What a child waits for that its parent has put on hold; not in the list, since only the parent gives it. */
export const AWAITING_PARENT = 'awaiting-parent'

/**
 * Two incidents made each other's parents at the same moment are not noticed here, as each reads the other as it was:
 * `JoinParent`, which follows upon the link, finds that out.
 */
export function linkParent(
  { id, data: { parent } }: LinkParent,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  if (incident.parent === parent) return []
  requireUnfinished(incident)
  if (parent === id) throw badParent('INCIDENT.PARENT_ITSELF', 'is the incident itself')
  requireParent(id as string, facts)
  return [...unlinked(incident), { type: 'ParentLinked', data: { parent } }]
}

/** What waited for the parent alone goes on. `cause`: what is wrong with the parent, when no person unlinks it. */
function unlinked(
  incident: Incident,
  cause?: NonNullable<ParentUnlinked['data']['cause']>,
): readonly IncidentEvent[] {
  const { parent } = incident
  if (parent === null) return []
  return [
    { type: 'ParentUnlinked', data: cause === undefined ? { parent } : { parent, cause } },
    ...released(incident),
  ]
}

function released({ hold }: Incident): readonly IncidentEvent[] {
  return hold?.hold.reason === AWAITING_PARENT
    ? [{ type: 'IncidentResumed', data: { cause: 'parent-resumed' } }]
    : []
}

function requireParent(child: string, facts: IncidentFacts): void {
  const parent = facts[ancestor(1)]?.value
  if (parent === undefined || !isOpened(parent)) throw unknownParent()
  if (parent.state === 'Closed' || parent.state === 'Canceled') {
    throw new Refused('INCIDENT.PARENT_FINISHED', `The parent is ${parent.state}: choose one that goes on.`, {
      state: parent.state,
    })
  }
  switch (faultAbove(child, facts)) {
    case 'cycle':
      throw new Refused(
        'INCIDENT.PARENT_CYCLE',
        'The parent is itself a descendant of this incident: take it from its parent first.',
      )
    case 'too-deep':
      throw new Refused(
        'INCIDENT.PARENT_TOO_DEEP',
        `There are more than ${MOST_ANCESTORS} parents above it: link it to one further up.`,
      )
  }
}

/** What is wrong with the line of parents above a child; undefined: nothing, it has an end. */
function faultAbove(child: string, facts: IncidentFacts): 'cycle' | 'too-deep' | undefined {
  for (let level = 1; level <= MOST_ANCESTORS; level++) {
    const record = facts[ancestor(level)]?.value
    if (record === undefined || !isOpened(record) || record.parent === null) return undefined
    if (record.parent === child) return 'cycle'
  }
  return 'too-deep'
}

/**
 * What a link leads to, once it stands in the log: the child lets go of a parent that turns out to be its own descendant, as of
 * several links made at once the last one in the log, at the latest, sees all of them; and it does what its parent did before.
 */
export function joinParent(
  { id, data: { parent, at }, metadata }: JoinParent,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  if (incident.parent !== parent) return []
  const fault = faultAbove(id as string, facts)
  if (fault !== undefined) return unlinked(incident, fault)
  const above = facts[ancestor(1)]?.value
  const step = above && isOpened(above) ? stepAtRest(above) : undefined
  return step === undefined
    ? []
    : followParent(new FollowParent(id, { parent, at, ...step }, metadata), incident, facts)
}

/** What a parent at rest has done last; undefined: it is at work, or finished. */
function stepAtRest({ state, resolution }: Incident) {
  if (state === 'On Hold') return { step: 'hold' } as const
  if (state !== 'Resolved') return undefined
  return {
    step: 'resolve',
    code: resolution?.code ?? null,
    resolvedBy: resolution?.resolvedBy ?? null,
  } as const
}

/** There is none of that number, or none that the actor may know of. */
export function unknownParent(): InvalidInput {
  return badParent('INCIDENT.PARENT_UNKNOWN', 'is no incident, or none that you may see')
}

function badParent(code: string, message: string): InvalidInput {
  return new InvalidInput(code, 'Give the number of another incident, which this one follows.', [
    { pointer: '/parent', message },
  ])
}

export function unlinkParent(_: UnlinkParent, incident: Incident): readonly IncidentEvent[] {
  return unlinked(incident)
}

/**
 * A child that is finished, or waits for something of its own, stays as it is; so does one that was reopened after what its
 * parent did.
 */
export function followParent(
  command: FollowParent,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const { data } = command
  if (incident.parent !== data.parent) {
    throw new Refused('INCIDENT.NOT_ITS_CHILD', `It no longer follows ${data.parent}.`)
  }
  const { state } = incident
  if (data.step === 'comment') return saidToParent(data, state)
  if (incident.reopenedAt !== null && incident.reopenedAt >= data.at) {
    throw new Refused('INCIDENT.REOPENED_SINCE', 'It was reopened by itself since its parent did this.')
  }
  switch (data.step) {
    case 'progress':
      return state === 'New' ? [{ type: 'WorkStarted', data: {} }] : released(incident)
    case 'release':
      return released(incident)
    case 'hold':
      return state === 'New' || state === 'In Progress'
        ? [
            {
              type: 'IncidentHeld',
              data: { hold: { reason: AWAITING_PARENT }, listVersion: null, awaitsCaller: false },
            },
          ]
        : []
    case 'resolve':
      return state === 'New' || state === 'In Progress' || state === 'On Hold'
        ? [resolvedWithParent(command, data, facts)]
        : []
    case 'reopen':
      return reopenedWithParent(data.parent, incident)
  }
}

/**
 * One step down: whoever speaks to the children's callers has those in mind, not whatever follows them in turn, and parents
 * that were made each other's at the same moment would never stop telling each other.
 */
function saidToParent(
  { parent, text }: Extract<FollowParent['data'], { step: 'comment' }>,
  state: Incident['state'],
): readonly IncidentEvent[] {
  if (state === 'Closed' || state === 'Canceled') return []
  return [{ type: 'CommentAdded', data: { text, ofParent: parent } }]
}

/** What was resolved for a reason of its own stays so; what was closed meanwhile never opens again. */
function reopenedWithParent(
  parent: string,
  { state: from, resolvedWith, reopenCount }: Incident,
): readonly IncidentEvent[] {
  if (from !== 'Resolved' || resolvedWith !== parent) return []
  const count = reopenCount + 1
  return [{ type: 'IncidentReopened', data: { from, to: 'In Progress', count, cause: 'parent-reopened' } }]
}

/** The parent's notes are for its own caller: others are told its number. */
function resolvedWithParent(
  { metadata: { occurredAt } }: FollowParent,
  { parent, code, resolvedBy }: Extract<FollowParent['data'], { step: 'resolve' }>,
  { settings: { value } }: IncidentFacts,
): IncidentEvent {
  return {
    type: 'IncidentResolved',
    data: {
      code,
      notes: `Resolved together with ${parent}.`,
      resolvedBy,
      cause: 'parent-resolved',
      autoCloseAt: daysAfter(occurredAt, value.settings.autoCloseAfterDays),
      settingsVersion: value.version,
    },
  }
}
