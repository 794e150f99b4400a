import { setTimeout } from 'node:timers/promises'
import kafkajs, { type Admin } from 'kafkajs'
import { ConsumerStopped } from '#libs/projections-runtime'
import type { TopicSettings } from '../event-publisher.js'

const { ConfigResourceTypes } = kafkajs

/** Room for the largest append (900 kB) with its headers, and for a batch of smaller events that a partition gets at once. */
export const MAX_BATCH_BYTES = 2_000_000
const READY_ATTEMPTS = 100
const READY_PAUSE_MS = 100
const MAX_MESSAGE_BYTES = 2 * MAX_BATCH_BYTES

/** Where a topic's publisher remembers how far it is: one partition, compacted. */
export function checkpointTopicOf(topic: string): string {
  return `${topic}.checkpoint`
}

/**
 * Makes the topic and its checkpoint topic where they are missing, and checks what is there already.
 * @throws ConsumerStopped `TOPIC.PARTITIONS_CHANGED`, `TOPIC.UNSUITABLE`
 */
export async function setUpTopics(admin: Admin, topic: TopicSettings): Promise<void> {
  const checkpoints = checkpointTopicOf(topic.name)
  const existing = new Set(await admin.listTopics())
  const replicationFactor = topic.replicationFactor ?? -1
  // With three copies or more a lost broker stops nobody, and what is acknowledged is on two.
  const durable = replicationFactor >= 3 ? [{ name: 'min.insync.replicas', value: '2' }] : []
  if (!existing.has(topic.name)) {
    await make(admin, {
      topic: topic.name,
      numPartitions: topic.partitions,
      replicationFactor,
      configEntries: [
        ...durable,
        { name: 'cleanup.policy', value: 'delete' },
        { name: 'retention.ms', value: String(topic.retentionMilliseconds ?? -1) },
        { name: 'retention.bytes', value: '-1' },
        { name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES) },
      ],
    })
  }
  if (!existing.has(checkpoints)) {
    await make(admin, {
      topic: checkpoints,
      numPartitions: 1,
      replicationFactor,
      configEntries: [
        ...durable,
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'segment.ms', value: String(24 * 3_600_000) },
      ],
    })
  }
  await check(admin, topic)
}

type NewTopic = Parameters<Admin['createTopics']>[0]['topics'][0]

/** Without kafkajs's own waiting for leaders, which takes a topic for missing that a KRaft broker has not heard of yet. */
async function make(admin: Admin, topic: NewTopic): Promise<void> {
  // False: another publisher made it meanwhile; what it made is checked.
  await admin.createTopics({ topics: [topic], waitForLeaders: false })
  for (let attempt = 1; !(await isReady(admin, topic)); attempt++) {
    if (attempt === READY_ATTEMPTS) throw new Error(`${topic.topic} was made but does not get ready`)
    await setTimeout(READY_PAUSE_MS)
  }
}

async function isReady(admin: Admin, { topic, numPartitions }: NewTopic): Promise<boolean> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }))
  const partitions = topics[0]?.partitions ?? []
  return partitions.length === numPartitions && partitions.every(({ leader }) => leader >= 0)
}

async function check(admin: Admin, { name, partitions }: TopicSettings): Promise<void> {
  const checkpoints = checkpointTopicOf(name)
  const { topics } = await admin.fetchTopicMetadata({ topics: [name, checkpoints] })
  const counts = new Map(topics.map((topic) => [topic.name, topic.partitions.length]))
  const actual = counts.get(name)
  if (actual !== partitions) throw partitionsChanged(name, `it has ${actual}, the settings say ${partitions}`)
  if (counts.get(checkpoints) !== 1)
    throw unsuitable(checkpoints, `it has ${counts.get(checkpoints)} partitions instead of 1`)
  if ((await cleanupPolicy(admin, name)).includes('compact'))
    throw unsuitable(name, 'it is compacted, which drops all but the last event of each record')
  if ((await cleanupPolicy(admin, checkpoints)) !== 'compact')
    throw unsuitable(checkpoints, 'it is not compacted, so that the checkpoint would be dropped with age')
}

/** Also thrown when topic and settings were changed alike: what is on the topic went by the old number. */
export function partitionsChanged(topic: string, found: string): ConsumerStopped {
  return new ConsumerStopped(
    'TOPIC.PARTITIONS_CHANGED',
    `The number of partitions of ${topic} can't change: ${found}. Events of one record would stand in two partitions ` +
      'and lose their order. Set the number that it was made with, or delete topic and checkpoint and publish anew: ' +
      `ledgerdesk publisher reset ${topic}`,
  )
}

function unsuitable(topic: string, why: string): ConsumerStopped {
  return new ConsumerStopped(
    'TOPIC.UNSUITABLE',
    `The topic ${topic} is not as the publisher needs it: ${why}. Mend its settings, or delete it and let it be made.`,
  )
}

async function cleanupPolicy(admin: Admin, topic: string): Promise<string> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy'] }],
  })
  return resources[0]?.configEntries[0]?.configValue ?? ''
}
