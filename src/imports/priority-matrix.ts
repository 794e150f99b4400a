import { derivedId, LOG_START, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import { PublishPriorityMatrix } from '../settings/domain/settings.commands.js'
import type { PriorityMatrix, PriorityMatrixPublished } from '../settings/domain/settings.events.js'
import { MAX_TRIES, settled } from './appends.js'
import { type ImportContext, runMetadata } from './import-context.js'
import { newEvents } from './import-events.js'
import type { ImportFacts } from './import-facts.js'

type Published = RecordedEvent<PriorityMatrixPublished>

/**
 * Sees to it that the source's matrix stands among the versions.
 * @param since time of the source's first row: from then on it derived its priorities so
 * @returns the version that is equal to it, how many events that took, and which version it took the place of (0: the built-in one; null: it
 * was there)
 * @throws InvalidInput `SETTINGS.MATRIX_MALFORMED`
 */
export async function publishMatrix(
  context: ImportContext,
  facts: ImportFacts,
  matrix: PriorityMatrix,
  since: string,
): Promise<{ version: number; events: number; replaced: number | null }> {
  const { store, rules, actor, dryRun } = context
  const decider = rules.priorityMatrix
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const command = new PublishPriorityMatrix(
      { matrix },
      runMetadata(context, derivedId('import-matrix', store.logId, context.run, attempt), since),
    )
    const stream = decider.streamPrefix + command.id
    const versions = (await store.readStream(stream)) as Published[]
    const equal = versions.find(({ data }) => contentOf(data.matrix) === contentOf(matrix))
    if (equal) return { version: equal.data.version, events: 0, replaced: null }
    const inForce = versions.reduce((state, event) => decider.evolve(state, event), decider.initial)
    const decided = decider.decide(command, inForce, await facts.of(decider, command, inForce))
    const version = decided[0]!.data.version
    const published = { version, events: 1, replaced: inForce.version }
    const events = newEvents(decided, stream, command.metadata, actor.grant)
    if (dryRun) {
      const place = { stream, revision: versions.length, position: LOG_START }
      const metadata = { ...events[0]!.metadata, recordedAt: since }
      facts.assume({ ...events[0]!, ...place, metadata })
      return published
    }
    const expectedRevision = versions.length === 0 ? 'noStream' : versions.length - 1
    const outcome = await settled(() => store.append({ stream, expectedRevision, events }))
    if (outcome.kind !== 'conflict') return published
  }
  throw new Unavailable('IMPORT.MATRIX_BUSY', 'Others keep publishing priority matrices: try again later.')
}

function contentOf({ impacts, urgencies, priorities, cells }: PriorityMatrix): string {
  return JSON.stringify([impacts, urgencies, priorities, cells])
}
