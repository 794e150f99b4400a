import { Refused } from '#libs/event-sourcing'
import type { FollowProblem } from './incident.commands.js'
import type { IncidentEvent, Link } from './incident.events.js'
import { behindIt, type IncidentFacts } from './incident.facts.js'
import { daysAfter } from './incident.guards.js'
import { type Incident, problemsBehind, sameLink } from './incident.state.js'
import { type ProblemStep, stepsOf } from './problem-behind.js'

/** What a problem behind an incident leads to. The policy asks; each incident decides whether that makes sense where it stands. */

/** What an incident waits for that is held for its problem. */
export const AWAITING_PROBLEM = 'awaiting-problem'
/** Closing code of what was resolved by the fix of its problem. */
const PROBLEM_FIXED = 'problem-fixed'

/** The link behind which a problem stands. */
export const problemLink = (problem: string): Link => ({
  relation: 'has-problem',
  targetType: 'problem',
  target: problem,
})

/** @throws Refused `INCIDENT.NOT_ITS_PROBLEM`, `INCIDENT.RELINKED_ALREADY` */
export function followProblem(
  command: FollowProblem,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const { data } = command
  const link = problemLink(data.problem)
  if (!incident.links.some((known) => sameLink(known, link)))
    throw new Refused('INCIDENT.NOT_ITS_PROBLEM', `It is no longer linked to ${data.problem}.`)
  const { step, problem } = data
  const steps = step === 'catch-up' ? stepsOf(facts[behindIt(problem)]!.value) : [data]
  return steps.flatMap((each) => followed(command, each, incident, facts))
}

function followed(
  command: FollowProblem,
  step: ProblemStep,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const { problem } = command.data
  switch (step.step) {
    case 'workaround':
      return toldWorkaround({ problem, ...step }, incident)
    case 'resume':
      return waitsFor(problem, incident, facts) ? [RESUMED] : []
    case 'resolve':
      if (!waitsFor(problem, incident, facts)) return []
      return [outlasts(problem, incident, facts) ? RESUMED : resolvedWithProblem(command, facts)]
    case 'relink':
      return cameFrom(step.survivor, incident) && waitsFor(problem, incident, facts)
        ? [RESUMED]
        : relinked(problemLink(problem), step.survivor, incident)
  }
}

const RESUMED: IncidentEvent = { type: 'IncidentResumed', data: { cause: 'problem-ended' } }

/** Of several problems it waits until none goes on: a hold does not say which of them is meant. */
function waitsFor(problem: string, { hold, links }: Incident, facts: IncidentFacts): boolean {
  if (hold?.hold.reason !== AWAITING_PROBLEM) return false
  const others = problemsBehind(links).filter((other) => other !== problem)
  return others.every((other) => {
    const { exists, end } = facts[behindIt(other)]!.value
    return !exists || end !== null
  })
}

/** What began, or was opened again, after the fix had been applied is not cured by it: somebody is to look. */
function outlasts(
  problem: string,
  { openedAt, reopenedAt, fields: { detectedAt = openedAt } }: Incident,
  facts: IncidentFacts,
): boolean {
  const { end } = facts[behindIt(problem)]!.value
  return end !== null && (detectedAt > end.at || (reopenedAt !== null && reopenedAt > end.at))
}

/** For those who work on it; it is told each workaround once, and none that is older. */
function toldWorkaround(
  { problem, text, number }: { problem: string } & Extract<ProblemStep, { step: 'workaround' }>,
  { state, fromProblems }: Incident,
): readonly IncidentEvent[] {
  const open = state === 'New' || state === 'In Progress' || state === 'On Hold'
  if (!open || (fromProblems?.workarounds[problem] ?? 0) >= number) return []
  return [{ type: 'WorkNoteAdded', data: { text, workaroundOf: { problem, number } } }]
}

function resolvedWithProblem(
  { data: { problem }, metadata: { occurredAt } }: FollowProblem,
  { settings: { value } }: IncidentFacts,
): IncidentEvent {
  return {
    type: 'IncidentResolved',
    data: {
      code: PROBLEM_FIXED,
      notes: `Resolved because the fix of ${problem} was applied.`,
      resolvedBy: null,
      cause: 'problem-resolved',
      autoCloseAt: daysAfter(occurredAt, value.settings.autoCloseAfterDays),
      settingsVersion: value.version,
    },
  }
}

/**
 * Also what is closed: its problem goes on under another number. Two problems that were marked each other's duplicate at the same
 * moment would hand it back and forth: from one that it has left for another nobody takes it back. As neither of them goes on, it
 * waits no longer.
 */
function relinked(link: Link, survivor: string, incident: Incident): readonly IncidentEvent[] {
  if (cameFrom(survivor, incident))
    throw new Refused(
      'INCIDENT.RELINKED_ALREADY',
      `It has come from ${survivor}, which was a duplicate itself.`,
    )
  const next = problemLink(survivor)
  const known = incident.links.some((other) => sameLink(other, next))
  return [
    { type: 'LinkRemoved', data: { link, relinkedTo: survivor } },
    ...(known ? [] : [{ type: 'LinkAdded' as const, data: { link: next } }]),
  ]
}

function cameFrom(problem: string, { fromProblems }: Incident): boolean {
  return fromProblems?.duplicates.includes(problem) === true
}
