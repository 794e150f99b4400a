import type { Principal } from '#libs/access'
import { NotFound, type RecordedEvent, Refused } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { canSee } from '#projections/access'
import { foldChangeDetails } from '#projections/changes/changes'
import { requireKnown } from '../../http/time-point.js'

export interface ImplementationAsked {
  principal: Principal
  number: string
  minPosition?: string
}

/** When a change was implemented, and on what. */
export interface Implementation {
  number: string
  title: string
  /** Valid times; without an end: it lasts. */
  startedAt: string
  endedAt?: string
  outcome?: string
  cis: readonly string[]
  /** Incidents that people say it has caused. */
  declared: readonly string[]
}

/**
 * @throws NotFound `CHANGE.UNKNOWN`, also when the principal may not see it; Refused `CHANGE.NOT_IMPLEMENTED`. Of a source's commit is
 * told when it was made, and no more.
 */
export async function readImplementation(
  { principal, number, minPosition }: ImplementationAsked,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  if (minPosition !== undefined) await requireKnown(eventStore, minPosition, 'minPosition')
  const events = (await eventStore.readStream(`change-${number}`)) as RecordedEvent[]
  const { details } = foldChangeDetails(events)
  if (!details || !canSee(principal, details))
    throw new NotFound('CHANGE.UNKNOWN', `There is no change ${number}, or none that you may see`)
  const { title, type, openedAt, affectedCis, outcome, links = [] } = details
  const isCommit = type === 'configuration-commit'
  const startedAt = details.startedAt ?? (isCommit ? openedAt : undefined)
  if (startedAt === undefined)
    throw new Refused(
      'CHANGE.NOT_IMPLEMENTED',
      `${number} was not implemented, so that nothing can have followed from it: ask again once its implementation has begun`,
    )
  const caused = links.filter(
    ({ relation, targetType }) => relation === 'caused' && targetType === 'incident',
  )
  const implementation: Implementation = {
    number,
    title,
    startedAt,
    endedAt: details.endedAt ?? (isCommit ? startedAt : undefined),
    outcome,
    cis: affectedCis,
    declared: caused.map(({ target }) => target),
  }
  return { json: JSON.stringify(implementation), position: events.at(-1)!.position }
}
