import type { Admin, KafkaMessage } from 'kafkajs'
import type { Checkpoint } from '#libs/read-store'
import type { PartitionTail, TopicSettings } from '../event-publisher.js'
import { POSITION_HEADER } from './cloud-event-message.js'
import type { MessageRange, TopicLease } from './topic-lease.js'
import { checkpointTopicOf } from './topic-setup.js'

/** A checkpoint as it stands in the compacted topic, under the topic's name. */
export interface StoredCheckpoint extends Checkpoint {
  /** How many partitions the topic had. */
  partitions: number
  /** Something had been put on the topic. */
  filled: boolean
}

export interface TopicEnd {
  checkpoint: StoredCheckpoint | undefined
  tails: PartitionTail[]
}

/** A partition whose end is looked for; each round begins earlier. */
interface Search<Found> {
  topic: string
  partition: number
  low: number
  end: number
  read(message: KafkaMessage): Found | undefined
}

/** Where the topic ends: the newest message of ours in each partition, and the checkpoint. */
export async function readTopicEnd(admin: Admin, lease: TopicLease, topic: TopicSettings): Promise<TopicEnd> {
  const checkpoints = checkpointTopicOf(topic.name)
  const partitions = await partitionsOf(admin, topic.name)
  const searches: Search<PartitionTail | StoredCheckpoint>[] = [
    ...(await partitionsOf(admin, checkpoints)).filter(isFilled).map((filled) => ({
      ...filled,
      read: checkpointIn,
    })),
    ...partitions.filter(isFilled).map((filled) => ({
      ...filled,
      read: (message: KafkaMessage) => tailIn(message, filled.partition),
    })),
  ]
  const end: TopicEnd = { checkpoint: undefined, tails: [] }
  for (const found of await searchBackwards(lease, searches)) {
    if ('partition' in found) end.tails.push(found)
    else end.checkpoint = found
  }
  // Somebody deleted the topic and left its checkpoint: the topic lacks everything.
  if (end.checkpoint?.filled && partitions.every(({ end }) => end === 0)) end.checkpoint = undefined
  return end
}

async function partitionsOf(admin: Admin, topic: string) {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets.map(({ partition, low, high }) => ({
    topic,
    partition,
    low: Number(low),
    end: Number(high),
  }))
}

function isFilled({ low, end }: { low: number; end: number }): boolean {
  return low < end
}

/** Usually the last message of each; further back where others wrote to the topic, or compaction left holes. */
async function searchBackwards<Found>(lease: TopicLease, searches: Search<Found>[]): Promise<Found[]> {
  const found: Found[] = []
  let unfinished = searches
  for (let width = 1; unfinished.length > 0; width *= 32) {
    const ranges = unfinished.map(({ topic, partition, low, end }): MessageRange => {
      const from = Math.max(end - width, low)
      return { topic, partition, from, end }
    })
    const messages = await lease.read(ranges)
    unfinished = unfinished.filter((search, index) => {
      const last = lastOf(messages[index] ?? [], search.read)
      if (last !== undefined) found.push(last)
      return last === undefined && (ranges[index] as MessageRange).from > search.low
    })
  }
  return found
}

function lastOf<Found>(messages: readonly KafkaMessage[], read: Search<Found>['read']): Found | undefined {
  for (let index = messages.length - 1; index >= 0; index--) {
    const found = read(messages[index] as KafkaMessage)
    if (found !== undefined) return found
  }
  return undefined
}

function tailIn({ headers = {} }: KafkaMessage, partition: number): PartitionTail | undefined {
  const [position, id, source] = [POSITION_HEADER, 'ce_id', 'ce_source'].map((name) =>
    headers[name]?.toString(),
  )
  if (!position || !/^\d{20}$/.test(position) || !id || !source) return undefined
  return { partition, position, id, source }
}

function checkpointIn({ value }: KafkaMessage): StoredCheckpoint | undefined {
  return value === null ? undefined : (JSON.parse(value.toString()) as StoredCheckpoint)
}
