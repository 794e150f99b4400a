import { readFileSync } from 'node:fs'
import type { PublishedTopic } from '#libs/event-publisher'
import { KafkaEventPublisher } from '#libs/event-publisher/kafka'
import { type Configuration, ConfigurationError } from '#libs/platform'
import { publishedTopics } from '../topics.js'

/** What publishing needs to know; travels to the publisher's thread as it is. */
export type PublishingSettings = Pick<
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

/** The part of a configuration that publishing needs. */
export function publishingSettings(configuration: PublishingSettings): PublishingSettings {
  const { namespace, kafkaBrokers, kafkaTls, kafkaCaFile, kafkaSaslMechanism } = configuration
  const { kafkaUsername, kafkaPassword, kafkaPartitions, kafkaReplication, kafkaCompression } = configuration
  return {
    namespace,
    kafkaBrokers,
    kafkaTls,
    kafkaCaFile,
    kafkaSaslMechanism,
    kafkaUsername,
    kafkaPassword,
    kafkaPartitions,
    kafkaReplication,
    kafkaCompression,
  }
}

/**
 * The publisher that the settings describe; connects when it is first used.
 * @param clientId names this process to the brokers
 * @throws ConfigurationError when there are no brokers, or the file of certificates can't be read
 */
export function openPublisher(settings: PublishingSettings, clientId: string): KafkaEventPublisher {
  const { kafkaBrokers, kafkaCompression, kafkaSaslMechanism: mechanism } = settings
  if (kafkaBrokers === undefined)
    throw new ConfigurationError(['LEDGERDESK_KAFKA_BROKERS: is needed to publish'])
  const { kafkaUsername: username = '', kafkaPassword: password = '' } = settings
  return new KafkaEventPublisher({
    brokers: kafkaBrokers,
    clientId,
    compression: kafkaCompression,
    ssl: tlsOf(settings),
    sasl: mechanism && { mechanism: mechanism as 'plain', username, password },
  })
}

/** The topics as the settings want them made. */
export function topicsOf(settings: PublishingSettings, logId: string): PublishedTopic[] {
  const { namespace, kafkaPartitions: partitions, kafkaReplication: replicationFactor } = settings
  return publishedTopics({ namespace, logId, partitions, replicationFactor })
}

function tlsOf({ kafkaTls, kafkaCaFile }: PublishingSettings): boolean | { ca: string } {
  if (!kafkaTls || kafkaCaFile === undefined) return kafkaTls
  try {
    return { ca: readFileSync(kafkaCaFile, 'utf8') }
  } catch {
    throw new ConfigurationError([`LEDGERDESK_KAFKA_CA_FILE=${kafkaCaFile}: can't be read`])
  }
}
