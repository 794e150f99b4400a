import { readFileSync } from 'node:fs'
import type { PublishedTopic } from '#libs/event-publisher'
import type { KafkaEventPublisherOptions } from '#libs/event-publisher/kafka'
import { type Configuration, ConfigurationError } from '#libs/platform/configuration'
import { publishedTopics } from '../topics.js'

type Settings = Pick<
  Configuration,
  | 'namespace'
  | 'kafkaBrokers'
  | 'kafkaTls'
  | 'kafkaCaFile'
  | 'kafkaSaslMechanism'
  | 'kafkaUsername'
  | 'kafkaPassword'
  | 'kafkaPartitions'
  | 'kafkaReplication'
  | 'kafkaCompression'
>

/** What publishing needs to know; travels to the publisher's thread as it is. */
export interface PublishingSettings {
  namespace: string
  partitions: number
  replicationFactor?: number
  kafka: Pick<KafkaEventPublisherOptions, 'brokers' | 'ssl' | 'sasl' | 'compression'>
}

/**
 * What a configuration says of publishing.
 * @throws ConfigurationError when it names no brokers, or a file of certificates that can't be read
 */
export function publishingSettings(settings: Settings): PublishingSettings {
  const { namespace, kafkaPartitions: partitions, kafkaReplication: replicationFactor } = settings
  const { kafkaBrokers: brokers, kafkaCompression: compression, kafkaSaslMechanism: mechanism } = settings
  if (brokers === undefined) throw new ConfigurationError(['LEDGERDESK_KAFKA_BROKERS: is needed to publish'])
  const { kafkaUsername: username = '', kafkaPassword: password = '' } = settings
  const sasl = mechanism && { mechanism: mechanism as 'plain', username, password }
  return {
    namespace,
    partitions,
    replicationFactor,
    kafka: { brokers, compression, sasl, ssl: tlsOf(settings) },
  }
}

/** The topics as the settings want them made. */
export function topicsOf(settings: PublishingSettings, logId: string): PublishedTopic[] {
  const { namespace, partitions, replicationFactor } = settings
  return publishedTopics({ namespace, logId, partitions, replicationFactor })
}

function tlsOf({ kafkaTls, kafkaCaFile }: Settings): boolean | { ca: string } {
  if (!kafkaTls || kafkaCaFile === undefined) return kafkaTls
  try {
    return { ca: readFileSync(kafkaCaFile, 'utf8') }
  } catch {
    throw new ConfigurationError([`LEDGERDESK_KAFKA_CA_FILE=${kafkaCaFile}: can't be read`])
  }
}
