import type { Installation } from './running-server.js'
import { factsOf, incidentEvents, mean, quantile, sum, tally } from './served-rows.js'

/** The figures of an export of closed incidents with configuration items, as a running server gives them. */
export async function bankFigures(installation: Installation, token: string) {
  const facts = await factsOf(installation, token)
  const events = await incidentEvents(installation, token)
  const hours = facts.map(({ resolveSeconds = Number.NaN }) => resolveSeconds / 3_600)
  const byItem = tally(facts, ({ primaryCi }) => primaryCi)
  const services = new Map<string, Set<string>>()
  for (const { primaryCi = '', service = '' } of facts)
    services.set(primaryCi, (services.get(primaryCi) ?? new Set()).add(service))
  const articles = events.filter(({ type }) => type.includes('.KnowledgeApplied.'))
  // Counts of related records have no home: the source's own columns tell them.
  const related = (column: string) =>
    events.filter(({ data }) => Number(data.source?.fields[column] ?? 0) > 0).length
  return {
    rows: sum(facts, ({ updates }) => updates),
    incidentsByPriority: tally(facts, ({ priority }) => priority),
    closureCodes: tally(facts, ({ resolutionCode }) => resolutionCode),
    configurationItems: Object.keys(byItem).length,
    configurationItemTypes: new Set(facts.map(({ customFields }) => customFields?.ciType)).size,
    services: new Set(facts.map(({ service }) => service)).size,
    itemsOfSeveralServices: [...services.values()].filter(({ size }) => size > 1).length,
    busiestItems: Object.fromEntries(
      Object.entries(byItem)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 3),
    ),
    articles: new Set(articles.map(({ data }) => data.article)).size,
    priorityOtherThanImpact: facts.filter(({ priority, impact }) => priority !== impact).length,
    reopened: facts.filter(({ reopensSource }) => reopensSource !== undefined).length,
    reassigned: facts.filter(({ reassignmentsSource }) => reassignmentsSource !== undefined).length,
    withRelatedChange: related('relatedChanges'),
    withRelatedIncident: related('relatedIncidents'),
    hoursToClose: { mean: mean(hours), median: quantile(hours, 0.5) },
  }
}
