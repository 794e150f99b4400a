import type { Installation } from './running-server.js'
import { type Facts, factsOf, incidentEvents, mean, quantile, sum, tally } from './served-rows.js'

const DAY = 86_400

/** The figures of an export of closed application-support incidents, as a running server gives them. */
export async function applicationSupportFigures(installation: Installation, token: string) {
  const facts = await factsOf(installation, token)
  const events = await incidentEvents(installation, token)
  const days = facts.map(({ resolveSeconds = Number.NaN }) => resolveSeconds / DAY)
  const limit = quantile(days, 0.95)
  const usual = facts.filter((_, index) => days[index]! < limit)
  const breached = facts.filter(({ madeSla }) => madeSla === false)
  return {
    rows: sum(facts, ({ updates }) => updates),
    below95thPercentile: {
      priority: tally(usual, ({ priority }) => priority),
      tier: tally(usual, ({ customFields }) => customFields?.tier ?? 'missing'),
      contactType: tally(usual, ({ contactType }) => contactType),
      resolutionCode: tally(usual, ({ resolutionCode }) => resolutionCode),
    },
    serviceLevel: tally(facts, verdictOf),
    breachedByPriority: tally(breached, ({ priority }) => priority),
    reopened: facts.filter(({ reopensSource }) => reopensSource !== undefined).length,
    daysToResolve: { mean: mean(days), median: quantile(days, 0.5), max: Math.max(...days) },
    withArticle: events.filter(
      ({ type, data }) => type.includes('.KnowledgeApplied.') && data.article !== null,
    ).length,
    // Satisfaction has no home yet: the source's own column tells it.
    satisfaction: tally(
      events.flatMap(({ data }) => data.source?.fields.csat_score ?? []),
      (score) => score,
    ),
  }
}

function verdictOf({ madeSla }: Facts): string {
  return madeSla === undefined ? 'no verdict' : madeSla ? 'kept' : 'breached'
}
