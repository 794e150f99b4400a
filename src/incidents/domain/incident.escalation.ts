import { Refused } from '#libs/event-sourcing'
import type { EscalationRule } from '../../settings/domain/settings.events.js'
import { toGroup } from './incident.assignment.js'
import type { EscalateByRule } from './incident.commands.js'
import type { AppliedRule, IncidentEvent } from './incident.events.js'
import type { EscalationRules, IncidentFacts } from './incident.facts.js'
import { minutesAfter, requireDue, requireOpen } from './incident.guards.js'
import { firstPage } from './incident.on-call.js'
import type { Incident } from './incident.state.js'

/**
 * Escalation by rules. Which rules wait for an incident, and until when, stands in its stream (`EscalationsScheduled`), put
 * there with whatever changed it; a policy only waits, and it is decided again when the time has come.
 */

type Due = Incident['escalations']['due']

/**
 * What waits for the incident by these rules. Each deed of an assignee would move the rules that count from his latest:
 * an earlier time stands, and when it has come the age is looked at anew.
 */
export function scheduleOf(incident: Incident, rules: readonly EscalationRule[], standing: Due): Due {
  return rules.flatMap((rule) => {
    const at = dueAt(incident, rule)
    if (at === undefined) return []
    const known = standing.find((entry) => entry.rule === rule.name)?.at
    const stands = rule.since === 'assignee-update' && known !== undefined && known < at
    return [{ rule: rule.name, at: stands ? known : at }]
  })
}

/** When a rule acts on the incident as it is (ISO 8601); undefined: it does not, or has done so already. */
function dueAt(incident: Incident, rule: EscalationRule): string | undefined {
  if (!fits(rule, incident)) return undefined
  const since = beginningOf(rule.since, incident)
  if (since === undefined) return undefined
  const countsFrom = (begun: string) => (deed: { at: string; priority: number | null }) =>
    deed.at >= begun && (rule.when.priorities === undefined || deed.priority === incident.priority)
  // Its own move, or that of another rule, begins no age in which it would act once more: two would never stop.
  const counts = countsFrom(rule.since === 'assigned' ? incident.assignedByPeopleAt : since)
  if (incident.escalations.done.some((entry) => entry.rule === rule.name && counts(entry))) return undefined
  if (rule.action.kind === 'on-call') {
    // Nobody is taken off a call that has no answer yet: the rule waits for that.
    if (incident.paging !== null || calledAnyway(incident, rule.action.group, countsFrom(since)))
      return undefined
  }
  return minutesAfter(since, rule.afterMinutes)
}

/** Whoever has been asked by a person, or by another rule, is not asked once more. */
function calledAnyway(
  { lastCall, group }: Incident,
  wanted: string | undefined,
  counts: (call: NonNullable<Incident['lastCall']>) => boolean,
): boolean {
  return lastCall !== null && lastCall.group === (wanted ?? group) && counts(lastCall)
}

function fits({ when, action }: EscalationRule, incident: Incident): boolean {
  const { state, priority, group, fields } = incident
  if (state !== 'New' && state !== 'In Progress' && state !== 'On Hold') return false
  // What an import brought is left alone until it is activated.
  if (incident.source !== null && incident.source.activatedBy === null) return false
  if (action.kind === 'functional' && action.group === group) return false
  return (
    (when.states === undefined || when.states.includes(state)) &&
    (when.priorities === undefined || (priority !== null && when.priorities.includes(priority))) &&
    (when.group === undefined || when.group === group) &&
    (when.category === undefined || when.category === fields.category)
  )
}

function beginningOf(since: EscalationRule['since'], incident: Incident): string | undefined {
  switch (since) {
    case 'opened':
      return incident.openedAt
    case 'assigned':
      return incident.group === null && incident.assignee === null ? undefined : incident.assignedAt
    case 'assignee-update':
      return incident.assignee === null ? undefined : (incident.assigneeActedAt ?? incident.assignedAt)
  }
}

/** The new schedule as an event; none when it is as it was. */
export function rescheduled(
  incident: Incident,
  { version, rules }: EscalationRules,
  standing: Due = incident.escalations.due,
): readonly IncidentEvent[] {
  const due = scheduleOf(incident, rules, standing)
  return sameDue(due, incident.escalations.due)
    ? []
    : [{ type: 'EscalationsScheduled', data: { rulesVersion: version, due } }]
}

function sameDue(a: Due, b: Due): boolean {
  return (
    a.length === b.length && a.every(({ rule, at }, index) => rule === b[index]?.rule && at === b[index]?.at)
  )
}

export function escalateByRule(
  { data: { rule: applied }, metadata: { occurredAt } }: EscalateByRule,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireOpen(incident)
  const rule = ruleOf(applied, facts)
  const waits = incident.escalations.due.some((entry) => entry.rule === applied.name)
  const at = rule && waits ? dueAt(incident, rule) : undefined
  if (at !== undefined && at > occurredAt) {
    // He has done something since: the age that counts is another now.
    const others = incident.escalations.due.filter((entry) => entry.rule !== applied.name)
    return rescheduled(incident, facts.escalationRules.value, others)
  }
  requireDue(at, occurredAt)
  return actionsOf(rule as EscalationRule, applied, incident, facts, occurredAt)
}

function ruleOf({ version, name }: AppliedRule, facts: IncidentFacts): EscalationRule | undefined {
  return facts.escalationRules.value.versions.get(version)?.find((rule) => rule.name === name)
}

function actionsOf(
  { action }: EscalationRule,
  rule: AppliedRule,
  incident: Incident,
  facts: IncidentFacts,
  now: string,
): readonly IncidentEvent[] {
  switch (action.kind) {
    case 'functional': {
      const { group } = action
      return [
        { type: 'IncidentEscalated', data: { kind: 'functional', group, rule } },
        toGroup(group, incident),
      ]
    }
    case 'hierarchical': {
      const informed = action.informed ?? (incident.group && facts.group.value.manager)
      if (informed) return [{ type: 'IncidentEscalated', data: { kind: 'hierarchical', informed, rule } }]
      throw new Refused('INCIDENT.MANAGER_UNKNOWN', 'No group with a manager has it: nobody can be informed.')
    }
    case 'on-call': {
      const group = action.group ?? incident.group
      if (group === null) throw new Refused('INCIDENT.GROUP_NEEDED', 'No group has it: nobody can be asked.')
      return firstPage(group, now, facts, rule)
    }
  }
}
