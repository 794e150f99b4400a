import { LOG_START, type Position } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { ConsumerStopped, isOfThisLog } from '#libs/projections-runtime'
import type { PartitionTail, TopicState } from './event-publisher.js'

/** How far a topic has got, by the positions that the log gives now. */
export interface TopicStanding {
  /** Up to here everything is on the topic, or was left out on purpose. */
  readonly handled: Position
  readonly tails: readonly PartitionTail[]
}

/**
 * How far a topic has got, by what it says of itself, which is held against the log. A log that was moved gave other positions
 * before: they are translated.
 * @throws ConsumerStopped `CHECKPOINT.FOREIGN`
 */
export async function topicStanding(
  eventStore: EventStore,
  topic: string,
  { checkpoint, tails }: Pick<TopicState, 'checkpoint' | 'tails'>,
): Promise<TopicStanding> {
  if (checkpoint && !(await isOfThisLog(eventStore, checkpoint))) throw foreign(topic)
  const current: PartitionTail[] = []
  for (const tail of tails) {
    const position = await eventStore.currentPosition(tail.position)
    const known =
      tail.source.split('/').includes(eventStore.logId) && (await eventStore.eventIdAt(position)) === tail.id
    if (!known) throw foreign(topic)
    current.push({ ...tail, position })
  }
  return { handled: await eventStore.currentPosition(checkpoint?.position ?? LOG_START), tails: current }
}

function foreign(topic: string): ConsumerStopped {
  return new ConsumerStopped(
    'CHECKPOINT.FOREIGN',
    `${topic} was published from another log, or from a history that a restore took back. If this is the right ` +
      'topic, its readers know events that are gone: tell them, remove it and publish the log anew with ' +
      `ledgerdesk publisher reset ${topic}`,
  )
}
