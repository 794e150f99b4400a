import { LOG_START, type Position } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { CollectionSchema, ProjectionWriter } from '#libs/read-store'
import type { PolicyStart } from './policy-feed.js'

/** Keeps metadata of a stream in the log's store. */
export type RememberMetadata = (stream: string, metadata: Record<string, unknown>) => Promise<void>

/**
 * What the log's store remembers of a policy, in the metadata of the stream `policy-<name>`, so that a lost read store
 * does not make the policy new again. `begun`: a build has been made, and whatever came before the next one was done.
 */
interface RememberedStart {
  startedAfter?: Position
  begun?: boolean
  /** What a build that stayed behind has handled, when the log came here from another store: for the first build here. */
  handledUpTo?: Position
}

const START = 'start'

export const startSchema: CollectionSchema = { name: START, columns: {}, indexes: [] }

/**
 * From where on a build of a policy acts; decided once for each build. A policy that nobody knows starts at the end of
 * the log. A build after the first causes no commands for what the one before it has handled.
 * @param handledUpTo what the build before has handled, where that is known
 */
export async function policyStart(
  policy: string,
  writer: ProjectionWriter,
  eventStore: EventStore,
  remember: RememberMetadata,
  handledUpTo?: Position,
): Promise<PolicyStart> {
  const stream = `policy-${policy}`
  const decided = await writer.get<PolicyStart>(START, START)
  const metadata: RememberedStart & Record<string, unknown> = await eventStore.getStreamMetadata(stream)
  const begin = async ({ startedAfter }: PolicyStart) => {
    if (metadata.begun && metadata.handledUpTo === undefined) return
    const { handledUpTo: _, ...kept } = metadata
    await remember(stream, { ...kept, startedAfter, begun: true })
  }
  if (decided && handledUpTo === undefined) {
    await begin(decided.document)
    return decided.document
  }
  const start = await decide(metadata, eventStore, handledUpTo ?? metadata.handledUpTo)
  // Three steps, each of which may be the last before a crash: only once the build knows its start has it begun.
  if (metadata.startedAfter === undefined)
    await remember(stream, { ...metadata, startedAfter: start.startedAfter, begun: false })
  const checkpoint = (await writer.checkpoint()) ?? {
    logId: eventStore.logId,
    position: LOG_START,
    eventId: '',
  }
  await writer.commit(
    [{ collection: START, id: START, document: start, position: start.silentUpTo }],
    checkpoint,
  )
  await begin(start)
  return start
}

async function decide(
  { startedAfter, begun }: RememberedStart,
  eventStore: EventStore,
  handledUpTo: Position | undefined,
): Promise<PolicyStart> {
  const head = await eventStore.head()
  if (startedAfter === undefined) return { startedAfter: head, silentUpTo: head }
  if (!begun) return { startedAfter, silentUpTo: startedAfter }
  const silentUpTo = handledUpTo ?? head
  return { startedAfter, silentUpTo: silentUpTo > startedAfter ? silentUpTo : startedAfter }
}
