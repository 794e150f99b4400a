import type { FactSource } from '#libs/command-handling'
import type { FieldError } from '#libs/event-sourcing'
import { MATRIX } from './domain/incident.facts.js'
import { levelErrors } from './domain/incident.priority.js'
import { OpenIncidentDto, PrioritizeDto } from './dto/incident-commands.dto.js'

/**
 * Finds levels in a request body that the priority matrix in force does not have. The decider says the same; this is for a
 * body that never gets there because something else in it is wrong, so that the caller is told everything at once.
 */
export function unknownLevels(facts: FactSource) {
  return async (dto: object, body: unknown): Promise<readonly FieldError[]> => {
    if (dto !== OpenIncidentDto && dto !== PrioritizeDto) return []
    const { impact, urgency } = (body ?? {}) as { impact?: unknown; urgency?: unknown }
    const { value } = await facts.answer(MATRIX)
    return levelErrors(value.matrix, { impact: ifNumber(impact), urgency: ifNumber(urgency) })
  }
}

/** What is no number at all is named for its form. */
function ifNumber(level: unknown): number | undefined {
  return typeof level === 'number' ? level : undefined
}
