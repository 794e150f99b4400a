import type { Installation } from './running-server.js'
import { factsOf, incidentEvents, mean, quantile, type ServedEvent, sum, tally } from './served-rows.js'

const DAY_IN_MILLISECONDS = 86_400_000

/** The figures of a help desk's log of activities, as a running server gives them. */
export async function helpdeskFigures(installation: Installation, token: string) {
  const facts = await factsOf(installation, token)
  const sequences = activitiesByTicket(await incidentEvents(installation, token))
  const events = sum(facts, ({ updates }) => updates)
  const eventsByActivity: Record<string, number> = {}
  for (const { rowsBySourceState = {} } of facts)
    for (const [activity, rows] of Object.entries(rowsBySourceState))
      eventsByActivity[activity] = (eventsByActivity[activity] ?? 0) + rows
  const days = facts.map(
    ({ firstRowAt, effectiveAt }) => (Date.parse(effectiveAt) - Date.parse(firstRowAt)) / DAY_IN_MILLISECONDS,
  )
  const withActivity = (activity: string, atLeast = 1) =>
    facts.filter(({ rowsBySourceState = {} }) => (rowsBySourceState[activity] ?? 0) >= atLeast).length
  return {
    tickets: facts.length,
    events,
    activities: Object.keys(eventsByActivity).length,
    eventsPerTicket: {
      mean: events / facts.length,
      max: Math.max(...facts.map(({ updates = 0 }) => updates)),
    },
    days: {
      first: facts
        .map(({ firstRowAt }) => firstRowAt)
        .sort()[0]!
        .slice(0, 10),
      last: facts
        .map(({ effectiveAt }) => effectiveAt)
        .sort()
        .at(-1)!
        .slice(0, 10),
    },
    eventsByActivity,
    variants: new Set(sequences.values()).size,
    daysFirstToLast: {
      mean: mean(days),
      median: quantile(days, 0.5),
      min: Math.min(...days),
      max: Math.max(...days),
    },
    byLastActivity: tally(facts, ({ sourceState }) => sourceState),
    resolvedMoreThanOnce: withActivity('Resolve ticket', 2),
    withWait: withActivity('Wait'),
    withRequireUpgrade: withActivity('Require upgrade'),
    byLastServiceLevel: tally(facts, ({ customFields }) => customFields?.serviceLevel),
    byLastSeriousness: tally(facts, ({ customFields }) => customFields?.seriousness),
    byLastServiceType: tally(facts, ({ category }) => category),
  }
}

/** Each row's first event carries what of the row differs from the one before, its activity among it. */
function activitiesByTicket(events: readonly ServedEvent[]): Map<string, string> {
  const last = new Map<string, string>()
  const sequences = new Map<string, string>()
  for (const { subject, data } of events) {
    if (data.source === undefined) continue
    const activity = data.source.fields.state ?? last.get(subject) ?? ''
    last.set(subject, activity)
    sequences.set(subject, `${sequences.get(subject) ?? ''}${activity}\n`)
  }
  return sequences
}
